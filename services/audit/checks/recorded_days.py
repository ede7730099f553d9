from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from schemas.codes import CaseEvent, CaseState
from services.audit.checks.store import StoredCase, acts_with_days, stored_cases
from services.core.audit import AuditAction
from services.core.clock import london_day
from services.core.differences import Difference
from services.storage.store import Store
from services.storage.vault import VaultError, place


class _Kind(NamedTuple):
    name: str
    column: Callable[[StoredCase], date | None]
    # The fields of the record that hold the day. A record without such a field empties the column.
    fields: tuple[str, ...]
    set_by: CaseEvent
    emptied_by: CaseEvent
    # The state in which a case without the day would be silent for ever, if there is such a state.
    never_without: CaseState | None = None


_KINDS: Final = (
    _Kind(
        "hold until",
        lambda case: case.hold_until,
        ("ends_on",),
        CaseEvent.CONFIRM_HOLD,
        CaseEvent.END_HOLD,
        CaseState.HOLD_CONFIRMED,
    ),
    _Kind(
        "solution due again",
        lambda case: case.review_on,
        ("retest_on", "review_on"),
        CaseEvent.FIT_SOLUTION,
        CaseEvent.REVIEW_DUE,
    ),
)
_TESTS: Final = frozenset({CaseEvent.PASS_TEST, CaseEvent.PASS_POST_CHECK})
_EVENTS: Final = frozenset(
    {CaseEvent.CORRECT_CLOCK, *_TESTS, *(event for kind in _KINDS for event in (kind.set_by, kind.emptied_by))}
)
_ACTIONS: Final = (AuditAction.CASE_MOVED, AuditAction.CASE_NOTED)


@dataclass(slots=True)
class _Told:
    last: date | None = None
    # The day is that of a re-test, and a test call on this day or later is the re-test.
    retest: bool = False
    every: set[date] = field(default_factory=set)
    # The case may have no day: nobody recorded one, or an event emptied the column.
    may_be_empty: bool = True
    # A correction of the clock may bring back any day that was recorded before it.
    clock_corrected: bool = False

    def allows(self, day: date | None) -> bool:
        if day is None:
            return self.may_be_empty or self.clock_corrected
        if self.clock_corrected:
            return day in self.every
        # Of the holds of several providers the one that ends first counts, so an earlier day may be right.
        return day in self.every and self.last is not None and day <= self.last


def recorded_day_differences(connection: Connection, store: Store) -> Iterator[Difference]:
    told: dict[tuple[str, str], _Told] = defaultdict(_Told)
    for pk, case, event, sealed in acts_with_days(connection, _ACTIONS, _EVENTS):
        try:
            record = store.vault.open(place("audit", pk), sealed) if sealed is not None else {}
        except VaultError:
            yield Difference(f"audit row {pk} sealed part", "does not open", "opens")
            continue
        for kind in _KINDS:
            _note(told[case, kind.name], kind, CaseEvent(event), record)
    for stored in stored_cases(connection):
        for kind in _KINDS:
            yield from _of_case(stored, kind, told[stored.reference, kind.name])


def _note(told: _Told, kind: _Kind, event: CaseEvent, record: Mapping[str, Any]) -> None:
    if event is CaseEvent.CORRECT_CLOCK:
        told.clock_corrected = True
    elif event is kind.emptied_by or (event in _TESTS and _is_retest(told, record)):
        told.may_be_empty = True
    elif event is kind.set_by:
        named = next((name for name in kind.fields if record.get(name)), None)
        told.last = date.fromisoformat(record[named]) if named else None
        told.retest = named == "retest_on"
        told.may_be_empty, told.clock_corrected = told.last is None, False
        told.every |= {told.last} if told.last else set()


def _is_retest(told: _Told, record: Mapping[str, Any]) -> bool:
    return told.retest and told.last is not None and london_day(datetime.fromisoformat(record["at"])) >= told.last


def _of_case(case: StoredCase, kind: _Kind, told: _Told) -> Iterator[Difference]:
    day = kind.column(case)
    endless = day is None and case.state == kind.never_without
    if endless or not told.allows(day):
        yield Difference(f"case {case.reference} {kind.name}", str(day or "no day"), str(told.last or "no day"))
