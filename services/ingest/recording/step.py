"""Decides, for each draft, whether it is new, newer, the same, or too late. Pure.

Drafts are taken in the order of their rows, as if each were received by itself. A version that is strictly later, or
that ties with the one on record, becomes the version on record; one that is strictly earlier changes nothing and is
named. `revision` counts the changes; matches name the revision they were made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple

from pydantic_core import from_json

from services.ingest.reading.drafts import Draft, EntryFacts, Facts, RecordKind
from services.ingest.reading.outcomes import Outcome, RowOutcome
from services.ingest.reading.rules import sealed_form
from services.ingest.reading.stamps import Stamp, tells_more
from services.ingest.recording.stale import repeated, stale_issue, withdrawn_issue
from services.ingest.recording.ties import (
    Place,
    TiedVersions,
    VersionRisk,
    danger_of,
    differences,
    issue_of,
    merged,
    place_of,
    status_to_keep,
    without,
)


class Recorded(NamedTuple):
    """What is on record under a key."""

    pk: int
    revision: int
    stamp: Stamp
    digest: bytes
    risk: VersionRisk
    rival: VersionRisk | None = None
    """What the versions that tie with it say, at their most dangerous; their places are sealed."""
    announced: bool = False
    withdrawn: bool = False
    """Whether it was taken off the register."""


class Keyed(NamedTuple, Generic[Facts]):
    """A draft with the key it is recorded under, the digest of its content, and what is kept beside it."""

    key: bytes
    digest: bytes
    draft: Draft[Facts]
    rival: TiedVersions | None = None
    announced: bool = False


Look = Callable[[Recorded], Mapping[str, Any]]
"""Opens what is sealed of a record. It is called only where a draft ties with it."""


@dataclass(slots=True)
class Plan(Generic[Facts]):
    """What is to be written, and what is to be said of each row."""

    new: list[Keyed[Facts]] = field(default_factory=list)
    newer: list[tuple[Recorded, Keyed[Facts]]] = field(default_factory=list)
    confirmed: list[tuple[Recorded, Keyed[Facts]]] = field(default_factory=list)
    """The same content with a later or more exact stamp: only the stamp moves."""
    stale: list[Recorded] = field(default_factory=list)
    """What is on record in a later version than was sent."""
    outcomes: list[RowOutcome] = field(default_factory=list)


def plan(
    kind: RecordKind, keyed: Iterable[Keyed[Facts]], recorded: Mapping[bytes, Recorded], look: Look
) -> Plan[Facts]:
    """Go through drafts in the order of their rows, beginning with what is on record."""
    made: Plan[Facts] = Plan()
    standing: dict[bytes, _Standing[Facts]] = {}
    for one in keyed:
        if one.key not in standing:
            standing[one.key] = _Standing(kind, recorded.get(one.key), look, made)
        standing[one.key].take(one)
    for each in standing.values():
        each.write()
    return made


class _Standing(Generic[Facts]):
    """What counts under a key while the rows of a submission are gone through."""

    def __init__(self, kind: RecordKind, record: Recorded | None, look: Look, made: Plan[Facts]) -> None:
        self._kind, self._record, self._look, self._made = kind, record, look, made
        self._taken: Keyed[Facts] | None = None
        self._confirmed: Keyed[Facts] | None = None

    def take(self, one: Keyed[Facts]) -> None:
        """Take one more row."""
        stamp = self._stamp()
        if stamp is None:
            self._accept(one, None)
        elif self._is_same(one):
            self._confirm(one, stamp)
        elif one.draft.stamp.before(stamp):
            self._refuse(one, stamp)
        elif stamp.followed_by(one.draft.stamp) or (self._taken is None and self._is_withdrawn()):
            self._pass_over(one)
            self._accept(one, None)
        else:
            self._tie(one)

    def write(self) -> None:
        """Put into the plan what came of it."""
        record, taken = self._record, self._taken
        if taken is not None:
            issues = taken.draft.issues
            self._say(taken, Outcome.WARNED if issues else Outcome.ACCEPTED, *issues)
        if taken is not None and record is not None:
            self._made.newer.append((record, taken))
        elif taken is not None:
            self._made.new.append(taken)
        elif record is not None and self._confirmed is not None:
            self._made.confirmed.append((record, self._confirmed))

    def _stamp(self) -> Stamp | None:
        latest = self._taken or self._confirmed
        if latest is not None:
            return latest.draft.stamp
        return self._record.stamp if self._record else None

    def _is_withdrawn(self) -> bool:
        return self._record is not None and self._record.withdrawn

    def _is_same(self, one: Keyed[Facts]) -> bool:
        if self._taken is not None:
            return self._taken.digest == one.digest
        return self._record is not None and self._record.digest == one.digest and not self._record.withdrawn

    def _confirm(self, one: Keyed[Facts], stamp: Stamp) -> None:
        """The same content: only its stamp may move, and a strictly later one settles what tied."""
        moves = tells_more(one.draft.stamp, stamp)
        if self._taken is not None:
            settled = self._taken.rival is not None and stamp.followed_by(one.draft.stamp)
            if settled:
                self._pass_over(one)
                self._accept(one, None)
                return
            if moves:
                self._taken = self._taken._replace(draft=self._taken.draft._replace(stamp=one.draft.stamp))
            self._say(one, Outcome.UNCHANGED, repeated(f"This is the same as row {self._taken.draft.row}."))
        elif self._record is not None and self._record.rival is not None and stamp.followed_by(one.draft.stamp):
            self._accept(one, None)
        else:
            if moves:
                self._confirmed = one
            self._say(one, Outcome.UNCHANGED, *one.draft.issues)

    def _refuse(self, one: Keyed[Facts], stamp: Stamp) -> None:
        if self._taken is None and self._is_withdrawn():
            issue = withdrawn_issue(stamp, one.draft.stamp)
        else:
            row = self._taken.draft.row if self._taken else None
            issue = stale_issue(self._kind, stamp, one.draft.stamp, row)
        if self._record is not None and self._taken is None:
            self._made.stale.append(self._record)
        self._say(one, Outcome.STALE, issue, *one.draft.issues)

    def _pass_over(self, later: Keyed[Facts]) -> None:
        """Say of the row taken before that a later one stands in the same submission."""
        if self._taken is not None:
            issue = stale_issue(self._kind, later.draft.stamp, self._taken.draft.stamp, later.draft.row)
            self._say(self._taken, Outcome.STALE, issue, *self._taken.draft.issues)

    def _accept(self, one: Keyed[Facts], rival: TiedVersions | None) -> None:
        announced = danger_of(one.draft.facts).announces or self._announced()
        self._taken = one._replace(rival=rival, announced=announced)

    def _announced(self) -> bool:
        if self._taken is not None:
            return self._taken.announced
        return self._record is not None and self._record.announced

    def _tie(self, one: Keyed[Facts]) -> None:
        """Nothing says which is later: this one counts, and what would do harm if the other were right is kept."""
        risk, place = danger_of(one.draft.facts), _place(one)
        rival = merged(*self._current())
        fields = differences(rival, risk, place)
        if self._taken is not None:
            self._say_replaced(self._taken, one, differences(rival, risk, place))
        if not fields:
            self._accept(one, None)
            return
        against = f"row {self._taken.draft.row}" if self._taken else "the version on record"
        issue = issue_of(fields, against, stamped=not (one.draft.stamp.is_open or self._is_open()))
        draft = one.draft._replace(issues=(*one.draft.issues, issue), facts=_kept(one.draft.facts, rival, risk))
        self._accept(one._replace(draft=draft), without(rival, place))

    def _is_open(self) -> bool:
        stamp = self._stamp()
        return stamp is not None and stamp.is_open

    def _say_replaced(self, before: Keyed[Facts], one: Keyed[Facts], fields: tuple[str, ...]) -> None:
        stamped = not (before.draft.stamp.is_open or one.draft.stamp.is_open)
        row = one.draft.row
        reason = f"Row {row} has the same reference, and nothing says which is later: row {row} was kept."
        issue = issue_of(fields, f"row {row}", stamped=stamped) if fields else repeated(reason)
        self._say(before, Outcome.WARNED, *dict.fromkeys((*before.draft.issues, issue)))

    def _current(self) -> tuple[TiedVersions | None, VersionRisk, Place]:
        """The rival kept so far, and the version that counts until now."""
        if self._taken is not None:
            return self._taken.rival, danger_of(self._taken.draft.facts), _place(self._taken)
        record = self._record
        assert record is not None  # noqa: S101 - something stands that this ties with
        private = self._look(record)
        rival = TiedVersions(record.rival, tuple(private.get("rivals", ()))) if record.rival else None
        return rival, record.risk, place_of(private)

    def _say(self, one: Keyed[Facts], outcome: Outcome, *issues: Any) -> None:
        self._made.outcomes.append(RowOutcome(one.draft.row, outcome, tuple(issues)))


def _place(one: Keyed[Any]) -> Place:
    return place_of(from_json(sealed_form(one.draft)))


def _kept(facts: Facts, rival: TiedVersions, risk: VersionRisk) -> Facts:
    """An entry counts as active while nothing says which is later: that it runs, or that it has ended."""
    if not isinstance(facts, EntryFacts):
        return facts
    status = type(facts.service_status)(status_to_keep(rival, risk))
    return facts._replace(service_status=status)
