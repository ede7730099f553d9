from datetime import UTC, datetime, timedelta

from services.alerts.policy.escalation.case_clock import CaseClock
from services.alerts.policy.escalation.reminders import thresholds_left
from services.alerts.policy.policy_days import threshold_moment
from services.alerts.policy.policy_settings import CouncilPolicy


def pause_until(policy: CouncilPolicy, clock: CaseClock, now: datetime, *, is_step: bool = False) -> datetime:
    """Return the end, in UTC, of a pause that begins now.

    `is_step` is False for an acknowledgement, and True for any other act.
    """
    noon = None if clock.harm_on is None else policy.days.noon_before(clock.harm_on)
    if clock.after_the_fact or (noon is not None and now >= noon):
        long = is_step or (clock.after_the_fact and not clock.pressing)
        hours = policy.urgent_acknowledgement_hours if long else policy.late_acknowledgement_hours
        return (now + timedelta(hours=hours)).astimezone(UTC)
    until = max(_by_threshold(policy, clock, now), now + timedelta(hours=policy.acknowledgement_min_hours))
    # The pause ends before noon of the last working day, so that a visit before the harm is still possible.
    return (until if noon is None else min(until, noon)).astimezone(UTC)


def latest_end_of_pause(policy: CouncilPolicy, clock: CaseClock, now: datetime) -> datetime:
    """Return the latest possible end, in UTC, of a pause that runs now."""
    longest = now + timedelta(hours=max(policy.acknowledgement_hours, policy.acknowledgement_min_hours))
    noon = None if clock.harm_on is None or clock.after_the_fact else policy.days.noon_before(clock.harm_on)
    # A pause that began after that noon may go beyond it.
    return (longest if noon is None or now >= noon else min(longest, noon)).astimezone(UTC)


def _by_threshold(policy: CouncilPolicy, clock: CaseClock, now: datetime) -> datetime:
    moments = [now + timedelta(hours=policy.acknowledgement_hours)]
    if clock.harm_on is not None:
        pending = (
            threshold_moment(policy, clock.harm_on, days) for days in thresholds_left(clock, policy, clock.harm_on)
        )
        moments += [moment for moment in pending if moment > now]
    return min(moments)
