"""Reads iCalendar files that may be damaged or hostile."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from itertools import chain
from typing import Any, Final, cast

from icalendar import Event

from services.core.clock import LONDON
from services.core.errors import RefusedError

# Limits of a calendar that people write [P].
MOST_BYTES: Final = 1_000_000
MOST_EVENTS: Final = 1000
_LONGEST_LINE: Final = 10_000

_TIMES: Final = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RDATE", "EXRULE", "RECURRENCE-ID"})
_READ: Final = _TIMES | {"SUMMARY", "CATEGORIES", "STATUS"}
# What a value of each has in the library, unless a parameter gives it another type.
_FORMS: Final = {"DTSTART": "dt", "DTEND": "dt", "DURATION": "dt"} | {
    "DTSTART": "dt",
    "DTEND": "dt",
    "DURATION": "dt",
    "CATEGORIES": "cats",
    "RRULE": "items",
    "EXDATE": "dts",
}
# A long line goes on in the next one, after a space or a tab.
_FOLD: Final = re.compile(r"(?:\r\n|\n|\r)[ \t]")
_LINE_END: Final = re.compile(r"[\r\n]+")
_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_BEGIN: Final = ("BEGIN", "VCALENDAR")
_EVENT: Final = ["VCALENDAR", "VEVENT"]


class CalendarRefusedError(RefusedError):
    """The text of the error names the event and the remedy, but no content of the event."""


def events_of(data: bytes) -> Iterator[tuple[str, Event]]:
    """Return each event that is not cancelled, with a name for error messages.

    Raises CalendarRefusedError if the calendar is faulty.
    """
    for n, lines in enumerate(_blocks(_lines(data)), start=1):
        if n > MOST_EVENTS:
            raise CalendarRefusedError(f"the calendar has more than {MOST_EVENTS} events: divide it")
        event = _event(f"event {n}", lines)
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            yield _named(n, event), event


def single(name: str, event: Event, key: str) -> Any:
    """Return the value of the property `key`, or None if the event has no such property.

    Raises CalendarRefusedError if the event has two such properties.
    """
    value = event.get(key)
    if isinstance(value, list):
        raise CalendarRefusedError(f"{name}: has {key} twice; leave one of them")
    return value


def every_value(event: Event, key: str) -> list[Any]:
    # The library gives a list if an event has a property more than once.
    value = event.get(key)
    return value if isinstance(value, list) else [value] if value is not None else []


def wall_time(name: str, key: str, value: Any, zone_name: Any) -> datetime:
    """Return the value as a time with a zone.

    Raises CalendarRefusedError if the zone is unknown, or if the value is neither a time nor a date.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None and zone_name:
            raise CalendarRefusedError(f"{name}: {key} has an unknown time zone; write TZID=Europe/London")
        # A time without a zone is London time.
        return value if value.tzinfo else value.replace(tzinfo=LONDON)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=LONDON)
    raise CalendarRefusedError(f"{name}: {key} is no time and no day; write it as 20261224T090000")


def _lines(data: bytes) -> list[str]:
    if len(data) > MOST_BYTES:
        raise CalendarRefusedError(f"the calendar is larger than {MOST_BYTES:,} bytes: export fewer days")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CalendarRefusedError("the calendar is not in UTF-8: export it anew as iCalendar (.ics)") from None
    # Not `splitlines`: it also divides lines at signs that a text may hold.
    return _LINE_END.split(_FOLD.sub("", text))


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    # What is inside a part that is not read, such as an alarm in an event, is left out.
    opened: list[str] = []
    held: list[str] = []
    calendars = 0
    for line in lines:
        word, _, part = line.strip().upper().partition(":")
        if not opened and word and (word, part) != _BEGIN:
            raise CalendarRefusedError("the file is no calendar: it must begin with BEGIN:VCALENDAR")
        if word == "BEGIN":
            opened.append(part)
            calendars += len(opened) == 1
            held = [] if opened == _EVENT else held
        elif word == "END":
            if opened == _EVENT and part == "VEVENT":
                yield held
            if opened.pop() != part:
                raise CalendarRefusedError("the calendar is damaged: an END does not fit its BEGIN; export it anew")
        elif opened == _EVENT and _is_read(line):
            held.append(line)
    if opened or not calendars:
        raise CalendarRefusedError("the calendar is not whole: its end is missing; export it anew")


def _is_read(line: str) -> bool:
    name = _NAME.match(line)
    return name is not None and name[0].upper() in _READ


def _event(name: str, lines: list[str]) -> Event:
    if any(len(line) > _LONGEST_LINE for line in lines):
        raise CalendarRefusedError(f"{name}: a line is longer than {_LONGEST_LINE:,} signs; shorten it")
    try:
        event = Event.from_ical("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""]))
    except (ValueError, KeyError, IndexError, OverflowError, AttributeError, TypeError):
        # The library has faults of its own where a parameter is damaged.
        raise CalendarRefusedError(f"{name}: cannot be read as iCalendar; export it anew") from None
    except OSError:
        # A name such as `Europe` is a folder of the time zone database.
        raise CalendarRefusedError(f"{name}: has an unknown time zone; write TZID=Europe/London") from None
    # The library's type says Component only.
    _check_forms(name, made := cast("Event", event))
    return made


def _check_forms(name: str, event: Event) -> None:
    # Errors first: a value with an error has no form, and raises an error of its own when it is asked.
    broken = (str(key or "a line") for key, _ in event.errors)
    formless = (key for key, form in _FORMS.items() for one in every_value(event, key) if not hasattr(one, form))
    # Only properties of the fixed list can be here.
    if found := next(chain(broken, formless), None):
        raise CalendarRefusedError(f"{name}: {found} cannot be read; write it as RFC 5545 says")


def _named(n: int, event: Event) -> str:
    start = getattr(event.get("DTSTART"), "dt", None)
    # The library also reads an hour alone, or a duration, as a start.
    if not isinstance(start, date):
        return f"event {n}"
    hour = f" {start:%H:%M}" if isinstance(start, datetime) else ""
    return f"event {n} ({start.day} {start:%b %Y}{hour})"
