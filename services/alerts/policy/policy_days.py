"""All functions are pure. They return times in UTC, except that `local` returns London time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.codes import MatchLevel
from services.alerts.policy.policy_settings import CouncilPolicy, Thresholds
from services.core.days.council_days import london_time

LONDON = ZoneInfo("Europe/London")


def harmful_day(planned: date | None, restriction: date | None) -> date | None:
    """Return the earlier day, or None if neither day is known."""
    # Some providers restricted lines weeks before the planned move.
    return min((day for day in (planned, restriction) if day is not None), default=None)


def days_left(harm_on: date, now: datetime) -> int:
    return (harm_on - local(now).date()).days


def thresholds_for(policy: CouncilPolicy, level: MatchLevel) -> Thresholds:
    return policy.possible_thresholds if level == MatchLevel.POSSIBLE else policy.thresholds


def threshold_now(policy: CouncilPolicy, level: MatchLevel, harm_on: date, now: datetime) -> int | None:
    """Return the last threshold reached, in days before the harmful day, or None if none is reached."""
    today, council_days = local(now).date(), policy.days
    # The thresholds go from the most days to the fewest.
    for threshold in reversed(thresholds_for(policy, level)):
        # A threshold on a closed day is reached on the working day before.
        if today >= council_days.working_day_by(harm_on - timedelta(days=threshold)):
            return threshold
    return None


def threshold_moment(policy: CouncilPolicy, harm_on: date, threshold: int) -> datetime:
    """Return the start of the working day on which the case reaches the threshold."""
    # A threshold on a closed day is reached on the working day before.
    return london_time(policy.days.working_day_by(harm_on - timedelta(days=threshold)), policy.day_starts)


def repeat_moment(policy: CouncilPolicy, last: datetime, working_days: int) -> datetime:
    return london_time(policy.days.plus(local(last).date(), working_days), policy.day_starts)


def in_quiet_hours(policy: CouncilPolicy, moment: datetime) -> bool:
    at, begin, end = local(moment).time(), policy.quiet_from, policy.quiet_until
    if begin <= end:
        return begin <= at < end
    # The quiet hours go over midnight.
    return at >= begin or at < end


def out_of_quiet_hours(policy: CouncilPolicy, moment: datetime) -> datetime:
    if not in_quiet_hours(policy, moment):
        return moment.astimezone(UTC)
    here = local(moment)
    ends_on = here.date() + timedelta(days=here.time() >= policy.quiet_until)
    first, second = (_at(ends_on, policy.quiet_until, fold=fold) for fold in (0, 1))
    # When the clocks go back, the end of quiet hours may come twice, and the first may be in the past.
    return first if first >= moment else second


def in_office_hours(policy: CouncilPolicy, moment: datetime) -> bool:
    # Office hours last from the start of a working day to the next quiet hours.
    here = local(moment)
    awake = here.time() >= policy.day_starts and not in_quiet_hours(policy, moment)
    return awake and policy.days.is_working(here.date())


def next_office_hours(policy: CouncilPolicy, moment: datetime) -> datetime:
    return (moment if in_office_hours(policy, moment) else policy.days.next_start(moment)).astimezone(UTC)


def local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment must know its time zone")
    return moment.astimezone(LONDON)


def _at(day: date, at: time, *, fold: int = 0) -> datetime:
    return datetime.combine(day, at.replace(fold=fold), tzinfo=LONDON).astimezone(UTC)
