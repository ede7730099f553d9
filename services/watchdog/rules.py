"""All functions are pure. This module shares no code with the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.core.clock import london_day
from services.watchdog import bounds, states
from services.watchdog.bounds import GRACE, ORDINARY, SOON, SOON_DAYS, URGENT, Bound
from services.watchdog.calendar import CouncilCalendar, days_before, midnight
from services.watchdog.findings import FaultKind, RecordFault

_POSSIBLE = "possible"
# No repeat comes sooner after a message than this. It spares a look at the calendar for most cases.
_NO_REPEAT_BEFORE = timedelta(days=min(URGENT.repeat, SOON.repeat, ORDINARY.repeat))


class CaseRecord(NamedTuple):
    pk: int
    reference: str
    feed_id: str
    state: str
    state_since: datetime
    level: str | None
    harm_on: date | None
    planned_on: date | None
    restriction_on: date | None
    lines: int
    opened_at: datetime
    last_alert_at: datetime | None
    paused_until: datetime | None
    hold_until: date | None
    review_on: date | None
    changes_wait_since: datetime | None
    due_at: datetime | None
    # RCPIDs, separated by blanks. Those of `claimed_by` reported a move of which they had given no notice.
    providers: str = ""
    claimed_by: str = ""


class Acceptance(NamedTuple):
    # Alerts that were written before the newest news about the case do not count.
    current: datetime | None = None
    ever: datetime | None = None
    in_doubt: bool = False  # an attempt may have reached somebody


NOTHING = Acceptance()


def faults_of(
    case: CaseRecord, accepted: Acceptance, calendar: CouncilCalendar, now: datetime
) -> Iterator[RecordFault]:
    for kind in _kinds(case, accepted, calendar, now):
        yield RecordFault(kind, case.feed_id, case.reference)


def _kinds(case: CaseRecord, accepted: Acceptance, calendar: CouncilCalendar, now: datetime) -> Iterator[FaultKind]:
    yield from _of_due_time(case, now)
    if _is_paused_too_long(case, now):
        yield FaultKind.PAUSE_TOO_LONG
    if case.state == "hold_confirmed" and case.hold_until is None:
        yield FaultKind.HOLD_WITHOUT_END
    if _is_marked_only(case, accepted):
        yield FaultKind.NEVER_ACCEPTED
    owed = owed_by(case, accepted.current, calendar, now)
    if owed is not None and owed + GRACE < now:
        yield FaultKind.MESSAGE_MISSING


def _of_due_time(case: CaseRecord, now: datetime) -> Iterator[FaultKind]:
    if case.due_at is None:
        if case.state not in states.ENDED:
            yield FaultKind.NO_DUE_TIME
    elif case.due_at < now - bounds.LATE - GRACE:
        yield FaultKind.REVIEW_LATE
    # The re-test of a case that is over may lie years ahead.
    elif case.state not in states.ENDED and case.due_at > now + bounds.LONGEST_WAIT + GRACE:
        yield FaultKind.REVIEW_PUT_OFF


def _is_paused_too_long(case: CaseRecord, now: datetime) -> bool:
    until = case.paused_until
    return until is not None and case.state not in states.ENDED and until > now + bounds.LONGEST_PAUSE + GRACE


def _is_marked_only(case: CaseRecord, accepted: Acceptance) -> bool:
    # An engine that is wrong may mark a case without sending anything. While the case is silent the mark decides
    # nothing.
    marked = case.last_alert_at
    if marked is None or case.state in states.SILENT or accepted.in_doubt:
        return False
    return accepted.ever is None or accepted.ever < marked - GRACE


def owed_by(case: CaseRecord, accepted: datetime | None, calendar: CouncilCalendar, now: datetime) -> datetime | None:
    """Return the time by which the next message must be accepted, or None if no message is owed.

    `accepted` is the time of the last accepted message that has the newest news of the case. `accepted` is None if
    there is no such message.
    """
    if _was_told_lately(case, accepted, now):
        return None
    since = _runs_since(case, now)
    if since is None:
        return None
    start = max(since, _begins(case, calendar), case.paused_until or since)
    if start > now:
        return None
    if accepted is None or accepted < start:
        stages = _stages(case, now, told=accepted is not None)
        return min(_first(case, bound, max(start, entered), calendar) for bound, entered in stages)
    return _repeat(accepted, _stages(case, now, told=True), calendar)


def _repeat(accepted: datetime, stages: Sequence[tuple[Bound, datetime]], calendar: CouncilCalendar) -> datetime:
    followings = [entered for _, entered in stages[1:]]
    for (bound, entered), following in zip(stages, [*followings, None], strict=True):
        # A stage that has only begun asks for no message of an earlier day.
        owed = max(calendar.working_days_after(accepted, bound.repeat), calendar.next_morning(entered))
        if following is None or owed < following:
            return owed
    raise ValueError("a case has entered at least one stage")


def _was_told_lately(case: CaseRecord, accepted: datetime | None, now: datetime) -> bool:
    if accepted is None or case.state in states.SILENT:
        return False
    paused = case.paused_until is not None and case.paused_until > accepted
    return not paused and now < accepted + _NO_REPEAT_BEFORE


def _runs_since(case: CaseRecord, now: datetime) -> datetime | None:
    # A silent case may have a day that ends the silence. A stopped engine never notices that the day has come.
    if case.state not in states.SILENT:
        return case.opened_at
    return min(_wakes(case, london_day(now)), default=None)


def _wakes(case: CaseRecord, today: date) -> Iterator[datetime]:
    if case.state in states.LOOKED_AT_AGAIN and case.review_on is not None and case.review_on <= today:
        yield midnight(case.review_on)
    if case.state == "hold_confirmed":
        if case.hold_until is not None and case.hold_until < today:
            yield midnight(case.hold_until + timedelta(days=1))
        if _is_restricted_since(case, today) and case.restriction_on is not None:
            yield midnight(case.restriction_on)
    if case.state == "confirmed_safe" and case.lines and case.planned_on is not None and case.planned_on < today:
        # From the day after its date the line counts as moved, and a test call is due.
        yield midnight(case.planned_on + timedelta(days=1))
    if case.changes_wait_since is not None and case.state not in states.ENDED:
        yield case.changes_wait_since


def _is_restricted_since(case: CaseRecord, today: date) -> bool:
    # Of several lines nobody knows here which one the day is of, nor how sure its match is.
    day = case.restriction_on
    sure = case.lines == 1 and case.level != _POSSIBLE
    return sure and day is not None and london_day(case.state_since) < day <= today


def _begins(case: CaseRecord, calendar: CouncilCalendar) -> datetime:
    # The first moment at which anybody need be told of a harmful day that lies far ahead.
    if case.harm_on is None or case.state in states.MOVED | states.URGENT:
        return case.opened_at
    days = bounds.FIRST_DAYS_IF_POSSIBLE if case.level == _POSSIBLE else bounds.FIRST_DAYS
    # A message that would be due on a day off goes out on the working day before.
    return midnight(calendar.working_day_by(case.harm_on - timedelta(days=days)))


def _stages(case: CaseRecord, now: datetime, *, told: bool) -> list[tuple[Bound, datetime]]:
    """Return the bounds that apply to the case, each with its start time."""
    entered = [(ORDINARY, case.opened_at)]
    # Once a message with the latest news was accepted, a move that is only claimed wakes nobody.
    if told and case.state in states.URGENT and _is_only_claimed(case):
        return entered
    # A match that is only possible wakes nobody. A line that has moved safely needs its test call by day.
    if case.level == _POSSIBLE or case.state == "migrated" or case.state in states.SILENT:
        return entered
    if case.harm_on is not None:
        days = ((SOON, days_before(case.harm_on, SOON_DAYS)), (URGENT, midnight(case.harm_on)))
        entered += [(bound, moment) for bound, moment in days if moment <= now]
    if case.state in states.URGENT:
        entered.append((URGENT, case.state_since))
    return entered


def _is_only_claimed(case: CaseRecord) -> bool:
    return bool(case.claimed_by) and set(case.providers.split()) <= set(case.claimed_by.split())


def _first(case: CaseRecord, bound: Bound, since: datetime, calendar: CouncilCalendar) -> datetime:
    if bound.first is None:
        return calendar.next_morning(since)
    if bound is SOON and case.harm_on is not None and not calendar.cannot_wait(since, case.harm_on):
        # Two working days are left even if the message waits for the morning, but none from the day before the harm.
        return max(since, days_before(case.harm_on, 1)) + bound.first
    return since + bound.first
