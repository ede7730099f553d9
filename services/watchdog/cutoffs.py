"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from services.core.clock import london_day
from services.watchdog.bounds import ORDINARY, SOON, URGENT
from services.watchdog.calendar import CouncilCalendar


@dataclass(frozen=True, slots=True)
class Cutoffs:
    # By `next_day`, every council has had a working day after today.
    now: datetime
    today: date
    next_day: date
    soon: date
    urgent: date
    ordinary: date

    @classmethod
    def of(cls, calendars: Iterable[CouncilCalendar], now: datetime) -> Self:
        today, different = london_day(now), set(calendars)
        soon, urgent, ordinary = (
            max(one.reaches_beyond(today, bound.repeat) for one in different) for bound in (SOON, URGENT, ORDINARY)
        )
        next_day = max(one.working_day_after(today) for one in different)
        return cls(now, today, next_day, soon, urgent, ordinary)

    def in_days(self, n: int) -> date:
        return self.today + timedelta(days=n)
