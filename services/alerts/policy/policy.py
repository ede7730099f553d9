"""All functions are pure."""

from datetime import UTC, datetime, timedelta

from services.alerts.policy.escalation.case_clock import CaseClock, Escalation, EscalationReason
from services.alerts.policy.escalation.levels import level_by_date, operator_level
from services.alerts.policy.escalation.pauses import pause_until
from services.alerts.policy.escalation.reminders import reminder_due, threshold_at, thresholds_left
from services.alerts.policy.escalation.silence import next_level_due
from services.alerts.policy.policy_days import (
    days_left,
    harmful_day,
    next_office_hours,
    out_of_quiet_hours,
    threshold_now,
)
from services.alerts.policy.policy_settings import Contact, CouncilPolicy, Tier
from services.alerts.states.machine_states import CLOCK_STOPPED, MOVED, URGENT
from services.core.clock import london_midnight

__all__ = [
    "TRIED_FOR",
    "CaseClock",
    "Contact",
    "CouncilPolicy",
    "Escalation",
    "EscalationReason",
    "Tier",
    "days_left",
    "harmful_day",
    "next_awake",
    "next_escalation",
    "pause_until",
    "threshold_now",
]

# A message that reached nobody is written anew after this time. Its deliveries have been given up by then.
TRIED_FOR = timedelta(hours=24)

# After this many acknowledgements without a recorded step, the next level is told that nothing has moved.
_NOTHING_MOVED_AFTER = 2


def next_escalation(clock: CaseClock, policy: CouncilPolicy, now: datetime) -> Escalation | None:
    """Return None if the clock of the case is stopped (see `CLOCK_STOPPED`)."""
    if clock.state in CLOCK_STOPPED:
        return None
    reminder = reminder_due(clock, policy)
    silence = next_level_due(clock, policy, reminder)
    # What is due first need not go out first: a later moment may be so close to the day that quiet hours do not count.
    each = (_after_try(clock, one, reminder) for one in (reminder, *silence))
    due_at = min(_when_awake(clock, policy, one, now) for one in each)
    # The threshold of an overdue message is that of the day on which it is sent, not of the day on which it was due.
    sent_at = max(due_at, now)
    threshold = threshold_at(clock, policy, sent_at)
    asks_next = any(one <= sent_at for one in silence)
    # Only the next level gets a message that no reminder is due with.
    reason = EscalationReason.NOBODY_ANSWERED if asks_next else _reason(clock, policy, threshold)
    urgent = _cannot_wait(clock, policy, sent_at)
    if asks_next and reminder > sent_at:
        return Escalation(due_at, threshold, reason, clock.asked + 1, clock.asked + 1, urgent)
    last = _last_level(clock, policy, threshold, asks_next=asks_next)
    return Escalation(due_at, threshold, reason, 1, last, urgent)


def _last_level(clock: CaseClock, policy: CouncilPolicy, threshold: int, *, asks_next: bool) -> int:
    level = max(clock.asked, level_by_date(policy, threshold, clock.state))
    if _nothing_moved(clock):
        level += clock.acknowledged_times - _NOTHING_MOVED_AFTER + 1
    # A council without contacts has no level but that of the operator.
    return min(max(level, clock.asked + asks_next, 1), operator_level(policy))


def _nothing_moved(clock: CaseClock) -> bool:
    return clock.pause is not None and clock.acknowledged_times >= _NOTHING_MOVED_AFTER


def _after_try(clock: CaseClock, due: datetime, reminder: datetime) -> datetime:
    if clock.tried_at is None or (clock.pause or clock.tried_at) > clock.tried_at:
        return due
    # Until then each delivery of the message is tried again, and others are asked.
    again = max(due, clock.tried_at + TRIED_FOR)
    # A message that was only for the next level does not put off the reminder to the levels before it.
    return min(again, reminder) if reminder > clock.tried_at else again


def _when_awake(clock: CaseClock, policy: CouncilPolicy, due: datetime, now: datetime) -> datetime:
    due_at = next_awake(clock, policy, due)
    # A message that is overdue at night or on a closed day also waits.
    if due_at < now < (again := next_awake(clock, policy, now)):
        due_at = again
    return due_at.astimezone(UTC)


def next_awake(clock: CaseClock, policy: CouncilPolicy, at: datetime) -> datetime:
    """Return the first moment from `at` on at which a message about the case may go out."""
    start = next_office_hours(policy, at)
    if start == at or _wakes_people(clock, policy, at):
        return at
    if clock.harm_on is None or clock.after_the_fact:
        return start
    # If too few working days would be left, the message goes on the closed day too, but not at night.
    day = london_midnight(clock.harm_on)
    return out_of_quiet_hours(policy, at) if policy.days.fewer_left(policy.least_working_days, start, day) else start


def _cannot_wait(clock: CaseClock, policy: CouncilPolicy, at: datetime) -> bool:
    # True if too few working days would be left after the start of the next one.
    if clock.after_the_fact or clock.harm_on is None:
        return _wakes_people(clock, policy, at)
    following = policy.days.next_start(at + timedelta(microseconds=1))
    return policy.days.fewer_left(policy.least_working_days, following, london_midnight(clock.harm_on))


def _wakes_people(clock: CaseClock, policy: CouncilPolicy, at: datetime) -> bool:
    if clock.after_the_fact or clock.harm_on is None or not clock.sure:
        return clock.pressing
    return days_left(clock.harm_on, at) <= policy.quiet_override_days


def _reason(clock: CaseClock, policy: CouncilPolicy, threshold: int) -> EscalationReason:
    if clock.pause is not None:
        return EscalationReason.NOTHING_MOVED if _nothing_moved(clock) else EscalationReason.ACKNOWLEDGEMENT_LAPSED
    if clock.state in URGENT:
        return EscalationReason.URGENT_STATE
    if clock.state in MOVED:
        return EscalationReason.POST_CHECK
    if clock.harm_on is None:
        return EscalationReason.DATE_UNKNOWN
    if clock.last_alert_at is None:
        return EscalationReason.SOMETHING_CHANGED if clock.warned else EscalationReason.FIRST_ALERT
    is_new = threshold in thresholds_left(clock, policy, clock.harm_on)
    return EscalationReason.THRESHOLD_REACHED if is_new else EscalationReason.REPEAT
