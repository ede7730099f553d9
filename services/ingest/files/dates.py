"""All functions are pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from services.core.clock import LONDON, london_day

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS = (
    "january february march april may june july august september october november december sept".split()  # noqa: SIM905
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = r"(?P<weekday>mon|tues?|wed(?:nes|s)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_WEEKDAY_FIRST = re.compile(rf"{_WEEKDAY}\b[\s.,/-]*")
_WEEKDAY_LAST = re.compile(rf"[\s,]+\(?{_WEEKDAY}\)?")
_YEAR = r"(?P<year>\d{4}|\d{2})"
_NUMERIC = re.compile(rf"(?P<day>\d{{1,2}})\s*[-/. ]\s*(?P<month>\d{{1,2}})\s*[-/. ]\s*{_YEAR}")
_DATES = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"),
    re.compile(r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"),
    _NUMERIC,
    re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-/. ]*(?:of )?(?P<name>[a-z]{{3,9}})[-/., ]*{_YEAR}"),
    re.compile(r"(?P<name>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})"),
)
_TIME = re.compile(r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:\.\d{1,9})?)?\s*(?P<half>am|pm)?")
_SERIAL = re.compile(r"(?P<days>\d{5})(?P<part>\.\d{1,17})?")
# Day zero of spreadsheets. It is one day before 31 December 1899, because spreadsheets count a 29 February 1900, which
# never existed.
_SERIAL_ZERO = date(1899, 12, 30)
# Day numbers from 1 January 1950 to 31 December 2099. A number of five digits outside this range is not a day number.
_SERIALS = range(18_264, 73_051)
_YEARS = range(1900, 2101)
_CENTURY_TURNS = 70  # a year of two digits is 20xx below this, else 19xx
_MIDDAY = 12
_WEEK, _HALF_A_WEEK = 7, 3


class DateOrder(StrEnum):
    """The order of day and month in a date such as `3/12/2026`."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


def read_date(text: str, order: DateOrder = DateOrder.DAY_FIRST) -> date | None:
    """If the text has a time with an offset, the result is the day in Europe/London."""
    plain, weekday = _without_weekday(text)
    day = _day(plain, order)
    if day is None:
        moment = _moment(plain, order)
        day = london_day(moment) if moment else None
    return day if _on(day, weekday) else None


def read_moment(text: str, order: DateOrder = DateOrder.DAY_FIRST) -> datetime | None:
    """A time without an offset is read as Europe/London. The result is in UTC."""
    plain, weekday = _without_weekday(text)
    moment = _moment(plain, order)
    if moment is None:
        day = _day(plain, order)
        moment = _utc(datetime.combine(day, time.min)) if day else None
    return moment if moment and _on(london_day(moment), weekday) else None


def contradicts_weekday(text: str) -> bool:
    plain, weekday = _without_weekday(text)
    days = [read_date(plain, order) for order in DateOrder]
    return any(days) and not any(_on(day, weekday) for day in days)


def days_of_contradiction(text: str, order: DateOrder | None) -> tuple[date, ...]:
    """Return the days that a date with a wrong weekday may mean, the earliest first."""
    plain, weekday = _without_weekday(text)
    # Without a known order, the text may be a date in either order. A text that is no date gives no day.
    written = {day for one in ([order] if order else DateOrder) if (day := read_date(plain, one))}
    if len(written) != 1 or weekday is None:
        return tuple(sorted(written))
    (day,) = written
    # The written day may be right, or the nearest day with the written weekday.
    # Three days back to three days on: each weekday is there once.
    off = (weekday - day.weekday() + _HALF_A_WEEK) % _WEEK - _HALF_A_WEEK
    return tuple(sorted((day, day + timedelta(days=off))))


def _without_weekday(text: str) -> tuple[str, int | None]:
    # The weekday counts from Monday, which is 0. The text is in small letters, with single blanks.
    plain = " ".join(text.split()).casefold()
    # Nearly every date begins and ends with a digit: two looks are faster than two searches.
    if plain[:1].isalpha() and (first := _WEEKDAY_FIRST.match(plain)):
        return plain[first.end() :], _WEEKDAYS.index(first["weekday"][:3])
    head, _, tail = plain.rpartition(" ")
    last = _WEEKDAY_LAST.fullmatch(f" {tail}") if tail[-1:].isalpha() or tail[-1:] == ")" else None
    return (head.rstrip(" ,"), _WEEKDAYS.index(last["weekday"][:3])) if last else (plain, None)


def _on(day: date | None, weekday: int | None) -> bool:
    return day is not None and weekday in (None, day.weekday())


def _day(plain: str, order: DateOrder) -> date | None:
    serial = _SERIAL.fullmatch(plain)
    if serial:
        return _from_serial(serial)
    # The first form that fits decides.
    for pattern in _DATES:
        match = pattern.fullmatch(plain)
        if match:
            return _calendar_day(_ordered(match.groupdict(), pattern, order))
    return None


def _ordered(parts: dict[str, str], pattern: re.Pattern[str], order: DateOrder) -> dict[str, str]:
    if pattern is _NUMERIC and order is DateOrder.MONTH_FIRST:
        return {"day": parts["month"], "month": parts["day"], "year": parts["year"]}
    return parts


def _from_serial(serial: re.Match[str]) -> date | None:
    days = int(serial["days"])
    return _SERIAL_ZERO + timedelta(days=days) if days in _SERIALS else None


def _calendar_day(parts: dict[str, str]) -> date | None:
    month = _month(parts["name"]) if "name" in parts else int(parts["month"])
    year = int(parts["year"])
    if len(parts["year"]) == len("26"):
        year += 2000 if year < _CENTURY_TURNS else 1900
    try:
        day = date(year, month, int(parts["day"]))
    except ValueError:
        return None
    return day if year in _YEARS else None


def _month(name: str) -> int:
    # 0 for an unknown name: `date` then raises ValueError, as it does for a month 13.
    if name in _MONTHS or name in _FULL_MONTHS:
        return _MONTHS.index(name[:3]) + 1
    return 0


def _moment(plain: str, order: DateOrder) -> datetime | None:
    # None for a date alone.
    serial = _SERIAL.fullmatch(plain)
    if serial:
        return _serial_moment(serial)
    iso = _iso(plain)
    if iso is not None:
        return iso
    head, separator, tail = _split(plain)
    clock = _TIME.fullmatch(tail) if separator else None
    # Some programs put a comma between date and time.
    day = _day(head.rstrip(","), order) if clock else None
    at = _time(clock) if clock else None
    return _utc(datetime.combine(day, at)) if day and at else None


def _serial_moment(serial: re.Match[str]) -> datetime | None:
    day = _from_serial(serial)
    if day is None or not serial["part"]:
        return None
    # Rounded: a day fraction such as 0.375 is seldom exact in the text.
    seconds = round(float(serial["part"]) * 86_400)
    return _utc(datetime.combine(day, time.min) + timedelta(seconds=seconds))


def _iso(plain: str) -> datetime | None:
    # Python's parser also takes bare dates and weeks, such as 2026-W49, which `_day` judges more strictly.
    if ":" not in plain:
        return None
    try:
        moment = datetime.fromisoformat(plain.upper())
    except ValueError:
        return None
    return _utc(moment) if moment.year in _YEARS else None


def _split(plain: str) -> tuple[str, str, str]:
    # Splits at the last blank. The one before "am" or "pm" belongs to the time.
    joined = re.sub(r" (am|pm)$", r"\1", plain)
    return joined.rpartition(" ")


def _time(clock: re.Match[str]) -> time | None:
    hour = int(clock["hour"])
    # 12 am is midnight and 12 pm is noon; "14:30 pm" is refused.
    if clock["half"]:
        if not 1 <= hour <= _MIDDAY:
            return None
        hour = hour % _MIDDAY + (_MIDDAY if clock["half"] == "pm" else 0)
    try:
        return time(hour, int(clock["minute"]), int(clock["second"] or 0))
    except ValueError:
        return None


def _utc(moment: datetime) -> datetime:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=LONDON)
    return aware.astimezone(UTC)
