"""Decides which matches are found and which matches end. No function here uses the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from schemas.codes import MatchDecision, MatchLevel, Scope
from services.core.tokens import TokenKind
from services.matcher.rules import Finding, Location, judge

Pair = tuple[int, int]  # a notice and an entry, by id


@dataclass(frozen=True, slots=True)
class NoticeRow:
    pk: int
    revision: int
    live: bool
    scope: Scope


@dataclass(frozen=True, slots=True)
class EntryRow:
    pk: int
    revision: int
    live: bool
    feed_id: str
    shard: int


@dataclass(frozen=True, slots=True)
class MatchRow:
    live: bool
    finding: Finding
    notice_revision: int  # the versions of notice and entry that were compared
    entry_revision: int
    decision: MatchDecision

    @property
    def versions(self) -> tuple[int, int]:
        return (self.notice_revision, self.entry_revision)


@dataclass(frozen=True)
class MatchState:
    notices: Mapping[int, NoticeRow]
    entries: Mapping[int, EntryRow]
    shared: Mapping[Pair, Collection[TokenKind]]  # the kinds of token that each pair shares
    matches: Mapping[Pair, MatchRow]  # stored matches, live or ended
    look: Callable[[Pair], tuple[Location, Location]]


@dataclass(slots=True)
class MatchOutcome:
    found: dict[Pair, Finding] = field(default_factory=dict)  # new matches, and matches found again at a newer version
    ended: dict[Pair, str] = field(default_factory=dict)  # the reason of the end, by pair


def step(state: MatchState) -> MatchOutcome:
    outcome = MatchOutcome()
    for pair, kinds in state.shared.items():
        if not _both_live(state, pair):
            continue
        scope = state.notices[pair[0]].scope
        finding = judge(kinds, scope, partial(state.look, pair))
        if _only_rules_changed(state, pair, finding):
            continue
        if finding is not None and _is_news(state, pair, finding):
            outcome.found[pair] = finding
        elif finding is None:
            _end(state, pair, outcome, "no_longer_alike")
    for pair in state.matches.keys() - state.shared.keys():
        if not _only_rules_changed(state, pair, None):
            _end(state, pair, outcome, "no_longer_alike")
    # Done last, so that this reason replaces `no_longer_alike`.
    for pair in state.matches:
        if not _both_live(state, pair):
            _end(state, pair, outcome, _why_not_live(state, pair))
    return outcome


def sure_part(state: MatchState, outcome: MatchOutcome) -> MatchOutcome:
    """Return the part of the outcome that the caller must save immediately."""
    # Possible matches are saved later, in small parts. But a possible match found by UPRN is saved at once.
    possible = MatchLevel.POSSIBLE
    return MatchOutcome(
        found={
            pair: finding
            for pair, finding in outcome.found.items()
            if finding.level is not possible or TokenKind.UPRN in state.shared[pair]
        },
        ended={pair: why for pair, why in outcome.ended.items() if state.matches[pair].finding.level is not possible},
    )


def _both_live(state: MatchState, pair: Pair) -> bool:
    return state.notices[pair[0]].live and state.entries[pair[1]].live


def _why_not_live(state: MatchState, pair: Pair) -> str:
    return "entry_withdrawn" if not state.entries[pair[1]].live else "notice_superseded"


def _only_rules_changed(state: MatchState, pair: Pair, finding: Finding | None) -> bool:
    """Return True if a stored match would end or become less sure, although neither record has changed.

    The cause is then a change of the rules, the weights or the tokens. A person decides whether the match was wrong.
    """
    row = state.matches.get(pair)
    if row is None or not row.live or not _both_live(state, pair) or row.versions != _versions(state, pair):
        return False
    return finding is None or finding.level.rank < row.finding.level.rank


def changes_of_settling(state: MatchState, outcome: MatchOutcome) -> set[Pair]:
    """Return the pairs whose match begins or stops settling its notice and its entry: see `storage.matches.settled`."""
    before = {pair for pair, row in state.matches.items() if row.live and row.finding.settles}
    begun = {pair for pair, finding in outcome.found.items() if finding.settles}
    over = {pair for pair in outcome.found.keys() | outcome.ended.keys() if pair in before}
    return begun ^ over


def _versions(state: MatchState, pair: Pair) -> tuple[int, int]:
    return (state.notices[pair[0]].revision, state.entries[pair[1]].revision)


def _is_news(state: MatchState, pair: Pair, finding: Finding) -> bool:
    # A newer version of a record is news even if the finding is the same, because its dates may have changed.
    row = state.matches.get(pair)
    return row is None or not row.live or row.finding != finding or row.versions != _versions(state, pair)


def _end(state: MatchState, pair: Pair, outcome: MatchOutcome, why: str) -> None:
    row = state.matches.get(pair)
    if row is not None and row.live:
        outcome.ended[pair] = why
