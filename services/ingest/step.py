"""Decides, for each draft, whether it is new, newer, the same, or too late. Pure.

A record's versions are ranked by their stamp and, at the same stamp, by their digest: the same drafts in any order
leave the same record. `revision` counts the changes; matches name the revision they were made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple

from services.ingest.drafts import Draft, Facts
from services.ingest.outcomes import Issue, Outcome, RowOutcome


class Recorded(NamedTuple):
    """What is on record under a key."""

    pk: int
    revision: int
    stamp: datetime
    digest: bytes
    live: bool


class Keyed(NamedTuple, Generic[Facts]):
    """A draft with the key it is recorded under and the digest of its content."""

    key: bytes
    digest: bytes
    draft: Draft[Facts]

    @property
    def rank(self) -> tuple[datetime, bytes]:
        return self.draft.stamp, self.digest


@dataclass(slots=True)
class Plan(Generic[Facts]):
    """What is to be written, and what is to be said of each row."""

    new: list[Keyed[Facts]] = field(default_factory=list)
    newer: list[tuple[Recorded, Keyed[Facts]]] = field(default_factory=list)
    confirmed: list[tuple[Recorded, Keyed[Facts]]] = field(default_factory=list)
    """The same content with a later stamp: only the stamp moves."""
    stale: list[Recorded] = field(default_factory=list)
    """What is on record in a later version than was sent."""
    outcomes: list[RowOutcome] = field(default_factory=list)


def plan(keyed: Iterable[Keyed[Facts]], recorded: Mapping[bytes, Recorded]) -> Plan[Facts]:
    """Rank drafts against each other and against what is on record."""
    made: Plan[Facts] = Plan()
    for best in _best_of_each(keyed, made.outcomes):
        _place(best, recorded.get(best.key), made)
    return made


def _best_of_each(keyed: Iterable[Keyed[Facts]], outcomes: list[RowOutcome]) -> Iterable[Keyed[Facts]]:
    best: dict[bytes, Keyed[Facts]] = {}
    for one in keyed:
        other = best.get(one.key)
        if other is None:
            best[one.key] = one
            continue
        winner, loser = (other, one) if other.rank >= one.rank else (one, other)
        best[one.key] = winner
        outcomes.append(_second_of_two(winner, loser))
    return best.values()


def _second_of_two(winner: Keyed[Facts], loser: Keyed[Facts]) -> RowOutcome:
    row, first = loser.draft.row, winner.draft.row
    if loser.digest == winner.digest:
        return RowOutcome(row, Outcome.UNCHANGED, (_repeat(f"This is the same as row {first}."),))
    if loser.draft.stamp < winner.draft.stamp:
        return RowOutcome(row, Outcome.STALE, (_repeat(f"Row {first} has the same reference and is later."),))
    reason = f"Row {first} has the same reference, and nothing says which is later."
    return RowOutcome(row, Outcome.REJECTED, (_repeat(reason),))


def _repeat(reason: str) -> Issue:
    return Issue(
        "row", "repeated_reference", reason, "Give each record its own reference, or say when each was changed."
    )


def _place(one: Keyed[Facts], record: Recorded | None, made: Plan[Facts]) -> None:
    issues = one.draft.issues
    outcome = Outcome.WARNED if issues else Outcome.ACCEPTED
    if record is None:
        made.new.append(one)
    elif record.live and record.digest == one.digest:
        outcome = Outcome.UNCHANGED
        if one.draft.stamp > record.stamp:
            made.confirmed.append((record, one))
    elif one.rank > (record.stamp, record.digest):
        made.newer.append((record, one))
    else:
        outcome = Outcome.STALE
        made.stale.append(record)
    made.outcomes.append(RowOutcome(one.draft.row, outcome, issues))
