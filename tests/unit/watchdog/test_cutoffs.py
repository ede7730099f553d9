from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from services.core.clock import london_day
from services.core.days.council_days import london_time
from services.core.days.working_days import Nation
from services.watchdog.bounds import ORDINARY, SOON, URGENT
from services.watchdog.calendar import CouncilCalendar
from services.watchdog.cutoffs import Cutoffs

CLOSED = frozenset(date(2026, 12, 23) + timedelta(days=n) for n in range(14))
CALENDARS = [CouncilCalendar(), CouncilCalendar(Nation.SCOTLAND), CouncilCalendar(Nation.ENGLAND, CLOSED)]


def is_over(calendar: CouncilCalendar, day: date, n: int, now: datetime) -> bool:
    """Return True if the day of `now` is the `n`-th working day after `day`, or a later day."""
    return calendar.working_days_after(london_time(day, time()), n) < london_time(
        london_day(now) + timedelta(days=1), time()
    )


@pytest.mark.parametrize("start", ["2026-11-25", "2026-12-18", "2027-01-03", "2027-03-24", "2026-10-22"])
def test_a_cutoff_is_the_first_day_that_is_right_for_each_calendar(start: str) -> None:
    for n in range(10):
        now = london_time(date.fromisoformat(start) + timedelta(days=n), time(23, 59))
        cutoffs = Cutoffs.of(CALENDARS, now)
        for bound, cutoff in ((SOON, cutoffs.soon), (URGENT, cutoffs.urgent), (ORDINARY, cutoffs.ordinary)):
            before = cutoff - timedelta(days=1)
            assert not any(is_over(one, cutoff, bound.repeat, now) for one in CALENDARS)
            assert any(is_over(one, before, bound.repeat, now) for one in CALENDARS)


def test_every_council_has_worked_by_the_next_day() -> None:
    now = datetime.fromisoformat("2026-12-23T12:00+00:00")
    assert Cutoffs.of(CALENDARS[:1], now).next_day == date(2026, 12, 24)
    assert Cutoffs.of(CALENDARS, now).next_day == date(2027, 1, 6)
