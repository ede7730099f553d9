"""Reports how often matches were right. Only matches that an officer has decided on count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from schemas.codes import MatchDecision, MatchLevel
from services.matcher.rules import judge
from services.matcher.step import MatchState, Pair
from services.matcher.store.decided import decided_matches, state_of_page
from services.matcher.weights.parameters import Parameters
from services.storage.unit_of_work import UnitOfWork


class Decided(NamedTuple):
    # The level when the person decided.
    level: MatchLevel
    # The level under other parameters. None: no match, or no other parameters were given.
    other: MatchLevel | None
    right: bool
    weight: float


@dataclass
class MatchingReport:
    by_level: Counter[tuple[MatchLevel, bool]] = field(default_factory=Counter)
    # By the whole number below the weight. Matches confirmed by number have none.
    by_weight: Counter[tuple[int, bool]] = field(default_factory=Counter)
    # What other parameters would have made of each level.
    changes: Counter[tuple[MatchLevel, MatchLevel | None, bool]] = field(default_factory=Counter)

    def add(self, one: Decided, *, compared: bool) -> None:
        self.by_level[one.level, one.right] += 1
        if one.level is not MatchLevel.CONFIRMED:
            self.by_weight[int(one.weight // 1), one.right] += 1
        if compared:
            self.changes[one.level, one.other, one.right] += 1


def report_matching(work: UnitOfWork, feed_id: str | None, other: Parameters | None = None) -> MatchingReport:
    """Count the matches that a person has decided on. If `feed_id` is None, count the matches of all councils.

    If `other` is given, each match is also judged with these parameters. For this, the addresses are decrypted.
    """
    report = MatchingReport()
    for one in _decided(work, feed_id, other):
        report.add(one, compared=other is not None)
    return report


def _decided(work: UnitOfWork, feed_id: str | None, other: Parameters | None) -> Iterator[Decided]:
    for page in decided_matches(work.connection, feed_id):
        state = state_of_page(work, page) if other is not None else None
        for row in page:
            judged = _judged(state, (row.notice_pk, row.entry_pk), other) if state and other else None
            right = row.decision == MatchDecision.CONFIRMED.value
            yield Decided(MatchLevel(row.decided_level or row.level), judged, right, row.weight)


def _judged(state: MatchState, pair: Pair, parameters: Parameters) -> MatchLevel | None:
    kinds = state.shared.get(pair, ())
    finding = judge(kinds, state.notices[pair[0]].scope, partial(state.look, pair), parameters)
    return None if finding is None else finding.level
