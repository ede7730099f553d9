"""Dates and times as they travel: ISO 8601 text and nothing else. A bare number could be any of several calendars."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

EARLIEST_YEAR, LATEST_YEAR = 1900, 2999
"""A time near the ends of the calendar cannot be told in another zone, so it can be neither stored nor compared."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*", re.ASCII)


def _iso_day(value: Any) -> Any:
    if (isinstance(value, date) and not isinstance(value, datetime)) or (
        isinstance(value, str) and _DAY.fullmatch(value)
    ):
        return value
    raise PydanticCustomError("date_parsing", "not a date: write it as YYYY-MM-DD")


def _iso_moment(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise PydanticCustomError("datetime_parsing", "not a time: write it as 2026-12-03T09:00:00Z")


def _storable(moment: datetime) -> datetime:
    if EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        return moment
    reason = f"not between the years {EARLIEST_YEAR} and {LATEST_YEAR}: check the year"
    raise PydanticCustomError("datetime_out_of_range", reason)


Day = Annotated[date, BeforeValidator(_iso_day)]
"""A calendar day in Europe/London, `YYYY-MM-DD`."""

Moment = Annotated[AwareDatetime, BeforeValidator(_iso_moment), AfterValidator(_storable)]
"""A time with its offset, such as `2026-12-03T09:00:00Z`, in the years 1900 to 2999."""
