"""Counts days before the harmful day, and finds quiet hours, by London time.

In quiet hours only urgent messages are sent. All times have a time zone. Results are in UTC, except in `local`.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.codes import MatchLevel
from services.alerts.policy.policy_settings import CouncilPolicy, Thresholds

LONDON = ZoneInfo("Europe/London")


def harmful_day(planned: date | None, restriction: date | None) -> date | None:
    """Return the first day on which the alarm may fail: the day of the move or the start of a restriction.

    Restrictions count because some providers restricted lines weeks before the move.
    """
    return min((day for day in (planned, restriction) if day is not None), default=None)


def days_left(harm_on: date, now: datetime) -> int:
    return (harm_on - local(now).date()).days


def thresholds_for(policy: CouncilPolicy, level: MatchLevel) -> Thresholds:
    return policy.possible_thresholds if level == MatchLevel.POSSIBLE else policy.thresholds


def threshold_now(policy: CouncilPolicy, level: MatchLevel, harm_on: date, now: datetime) -> int | None:
    """Return the lowest threshold that is reached at `now`, or None if none is reached yet.

    On and after the harmful day the result is 0. If a notice comes late, higher thresholds are skipped.
    """
    left = max(0, days_left(harm_on, now))
    return min((days for days in thresholds_for(policy, level) if left <= days), default=None)


def threshold_moment(policy: CouncilPolicy, harm_on: date, threshold: int) -> datetime:
    """Return the time at which a threshold is reached.

    This is the time of day `day_starts`, on the day that is `threshold` days before the harmful day.
    """
    return _at(harm_on - timedelta(days=threshold), policy.day_starts)


def repeat_moment(policy: CouncilPolicy, last: datetime, hours: int) -> datetime:
    """Return the time at which to repeat a message that was sent at `last`.

    The result is at most `hours` after `last`. A council has fixed times for repeats, so that its cases share a
    message. The first fixed time of a day is `day_starts`. If `hours` is less than 24, other fixed times follow every
    `hours` hours. The result is the last fixed time that is at most `hours` after `last`. If this fixed time comes less
    than half of `hours` after `last`, the result is exactly `hours` after `last`.
    """
    latest = last + timedelta(hours=hours)
    beat = timedelta(hours=min(hours, 24))
    # Counted from the day before, so that a time before `day_starts` is found too.
    start = _at(local(latest).date() - timedelta(days=1), policy.day_starts)
    on_beat = start + (latest - start) // beat * beat
    # A time that comes before half of `hours` has passed is skipped: the repeat would follow too soon.
    return on_beat if on_beat >= last + timedelta(hours=hours) / 2 else latest.astimezone(UTC)


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


def local(moment: datetime) -> datetime:
    """Return the moment in London time. Raises ValueError if `moment` has no time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment must know its time zone")
    return moment.astimezone(LONDON)


def _at(day: date, at: time, *, fold: int = 0) -> datetime:
    return datetime.combine(day, at.replace(fold=fold), tzinfo=LONDON).astimezone(UTC)
