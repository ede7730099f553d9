from datetime import date, datetime

from services.alerts.policy.escalation.case_clock import CaseClock
from services.alerts.policy.policy_days import (
    repeat_moment,
    threshold_moment,
    threshold_now,
    thresholds_for,
)
from services.alerts.policy.policy_settings import CouncilPolicy


def reminder_due(clock: CaseClock, policy: CouncilPolicy) -> datetime:
    """Return the due time of the next reminder. This time may be in the past, at night or on a closed day."""
    # After a pause the message comes at once, because the pause has ended: the message is not a repeat.
    if clock.pause is None and clock.last_alert_at is not None:
        return _due_after(clock, policy, clock.last_alert_at)
    start = clock.pause or clock.opened_at
    if clock.after_the_fact or clock.harm_on is None:
        return start
    if threshold_now(policy, clock.level, clock.harm_on, start) is not None:
        return start
    return threshold_moment(policy, clock.harm_on, thresholds_for(policy, clock.level)[0])


def thresholds_left(clock: CaseClock, policy: CouncilPolicy, harm_on: date) -> list[int]:
    thresholds = thresholds_for(policy, clock.level)
    if clock.last_alert_at is None:
        return list(thresholds)
    # If the date moved far away, thresholds that were reached by the old date are due again.
    reached = threshold_now(policy, clock.level, harm_on, clock.last_alert_at)
    if reached is None:
        return list(thresholds)
    told = max(reached, reached if clock.last_threshold is None else clock.last_threshold)
    return [days for days in thresholds if days < told]


def threshold_at(clock: CaseClock, policy: CouncilPolicy, at: datetime) -> int:
    """Return the threshold that the case has reached at the time `at`, in days before the harmful day.

    Return the first threshold if none is reached yet.
    """
    # The line was already moved or restricted.
    if clock.after_the_fact:
        return 0
    first = thresholds_for(policy, clock.level)[0]
    if clock.harm_on is None:
        return first
    reached = threshold_now(policy, clock.level, clock.harm_on, at)
    return first if reached is None else reached


def _due_after(clock: CaseClock, policy: CouncilPolicy, last: datetime) -> datetime:
    rarer = 2 if clock.unanswered > policy.reminders_before_rarer else 1
    flat = _flat_repeat(clock, policy)
    if flat is not None or clock.harm_on is None:
        return repeat_moment(policy, last, (flat or policy.unknown_date_repeat_days) * rarer)
    moments = [
        threshold_moment(policy, clock.harm_on, days) for days in thresholds_left(clock, policy, clock.harm_on)[:1]
    ]
    reached = threshold_now(policy, clock.level, clock.harm_on, last)
    if reached is not None:
        moments.append(repeat_moment(policy, last, _repeat_days(clock, policy, reached) * rarer))
    return min(moments)


def _repeat_days(clock: CaseClock, policy: CouncilPolicy, reached: int) -> int:
    days = policy.repeat_days[reached]
    # A possible match does not become surer because its day is near.
    return days if clock.sure else max(days, policy.possible_repeat_days)


def _flat_repeat(clock: CaseClock, policy: CouncilPolicy) -> int | None:
    # Returns the working days between repeats if the state sets the pace, or None if the date sets the pace.
    if clock.pressing:
        return policy.urgent_repeat_days
    return policy.post_check_repeat_days if clock.after_the_fact else None
