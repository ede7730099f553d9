"""Dates and times in requests. Only ISO 8601 text is accepted: a number could mean several dates."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

# Near the ends of the calendar, converting a time to another zone overflows.
EARLIEST_YEAR, LATEST_YEAR = 1900, 2999

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*", re.ASCII)


def _iso_day(value: Any) -> Any:
    # A datetime is also a date in Python, and would lose its time.
    if (isinstance(value, date) and not isinstance(value, datetime)) or (
        isinstance(value, str) and _DAY.fullmatch(value)
    ):
        return value
    raise PydanticCustomError("date_parsing", "not a date: write it as YYYY-MM-DD")


def _iso_moment(value: Any) -> Any:
    # The offset is checked later by `AwareDatetime`, with its own message.
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise PydanticCustomError("datetime_parsing", "not a time: write it as 2026-12-03T09:00:00Z")


def _storable(moment: datetime) -> datetime:
    if EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        return moment
    reason = f"not between the years {EARLIEST_YEAR} and {LATEST_YEAR}: check the year"
    raise PydanticCustomError("datetime_out_of_range", reason)


# A calendar day in Europe/London, `YYYY-MM-DD`.
Day = Annotated[date, BeforeValidator(_iso_day)]

# A time with its offset, such as `2026-12-03T09:00:00Z`, in the years 1900 to 2999.
Moment = Annotated[AwareDatetime, BeforeValidator(_iso_moment), AfterValidator(_storable)]
