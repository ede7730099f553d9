"""All functions are pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from schemas.codes import CaseEvent
from services.alerts.review.case import Case, Line
from services.alerts.review.clock_correction import without_steps_until
from services.alerts.review.line_memory import LineMemory, is_held, memories, of_line, stored
from services.alerts.review.risk import most_dangerous
from services.alerts.states.records import ConfirmHold, FitSolution, HumanAct, PassTest, PortLine, SolutionKind
from services.core.clock import london_day
from services.core.errors import RefusedError

YEAR = timedelta(days=366)  # a hold that is longer has most often a wrong year


class _Reach(NamedTuple):
    # The days before and after today that a record may name.
    back: timedelta
    ahead: timedelta
    # How a day beyond them is described to the person.
    too_early: str
    too_late: str


_MONTH, _HALF_YEAR = timedelta(days=31), timedelta(days=183)
_DONE: Final = _Reach(_HALF_YEAR, timedelta(0), "is more than half a year ago: check the year", "lies ahead: check it")
_REACH: Final = {
    "visit_on": _Reach(_MONTH, YEAR, "is more than a month ago: check the year", "is more than a year ahead: check it"),
    "retest_on": _Reach(
        timedelta(0), 2 * YEAR, "is over: give a day to come", "is more than two years ahead: check it"
    ),
    # Exchange-based lines end in 2030 at the latest.
    "review_on": _Reach(
        timedelta(0), 5 * YEAR, "is over: give a day to come", "is more than five years ahead: check it"
    ),
    "at": _DONE,
    "told_provider_at": _DONE,
}
# The clock of the person who types a time may be fast.
_FAST: Final = timedelta(minutes=15)

Change = Callable[[LineMemory, Line], LineMemory]


class ActRefusedError(RefusedError):
    """The text of the error says what to do instead."""


class RecordFaultyError(RefusedError):
    """`faults` holds pairs of field and reason."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in faults))
        self.faults = faults


def check_days(case: Case, record: HumanAct, now: datetime) -> None:
    """Check the days in a record, and the provider of a hold.

    Raises RecordFaultyError if a day is implausible, or if the provider is wrong.
    """
    faults = [(field, fault) for field, reach in _REACH.items() if (fault := _out_of_reach(record, field, reach, now))]
    if faults:
        raise RecordFaultyError(faults)
    if not isinstance(record, ConfirmHold):
        return
    today = london_day(now)
    if record.ends_on < today:
        raise RecordFaultyError([("ends_on", "is over: a hold ends today or later; ask the provider for a new one")])
    if record.ends_on > today + YEAR and not record.more_than_a_year:
        ask = "is more than a year ahead: check the year; if it is right, give more_than_a_year=true as well"
        raise RecordFaultyError([("ends_on", ask)])
    if record.provider is None and len(case.providers) > 1:
        named = ", ".join(case.providers)
        raise RecordFaultyError([("provider", f"is missing: lines of {named} are at risk; say whose hold it is")])
    if record.provider is not None and record.provider not in case.providers:
        raise RecordFaultyError([("provider", "is not one of the providers whose lines are at risk")])


def _out_of_reach(record: HumanAct, field: str, reach: _Reach, now: datetime) -> str | None:
    value = getattr(record, field, None)
    if isinstance(value, datetime):
        late, early = value > now + reach.ahead + _FAST, value < now - reach.back
    elif isinstance(value, date):
        late, early = value > london_day(now) + reach.ahead, value < london_day(now) - reach.back
    else:
        return None
    return reach.too_late if late else reach.too_early if early else None


def with_record(case: Case, event: CaseEvent, record: HumanAct, lines: Sequence[Line], today: date) -> Case:
    if isinstance(record, ConfirmHold):
        return _held(case, record, lines, today)
    if isinstance(record, FitSolution):
        return replace(case, review_on=record.due_again_on, solution=record.kind.value)
    if isinstance(record, PassTest):
        return _tested(case, event, record)
    if event is CaseEvent.ACCEPT_CHANGES:
        return replace(case, changes_wait_since=None, changes_raised_on=None)
    known = memories(case)
    counted = [most_dangerous(line, known) for line in lines]
    return _remembering(case, counted, lambda memory, line: _as_said(memory, line, event, record))


def _as_said(memory: LineMemory, line: Line, event: CaseEvent, record: HumanAct) -> LineMemory:
    if isinstance(record, PortLine) and line.provider == record.from_provider:
        return replace(memory, ported=line.fingerprint)
    if event is CaseEvent.REJECT_MATCH:
        return replace(memory, rejected=line.level.value)
    return replace(memory, settled=line.revision) if event is CaseEvent.SETTLE_VERSIONS else memory


def _held(case: Case, record: ConfirmHold, lines: Sequence[Line], today: date) -> Case:
    # A hold covers only the lines of its provider.
    until = str(record.ends_on)
    mine = [line for line in lines if record.provider in (None, line.provider)]
    case = _remembering(case, mine, lambda memory, _line: replace(memory, held_until=until))
    known = memories(case)
    running = [of_line(known, line).held_until for line in lines if is_held(of_line(known, line), today)]
    # If several providers hold their lines, the hold that ends first counts, whichever was recorded last.
    ends = [date.fromisoformat(day) for day in running if day is not None]
    return replace(case, hold_until=min(ends, default=record.ends_on))


def _tested(case: Case, event: CaseEvent, record: PassTest) -> Case:
    # A test on or after the day of the re-test of a converter is that re-test.
    day = london_day(record.at)
    case = without_steps_until(case, record.at)
    if case.solution == SolutionKind.CONVERTER_INTERIM and case.review_on is not None and day >= case.review_on:
        case = replace(case, review_on=None)
    return replace(case, tested_on=day) if event is CaseEvent.PASS_POST_CHECK else case


def _remembering(case: Case, lines: Iterable[Line], change: Change) -> Case:
    known = memories(case)
    changed = {line.key: change(of_line(known, line), line) for line in lines}
    return replace(case, seen=stored({**known, **changed}))
