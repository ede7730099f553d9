from collections.abc import Container
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

import holidays

from services.core.clock import LONDON, london_midnight

_SATURDAY: Final = 5
_ONE_DAY: Final = timedelta(days=1)
_NEVER_CLOSED: Final[frozenset[date]] = frozenset()


class Nation(StrEnum):
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


def is_working_day(day: date, nation: Nation, closed: Container[date] = _NEVER_CLOSED) -> bool:
    return day.weekday() < _SATURDAY and day not in _bank_holidays(nation, day.year) and day not in closed


def add_working_days(day: date, n: int, nation: Nation, closed: Container[date] = _NEVER_CLOSED) -> date:
    """A negative `n` counts backwards."""
    step = _ONE_DAY if n > 0 else -_ONE_DAY
    for _ in range(abs(n)):
        day = _next(day, step, nation, closed)
    return day


def _next(day: date, step: timedelta, nation: Nation, closed: Container[date]) -> date:
    day += step
    while not is_working_day(day, nation, closed):
        day += step
    return day


# The library computes a year's holidays on each call.
@cache
def _bank_holidays(nation: Nation, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv=_SUBDIVISIONS[nation], years=year))


_BY_COUNCIL: Final = {
    "E": Nation.ENGLAND,
    "S": Nation.SCOTLAND,
    "W": Nation.WALES,
    "N": Nation.NORTHERN_IRELAND,
}


def nation_of(feed_id: str) -> Nation:
    """Return the nation in the GSS code of a council. A provider counts as English."""
    kind, _, code = feed_id.partition(":")
    # The first letter of a GSS code stands for the nation.
    return _BY_COUNCIL.get(code[:1], Nation.ENGLAND) if kind == "council" else Nation.ENGLAND


def one_working_day_after(moment: datetime, nation: Nation) -> datetime:
    return working_days_after(moment, 1, nation)


def working_days_after(moment: datetime, n: int, nation: Nation, closed: Container[date] = _NEVER_CLOSED) -> datetime:
    # A row that is refused on a Saturday can be corrected until the end of Monday.
    local = moment.astimezone(LONDON)
    if not is_working_day(local.date(), nation, closed):
        return london_midnight(add_working_days(local.date(), n + 1, nation, closed))
    day = add_working_days(local.date(), n, nation, closed)
    return datetime.combine(day, local.time(), LONDON).astimezone(UTC)
