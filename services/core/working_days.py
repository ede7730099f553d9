"""Working days of the four nations: Monday to Friday, except the nation's bank holidays."""

from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

import holidays

_SATURDAY: Final = 5
_ONE_DAY: Final = timedelta(days=1)


class Nation(StrEnum):
    """The nation whose bank holidays apply."""

    ENGLAND = "england"
    SCOTLAND = "scotland"
    WALES = "wales"
    NORTHERN_IRELAND = "northern_ireland"


_SUBDIVISIONS: Final = {
    Nation.ENGLAND: "ENG",
    Nation.SCOTLAND: "SCT",
    Nation.WALES: "WLS",
    Nation.NORTHERN_IRELAND: "NIR",
}


def is_working_day(day: date, nation: Nation) -> bool:
    return day.weekday() < _SATURDAY and day not in _bank_holidays(nation, day.year)


def add_working_days(day: date, n: int, nation: Nation) -> date:
    """Return the `n`th working day after `day`: backwards for a negative `n`, `day` itself for 0."""
    step = _ONE_DAY if n > 0 else -_ONE_DAY
    for _ in range(abs(n)):
        day = _next(day, step, nation)
    return day


def previous_working_day(day: date, nation: Nation) -> date:
    return _next(day, -_ONE_DAY, nation)


def _next(day: date, step: timedelta, nation: Nation) -> date:
    day += step
    while not is_working_day(day, nation):
        day += step
    return day


# The library computes a year's holidays on each call.
@cache
def _bank_holidays(nation: Nation, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv=_SUBDIVISIONS[nation], years=year))
