"""All functions are pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from services.core.clock import london_day, london_midnight
from services.core.days.council_days import london_time, same_time_on
from services.core.days.working_days import Nation, add_working_days, is_working_day
from services.watchdog.bounds import AFTER_THE_START, WORKING_DAY_STARTS, WORKING_DAYS_LEFT

# Dates that occur in the cases of one look. A million cases share a few hundred.
KEPT = 65_536


@dataclass(frozen=True, slots=True)
class CouncilCalendar:
    nation: Nation = Nation.ENGLAND
    # The closures of the council itself.
    closed: frozenset[date] = frozenset()

    def next_morning(self, moment: datetime) -> datetime:
        return _morning(_days_later(london_day(moment), 1, self.nation, self.closed))

    def working_days_after(self, moment: datetime, n: int) -> datetime:
        """Return the same time of day `n` working days later, but at the earliest an hour after work starts."""
        day = _days_later(london_day(moment), n, self.nation, self.closed)
        return max(_morning(day), same_time_on(day, moment))

    def working_day_by(self, day: date) -> date:
        works = is_working_day(day, self.nation, self.closed)
        return day if works else _days_later(day, -1, self.nation, self.closed)

    def working_day_after(self, day: date) -> date:
        return _days_later(day, 1, self.nation, self.closed)

    def reaches_beyond(self, day: date, n: int) -> date:
        """Return the earliest date from which `n` working days lead to a date after `day`."""
        return _days_later(self.working_day_after(day), -n, self.nation, self.closed)

    def cannot_wait(self, moment: datetime, harm_on: date) -> bool:
        today = london_day(moment)
        starts = is_working_day(today, self.nation, self.closed) and moment <= london_time(today, WORKING_DAY_STARTS)
        first = today if starts else _days_later(today, 1, self.nation, self.closed)
        return _days_later(first, WORKING_DAYS_LEFT - 1, self.nation, self.closed) >= harm_on


@lru_cache(KEPT)
def midnight(day: date) -> datetime:
    return london_midnight(day)


def days_before(day: date, n: int) -> datetime:
    return midnight(day - timedelta(days=n))


@lru_cache(KEPT)
def _days_later(day: date, n: int, nation: Nation, closed: frozenset[date]) -> date:
    return add_working_days(day, n, nation, closed)


@lru_cache(KEPT)
def _morning(day: date) -> datetime:
    return london_time(day, WORKING_DAY_STARTS) + AFTER_THE_START
