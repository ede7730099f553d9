from collections.abc import Iterator
from datetime import datetime, timedelta

from services.alerts.policy.escalation.case_clock import CaseClock
from services.alerts.policy.escalation.levels import operator_level
from services.alerts.policy.policy_settings import CouncilPolicy
from services.core.clock import london_day, london_midnight
from services.core.days.council_days import same_time_on


def next_level_due(clock: CaseClock, policy: CouncilPolicy, reminder: datetime) -> list[datetime]:
    """Return the times at which silence asks the next level. The earliest counts that lets a message go out."""
    last = clock.last_alert_at
    if last is None or clock.pause is not None or not 0 < clock.asked < operator_level(policy):
        return []
    waits = list(_waits(clock, policy, last))
    # Far from the day, the next level gets the reminder that follows a number of unanswered messages.
    return [*waits, reminder] if clock.unanswered >= policy.silence_far_messages else waits


def _waits(clock: CaseClock, policy: CouncilPolicy, last: datetime) -> Iterator[datetime]:
    if clock.pressing:
        yield last + timedelta(minutes=policy.silence_urgent_minutes)
    elif clock.after_the_fact:
        yield _working_days_after(policy, last)
    elif clock.harm_on is not None and clock.sure:
        day = london_midnight(clock.harm_on)
        # The message of the harmful day itself is the one that must stay unanswered. On a closed day it came before. A
        # message that went only to the next level on that day keeps the threshold of the reminder before it.
        if clock.last_threshold == 0 or last >= day:
            yield max(last + timedelta(minutes=policy.silence_urgent_minutes), day)
        if last >= policy.days.start_before(clock.harm_on, policy.least_working_days):
            yield last + timedelta(minutes=policy.silence_close_minutes)
        if last >= london_midnight(clock.harm_on - timedelta(days=policy.near_days)):
            yield _working_days_after(policy, last)


def _working_days_after(policy: CouncilPolicy, last: datetime) -> datetime:
    return same_time_on(policy.days.plus(london_day(last), policy.silence_near_days), last)
