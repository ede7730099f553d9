"""Days before the harmful moment, and hours in which nobody is paged, by the calendar of Europe/London.

Everything here takes and gives moments that know their time zone; results are in UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.codes import MatchLevel
from services.alerts.policy.policy_settings import CouncilPolicy, Thresholds

LONDON = ZoneInfo("Europe/London")


def harmful_day(planned: date | None, restriction: date | None) -> date | None:
    """Return the day on which the alarm may die: the earlier of the planned move and the start of a restriction.

    Providers have restricted lines weeks before they moved them.
    """
    return min((day for day in (planned, restriction) if day is not None), default=None)


def days_left(harm_on: date, now: datetime) -> int:
    return (harm_on - local(now).date()).days


def thresholds_for(policy: CouncilPolicy, level: MatchLevel) -> Thresholds:
    return policy.possible_thresholds if level == MatchLevel.POSSIBLE else policy.thresholds


def threshold_now(policy: CouncilPolicy, level: MatchLevel, harm_on: date, now: datetime) -> int | None:
    """Return the tightest threshold already reached; None when the day is further off than the first.

    A late notice enters at the level its date demands; on and after the harmful day it is 0.
    """
    left = max(0, days_left(harm_on, now))
    return min((days for days in thresholds_for(policy, level) if left <= days), default=None)


def threshold_moment(policy: CouncilPolicy, harm_on: date, threshold: int) -> datetime:
    """Return the time at which a threshold is sent: at `day_starts`, that many days before the harmful day."""
    return _at(harm_on - timedelta(days=threshold), policy.day_starts)


def repeat_moment(policy: CouncilPolicy, last: datetime, hours: int) -> datetime:
    """Return the time at which a message sent at `last` is repeated: at most `hours` later.

    Repeats keep to a common beat counted from `day_starts` (every day, or every so many hours), so that the cases of a
    council share a message instead of each coming at an hour of its own.
    """
    latest = last + timedelta(hours=hours)
    beat = timedelta(hours=min(hours, 24))
    # From the day before, so that a beat before `day_starts` is found too.
    start = _at(local(latest).date() - timedelta(days=1), policy.day_starts)
    on_beat = start + (latest - start) // beat * beat
    # A beat that comes before half the time is skipped: the repeat would follow too soon.
    return on_beat if on_beat >= last + timedelta(hours=hours) / 2 else latest.astimezone(UTC)


def in_quiet_hours(policy: CouncilPolicy, moment: datetime) -> bool:
    at, begin, end = local(moment).time(), policy.quiet_from, policy.quiet_until
    if begin <= end:
        return begin <= at < end
    # The hours go over midnight.
    return at >= begin or at < end


def out_of_quiet_hours(policy: CouncilPolicy, moment: datetime) -> datetime:
    if not in_quiet_hours(policy, moment):
        return moment.astimezone(UTC)
    here = local(moment)
    ends_on = here.date() + timedelta(days=here.time() >= policy.quiet_until)
    first, second = (_at(ends_on, policy.quiet_until, fold=fold) for fold in (0, 1))
    # When the clocks go back, the end may come twice: the first may already be past.
    return first if first >= moment else second


def local(moment: datetime) -> datetime:
    """Return the moment by the clock of Europe/London. Raises ValueError when it does not know its time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment must know its time zone")
    return moment.astimezone(LONDON)


def _at(day: date, at: time, *, fold: int = 0) -> datetime:
    return datetime.combine(day, at.replace(fold=fold), tzinfo=LONDON).astimezone(UTC)
