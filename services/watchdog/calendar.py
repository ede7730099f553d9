"""Moments that are counted by the working days of a nation. All functions are pure, and moments have a time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from services.core.clock import LONDON, london_day, london_midnight
from services.core.days.council_days import CouncilDays, london_time
from services.core.days.working_days import Nation, nation_of
from services.watchdog.bounds import AFTER_THE_START, WORKING_DAY_STARTS, WORKING_DAYS_LEFT

# Dates that occur in the cases of one look. A million cases share a few hundred.
KEPT = 16_384


def next_morning(moment: datetime, feed_id: str) -> datetime:
    """Return the time by which the messages of the next working day after `moment` have gone out."""
    return _morning(_days_later(london_day(moment), 1, nation_of(feed_id)))


def working_days_after(moment: datetime, n: int, feed_id: str) -> datetime:
    """Return the same time of day, `n` working days after `moment`, but not before the messages of that morning."""
    local = moment.astimezone(LONDON)
    day = _days_later(local.date(), n, nation_of(feed_id))
    return max(_morning(day), london_time(day, local.time()))


def cannot_wait(moment: datetime, harm_on: date, feed_id: str) -> bool:
    """Return True if too few working days would be left before the harmful day after a wait for a working day."""
    days = CouncilDays(nation_of(feed_id), day_starts=WORKING_DAY_STARTS)
    return days.fewer_left(WORKING_DAYS_LEFT, days.next_start(moment), midnight(harm_on))


@lru_cache(KEPT)
def midnight(day: date) -> datetime:
    return london_midnight(day)


def days_before(day: date, n: int) -> datetime:
    return midnight(day - timedelta(days=n))


@lru_cache(KEPT)
def _days_later(day: date, n: int, nation: Nation) -> date:
    return CouncilDays(nation).plus(day, n)


@lru_cache(KEPT)
def _morning(day: date) -> datetime:
    return london_time(day, WORKING_DAY_STARTS) + AFTER_THE_START
