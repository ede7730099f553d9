"""A calendar of 2026 and 2027 for tests, independent of the calendar under test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

from services.core.days.working_days import Nation

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MINUTES: Final = 1_051_200

# https://www.gov.uk/bank-holidays
_ENGLAND_AND_WALES: Final = (
    "2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28 "
    "2027-01-01 2027-03-26 2027-03-29 2027-05-03 2027-05-31 2027-08-30 2027-12-27 2027-12-28 "
    "2028-01-03"
)
_SCOTLAND: Final = (
    "2026-01-01 2026-01-02 2026-04-03 2026-05-04 2026-05-25 2026-06-15 2026-08-03 2026-11-30 2026-12-25 2026-12-28 "
    "2027-01-01 2027-01-04 2027-03-26 2027-05-03 2027-05-31 2027-08-02 2027-11-30 2027-12-27 2027-12-28 "
    "2028-01-03 2028-01-04"
)
_NORTHERN_IRELAND: Final = f"{_ENGLAND_AND_WALES} 2026-03-17 2026-07-13 2027-03-17 2027-07-12"
BANK_HOLIDAYS: Final = {
    nation: frozenset(map(date.fromisoformat, days.split()))
    for nation, days in (
        (Nation.ENGLAND, _ENGLAND_AND_WALES),
        (Nation.WALES, _ENGLAND_AND_WALES),
        (Nation.SCOTLAND, _SCOTLAND),
        (Nation.NORTHERN_IRELAND, _NORTHERN_IRELAND),
    )
}

# Clocks go forward and back at 01:00 UTC on these days.
CLOCK_CHANGES: Final = (date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31))
_CHANGES: Final = [datetime(day.year, day.month, day.day, 1, tzinfo=UTC) for day in CLOCK_CHANGES]


def wall(moment: datetime) -> datetime:
    """Return the time in London, without a time zone."""
    passed = sum(1 for change in _CHANGES if change <= moment)
    return (moment + timedelta(hours=passed % 2)).replace(tzinfo=None)


def minutes_of(day: date) -> Iterator[datetime]:
    """Return the minutes of the day in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return (start + n * MINUTE for n in range(24 * 60))


def every_day() -> Iterator[date]:
    return (FIRST + n * DAY for n in range((LAST - FIRST).days + 1))


def is_open(day: date, nation: Nation, closed: frozenset[date]) -> bool:
    return day.isoweekday() <= 5 and day not in BANK_HOLIDAYS[nation] and day not in closed
