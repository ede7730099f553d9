"""The functions use no database, file or clock, but some change their arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple

from pydantic_core import from_json

from services.ingest.reading.drafts import Draft, EntryFacts, Facts, RecordKind
from services.ingest.reading.outcomes import Outcome, RowOutcome
from services.ingest.reading.rules import sealed_form
from services.ingest.reading.stamps import Stamp, tells_more
from services.ingest.recording.rules.kept_dates import with_known_dates
from services.ingest.recording.rules.stale import repeated, stale_issue, withdrawn_issue
from services.ingest.recording.rules.ties import (
    Place,
    TiedVersions,
    VersionRisk,
    differences,
    issue_of,
    merged,
    place_of,
    risk_of,
    status_to_keep,
    without,
)


class Recorded(NamedTuple):
    pk: int
    revision: int  # rises with each change. A match stores the revisions of its two records.
    stamp: Stamp
    digest: bytes
    risk: VersionRisk
    # The most dangerous dates and status of the versions that tie with this version. Their places are stored encrypted.
    rival: VersionRisk | None = None
    # True if a version of this notice, or a notice that it replaces, announced the migration before it was done.
    announced: bool = False
    # True for an entry that was taken off the register.
    withdrawn: bool = False


class Keyed(NamedTuple, Generic[Facts]):
    key: bytes
    digest: bytes
    draft: Draft[Facts]
    # These two come from earlier versions of the record.
    rival: TiedVersions | None = None
    announced: bool = False


# Decrypts the private part of a record. Called only if a draft ties with the record, because decryption is slow.
OpenRecord = Callable[[Recorded], Mapping[str, Any]]


@dataclass(slots=True)
class Plan(Generic[Facts]):
    new: list[Keyed[Facts]] = field(default_factory=list)
    newer: list[tuple[Recorded, Keyed[Facts]]] = field(default_factory=list)
    # Records sent again with the same content and a later or more exact stamp. Only the stamp is written.
    confirmed: list[tuple[Recorded, Keyed[Facts]]] = field(default_factory=list)
    # Records with a later version than the one that was sent.
    stale: list[Recorded] = field(default_factory=list)
    outcomes: list[RowOutcome] = field(default_factory=list)


def plan(
    kind: RecordKind, keyed: Iterable[Keyed[Facts]], recorded: Mapping[bytes, Recorded], open_record: OpenRecord
) -> Plan[Facts]:
    result: Plan[Facts] = Plan()
    states: dict[bytes, _KeyState[Facts]] = {}
    for row in keyed:
        if row.key not in states:
            states[row.key] = _KeyState(kind, recorded.get(row.key), open_record, result)
        states[row.key].add(row)
    # At the end: of several rows for one key, only the last accepted row is written.
    for state in states.values():
        state.write()
    return result


class _KeyState(Generic[Facts]):
    def __init__(self, kind: RecordKind, record: Recorded | None, open_record: OpenRecord, result: Plan[Facts]) -> None:
        self._kind, self._record, self._open_record, self._plan = kind, record, open_record, result
        # The row accepted last, and the row that last moved the stamp of an unchanged record.
        self._accepted: Keyed[Facts] | None = None
        self._confirmed: Keyed[Facts] | None = None

    def add(self, row: Keyed[Facts]) -> None:
        stamp = self._stamp()
        if stamp is None:
            self._accept(row, None)
        elif self._is_same(row):
            self._confirm(row, stamp)
        elif row.draft.stamp.before(stamp):
            self._refuse(row, stamp)
        # A tied draft puts a withdrawn entry back: nobody loses protection over a doubtful stamp.
        elif stamp.followed_by(row.draft.stamp) or (self._accepted is None and self._is_withdrawn()):
            self._report_overtaken(row)
            self._accept(row, None)
        else:
            self._tie(row)

    def write(self) -> None:
        record, accepted = self._record, self._accepted
        if accepted is not None:
            issues = accepted.draft.issues
            self._report(accepted, Outcome.WARNED if issues else Outcome.ACCEPTED, *issues)
        if accepted is not None and record is not None:
            self._plan.newer.append((record, accepted))
        elif accepted is not None:
            self._plan.new.append(accepted)
        elif record is not None and self._confirmed is not None:
            self._plan.confirmed.append((record, self._confirmed))

    def _stamp(self) -> Stamp | None:
        # The stamp of the latest version: of a row of this submission, or of the record.
        latest = self._accepted or self._confirmed
        if latest is not None:
            return latest.draft.stamp
        return self._record.stamp if self._record else None

    def _is_withdrawn(self) -> bool:
        return self._record is not None and self._record.withdrawn

    def _is_same(self, row: Keyed[Facts]) -> bool:
        if self._accepted is not None:
            return self._accepted.digest == row.digest
        # The same content sent for a withdrawn entry is a change: it puts the entry back.
        return self._record is not None and self._record.digest == row.digest and not self._record.withdrawn

    def _confirm(self, row: Keyed[Facts], stamp: Stamp) -> None:
        moves = tells_more(row.draft.stamp, stamp)
        if self._accepted is not None:
            # The same content with a strictly later stamp settles a tie in favour of this content.
            settled = self._accepted.rival is not None and stamp.followed_by(row.draft.stamp)
            if settled:
                self._report_overtaken(row)
                self._accept(row, None)
                return
            if moves:
                self._accepted = self._accepted._replace(draft=self._accepted.draft._replace(stamp=row.draft.stamp))
            self._report(row, Outcome.UNCHANGED, repeated(f"This is the same as row {self._accepted.draft.row}."))
        elif self._record is not None and self._record.rival is not None and stamp.followed_by(row.draft.stamp):
            self._accept(row, None)
        else:
            if moves:
                self._confirmed = row
            self._report(row, Outcome.UNCHANGED, *row.draft.issues)

    def _refuse(self, row: Keyed[Facts], stamp: Stamp) -> None:
        if self._accepted is None and self._is_withdrawn():
            issue = withdrawn_issue(stamp, row.draft.stamp)
        else:
            number = self._accepted.draft.row if self._accepted else None
            issue = stale_issue(self._kind, stamp, row.draft.stamp, number)
        # Audited only if the version on record is later. The outcomes name rows that overtake each other.
        if self._record is not None and self._accepted is None:
            self._plan.stale.append(self._record)
        self._report(row, Outcome.STALE, issue, *row.draft.issues)

    def _report_overtaken(self, later: Keyed[Facts]) -> None:
        # The row accepted before is stale now: its outcome names the later row.
        if self._accepted is not None:
            issue = stale_issue(self._kind, later.draft.stamp, self._accepted.draft.stamp, later.draft.row)
            self._report(self._accepted, Outcome.STALE, issue, *self._accepted.draft.issues)

    def _accept(self, row: Keyed[Facts], rival: TiedVersions | None) -> None:
        # Once True, it stays True: alerts treat an announced completion differently from an unannounced one.
        announced = risk_of(row.draft.facts).announces or self._announced()
        draft = with_known_dates(row.draft, self._versions())
        self._accepted = row._replace(draft=draft, rival=rival, announced=announced)

    def _versions(self) -> list[VersionRisk]:
        # The versions that the next accepted row replaces.
        if self._accepted is not None:
            found = [risk_of(self._accepted.draft.facts), self._accepted.rival and self._accepted.rival.risk]
        else:
            found = [self._record.risk, self._record.rival] if self._record else []
        return [risk for risk in found if risk is not None]

    def _announced(self) -> bool:
        if self._accepted is not None:
            return self._accepted.announced
        return self._record is not None and self._record.announced

    def _tie(self, row: Keyed[Facts]) -> None:
        # This comes before the two are compared: a date that is left out is not a different date.
        row = row._replace(draft=with_known_dates(row.draft, self._versions()))
        # The later row is kept. The rival holds what would do harm if the other version were right.
        risk, place = risk_of(row.draft.facts), _place(row)
        rival = merged(*self._tied_version())
        fields = differences(rival, risk, place)
        if self._accepted is not None:
            self._report_replaced(self._accepted, row, fields)
        if not fields:
            self._accept(row, None)
            return
        against = f"row {self._accepted.draft.row}" if self._accepted else "the version on record"
        issue = issue_of(fields, against, stamped=not (row.draft.stamp.is_open or self._is_open()))
        draft = row.draft._replace(issues=(*row.draft.issues, issue), facts=_kept(row.draft.facts, rival, risk))
        self._accept(row._replace(draft=draft), without(rival, place))

    def _is_open(self) -> bool:
        stamp = self._stamp()
        return stamp is not None and stamp.is_open

    def _report_replaced(self, before: Keyed[Facts], row: Keyed[Facts], fields: tuple[str, ...]) -> None:
        stamped = not (before.draft.stamp.is_open or row.draft.stamp.is_open)
        number = row.draft.row
        reason = f"Row {number} has the same reference, and nothing says which is later: row {number} was kept."
        issue = issue_of(fields, f"row {number}", stamped=stamped) if fields else repeated(reason)
        self._report(before, Outcome.WARNED, *dict.fromkeys((*before.draft.issues, issue)))

    def _tied_version(self) -> tuple[TiedVersions | None, VersionRisk, Place]:
        # Returns the rival, if there is one, then risk and place of the version that the new row ties with.
        if self._accepted is not None:
            return self._accepted.rival, risk_of(self._accepted.draft.facts), _place(self._accepted)
        record = self._record
        assert record is not None  # noqa: S101 - a tie needs a version to tie with
        private = self._open_record(record)
        rival = TiedVersions(record.rival, tuple(private.get("rivals", ()))) if record.rival else None
        return rival, record.risk, place_of(private)

    def _report(self, row: Keyed[Facts], outcome: Outcome, *issues: Any) -> None:
        self._plan.outcomes.append(RowOutcome(row.draft.row, outcome, tuple(issues)))


def _place(row: Keyed[Any]) -> Place:
    return place_of(from_json(sealed_form(row.draft)))


def _kept(facts: Facts, rival: TiedVersions, risk: VersionRisk) -> Facts:
    # An entry stays active while nothing says whether "active" or "ended" is the later version.
    if not isinstance(facts, EntryFacts):
        return facts
    status = type(facts.service_status)(status_to_keep(rival, risk))
    return facts._replace(service_status=status)
