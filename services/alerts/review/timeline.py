"""All functions are pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from schemas.codes import CaseEvent, CaseState, NoticeStatus
from services.alerts.review.case import Case, Line
from services.alerts.review.clock_correction import with_step, without_step
from services.alerts.review.line_memory import LineMemory, Memories, memories, of_line, stored
from services.alerts.review.risk import Risk
from services.alerts.review.step import Transition, apply, remember
from services.core.clock import london_day, london_midnight
from services.core.days.working_days import add_working_days, nation_of

# In these states an interim solution is still reviewed when its day comes.
REVIEWED = frozenset({CaseState.CONFIRMED_SAFE, CaseState.POST_CHECK_PASSED, CaseState.CLOSED})

# The order of events at the same moment. A move comes before a review of that day, so that one test call covers both.
_ORDER = (
    CaseEvent.END_HOLD,
    CaseEvent.ACKNOWLEDGEMENT_LAPSED,
    CaseEvent.RESTRICT_LINE,
    CaseEvent.MIGRATE_LINE,
    CaseEvent.CLAIM_LINE,
    CaseEvent.REVERT_LINE,
    CaseEvent.REVIEW_DUE,
    CaseEvent.CHANGES_WAIT,
)


# Earlier than every day of a case. One day can still be taken from it.
EVER = date.min + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DatedEvent:
    moment: datetime
    event: CaseEvent
    # None if the event is not about one line.
    line: Line | None = None

    @property
    def rank(self) -> tuple[datetime, int, int]:
        return self.moment, _ORDER.index(self.event), self.line.notice_pk if self.line else 0


def play(
    case: Case,
    found: Risk | None,
    reported: Sequence[Line],
    announced: Collection[str],
    now: datetime,
    transitions: list[Transition],
) -> Case:
    waiting = [_report(line, found, announced, now) for line in reported]
    while True:
        due = [*waiting, *(one for one in _by_calendar(case, found, london_day(now)) if one.moment <= now)]
        if not due:
            return case
        first = min(due, key=lambda one: one.rank)
        if first in waiting:
            waiting.remove(first)
        case = _happen(case, first, now, transitions)


def turning_days(case: Case, lines: Sequence[Line], after: date = EVER) -> Iterator[date]:
    return (day for day in _turning_days(case, lines, after) if day > after)


def _turning_days(case: Case, lines: Sequence[Line], after: date) -> Iterator[date]:
    if case.state is CaseState.HOLD_CONFIRMED and case.hold_until is not None:
        yield case.hold_until + timedelta(days=1)
    if case.state in REVIEWED and case.review_on is not None:
        yield case.review_on
    if case.ended:
        return
    if case.changes_wait:
        yield _raised_again_on(case)
    # Both versions of a notice in doubt are included, because either may be valid.
    for line in lines:
        if line.days is not None:
            yield from _next_of(line.days.restricted, after)
            yield from (day + timedelta(days=1) for day in _next_of(line.days.planned, after - timedelta(days=1)))
            continue
        for version in (line, line.rival):
            if version is not None and version.restriction_on is not None:
                yield version.restriction_on
    if case.planned_on is not None:
        yield case.planned_on + timedelta(days=1)


def _next_of(days: Sequence[date], after: date) -> Sequence[date]:
    # The days are sorted, and an area may have hundreds.
    place = bisect_right(days, after)
    return days[place : place + 1]


def _report(line: Line, found: Risk | None, announced: Collection[str], now: datetime) -> DatedEvent:
    others = [one for one in (found.lines if found else ()) if one.provider != line.provider and one.alertable]
    day = london_day(line.issued_at) if line.status is NoticeStatus.REVERTED else line.moved_on
    event = CaseEvent.REVERT_LINE if line.status is NoticeStatus.REVERTED else CaseEvent.MIGRATE_LINE
    # A report without a notice before it is one provider's word, so it moves no line of another provider.
    if line.provider not in announced and others:
        event = CaseEvent.CLAIM_LINE
    # A report that names a future day counts from now.
    return DatedEvent(min(london_midnight(day), now), event, line)


def _by_calendar(case: Case, found: Risk | None, today: date) -> Iterator[DatedEvent]:
    if case.state is CaseState.ACKNOWLEDGED and case.paused_until is not None:
        yield DatedEvent(case.paused_until, CaseEvent.ACKNOWLEDGEMENT_LAPSED)
    if case.state is CaseState.HOLD_CONFIRMED and case.hold_until is not None:
        yield DatedEvent(london_midnight(case.hold_until + timedelta(days=1)), CaseEvent.END_HOLD)
    if case.state in REVIEWED and case.review_on is not None:
        yield DatedEvent(london_midnight(case.review_on), CaseEvent.REVIEW_DUE)
    if case.changes_wait_since is not None and not case.ended:
        again = london_midnight(_raised_again_on(case)) if case.changes_raised_on else case.changes_wait_since
        yield DatedEvent(again, CaseEvent.CHANGES_WAIT)
    if found is None:
        return
    for line in found.pending:
        for day in _restrictions_begun(line, of_line(memories(case), line).restricted, today):
            yield DatedEvent(london_midnight(day), CaseEvent.RESTRICT_LINE, replace(line, restriction_on=day))
    if case.lines and case.state is CaseState.CONFIRMED_SAFE and found.planned_on is not None and found.pending:
        # The provider may never report the move. From the day after its date the line counts as moved, and the test
        # call after the move is due.
        yield DatedEvent(london_midnight(found.planned_on + timedelta(days=1)), CaseEvent.MIGRATE_LINE)


def _raised_again_on(case: Case) -> date:
    # Nobody is in the council's office on a bank holiday of its nation.
    raised = case.changes_raised_on or london_day(case.changes_wait_since or case.state_since)
    return add_working_days(raised, 1, nation_of(case.feed_id))


def _restrictions_begun(line: Line, recorded: str | None, today: date) -> Iterator[date]:
    # Yields the days up to today that no review has recorded. The notices on an area may name several.
    if not line.alertable:
        return
    changed = recorded is not None and all(str(day) != recorded for day in line.restriction_days)
    for day in line.restriction_days:
        if day <= today and (recorded is None or changed or str(day) > recorded):
            yield day


def _happen(case: Case, dated: DatedEvent, now: datetime, transitions: list[Transition]) -> Case:
    providers: tuple[str, ...] | None = (dated.line.provider,) if dated.line else None
    if dated.event is CaseEvent.MIGRATE_LINE and dated.line is None:
        providers = case.providers
    # `clock_correction` can undo a step that the calendar made. It does not undo a report, because a report is a fact.
    changed = apply(case, dated.event, now, transitions, providers)
    if dated.event is CaseEvent.MIGRATE_LINE and dated.line is not None:
        return without_step(changed, CaseEvent.MIGRATE_LINE)
    # A wrong clock raised a change too often: that needs no undoing.
    if dated.event is CaseEvent.CHANGES_WAIT:
        return _raised(changed, london_day(dated.moment))
    return with_step(_noted_once(changed, dated), case, dated.event, dated.moment, dated.line)


def _raised(case: Case, day: date) -> Case:
    # A message is due also about a case whose clock has stopped.
    return replace(case, changes_raised_on=day, last_alert_at=None, last_threshold=None, tried_at=None)


def _noted_once(case: Case, dated: DatedEvent) -> Case:
    # The day that has come is removed, so that its event happens once.
    if dated.event is CaseEvent.RESTRICT_LINE and dated.line is not None:
        memory = of_line(memories(case), dated.line)
        return remember(case, dated.line.key, replace(memory, restricted=str(dated.line.restriction_on)))
    if dated.event is CaseEvent.REVIEW_DUE:
        return replace(case, review_on=None)
    if dated.event is CaseEvent.END_HOLD:
        return replace(case, hold_until=None, seen=stored(_without_holds(memories(case))))
    # A pause that has ended stays on the case: the message that is due because of it says so.
    return case


def _without_holds(known: Memories) -> dict[str, LineMemory]:
    return {key: replace(one, held_until=None) for key, one in known.items()}
