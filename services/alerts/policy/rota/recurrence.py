"""Supports only the parts of RFC 5545 that a rota needs."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, tzinfo
from typing import Any, Final

from dateutil import rrule

from services.alerts.policy.rota.calendar_events import CalendarRefusedError

_FREQUENCIES: Final = {
    "DAILY": rrule.DAILY,
    "WEEKLY": rrule.WEEKLY,
    "MONTHLY": rrule.MONTHLY,
    "YEARLY": rrule.YEARLY,
}
# The parts that each frequency may have, beside those of all.
_OF_ALL: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})
_PARTS: Final = {
    "DAILY": frozenset[str](),
    "WEEKLY": frozenset({"BYDAY"}),
    "MONTHLY": frozenset({"BYDAY", "BYMONTHDAY", "BYSETPOS"}),
    "YEARLY": frozenset({"BYMONTH", "BYMONTHDAY"}),
}
_WEEKDAYS: Final = {str(day): day for day in (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)}
_WEEKDAY: Final = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_MOST_INTERVAL, _MOST_COUNT, _LAST_DAY, _MOST_WEEKS = 366, 1_000_000, 31, 5


def starts_of(name: str, rule: Any, first: datetime, until: datetime) -> Iterator[datetime]:
    """Raises CalendarRefusedError if the rule is not supported."""
    parts = {str(key).upper(): list(value) for key, value in rule.items()}
    given = _checked(name, parts)
    zone, start = first.tzinfo, first.replace(tzinfo=None)
    _check_year(name, parts, start)
    # RFC 5545 leaves open what a rule means that does not name its own start.
    if next(iter(rrule.rrule(**given, dtstart=start)), None) != start:
        raise CalendarRefusedError(f"{name}: RRULE does not name the day of DTSTART; begin on the first day it names")
    ends = [_local(until, zone)]
    if "UNTIL" in parts:
        ends.append(_until(name, parts, zone))
    # A rule without an end goes on until the end of the import.
    given |= {"interval": _number(name, parts, "INTERVAL", _MOST_INTERVAL) or 1, "until": min(ends)}
    count = _number(name, parts, "COUNT", _MOST_COUNT)
    for n, found in enumerate(rrule.rrule(**given, dtstart=start)):
        if (count and n >= count) or found >= ends[0]:
            return
        yield found.replace(tzinfo=zone)


def _checked(name: str, parts: dict[str, list[Any]]) -> dict[str, Any]:
    frequency = _one(parts, "FREQ")
    if frequency not in _FREQUENCIES:
        raise CalendarRefusedError(
            f"{name}: FREQ of RRULE must be DAILY, WEEKLY, MONTHLY or YEARLY; write single events instead"
        )
    if unknown := parts.keys() - _OF_ALL - _PARTS[frequency]:
        part = next((one for one in sorted(unknown) if one in _KNOWN), "a part")
        raise CalendarRefusedError(f"{name}: RRULE has {part}, which is not read with FREQ={frequency}; leave it out")
    weekdays = [_weekday(name, frequency, one) for one in parts.get("BYDAY", ())]
    _check_places(name, parts, weekdays)
    return {
        "freq": _FREQUENCIES[frequency],
        "wkst": _WEEKDAYS.get(_one(parts, "WKST"), rrule.MO),
        "byweekday": weekdays or None,
        # In a year the day is that of the start, which is what the library takes then.
        "bymonthday": _days(name, parts, "BYMONTHDAY", _LAST_DAY) if frequency == "MONTHLY" else None,
        "bysetpos": _days(name, parts, "BYSETPOS", _MOST_WEEKS),
    }


# Names that a message may repeat.
_KNOWN: Final = frozenset(
    ["BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"]
)


def _one(parts: dict[str, list[Any]], key: str) -> str:
    return str(parts[key][0]).upper() if len(parts.get(key, ())) == 1 else ""


def _number(name: str, parts: dict[str, list[Any]], key: str, most: int) -> int:
    # Zero if the rule does not have this part.
    if key not in parts:
        return 0
    value = _one(parts, key)
    if not value.isascii() or not value.isdecimal() or not 1 <= int(value[:10]) <= most:
        raise CalendarRefusedError(f"{name}: {key} of RRULE must be a number from 1 to {most}")
    return int(value)


def _days(name: str, parts: dict[str, list[Any]], key: str, most: int) -> list[int] | None:
    values = [str(value) for value in parts.get(key, ())]
    if not all(re.fullmatch(r"[+-]?\d{1,2}", value, re.ASCII) and 1 <= abs(int(value)) <= most for value in values):
        raise CalendarRefusedError(f"{name}: {key} of RRULE must be numbers from 1 to {most}, or from -1 to -{most}")
    return [int(value) for value in values] or None


def _weekday(name: str, frequency: str, value: Any) -> Any:
    found = _WEEKDAY.fullmatch(str(value).upper())
    if found is None or (found[1] and frequency == "WEEKLY"):
        raise CalendarRefusedError(f"{name}: BYDAY of RRULE must be days such as MO, and in a month also 1MO or -1FR")
    return _WEEKDAYS[found[2]](int(found[1])) if found[1] else _WEEKDAYS[found[2]]


def _check_places(name: str, parts: dict[str, list[Any]], weekdays: Sequence[Any]) -> None:
    # Together these parts may name a day that never comes, such as the fifth of the first Mondays of a month.
    if "BYDAY" in parts and "BYMONTHDAY" in parts:
        raise CalendarRefusedError(f"{name}: RRULE has BYDAY and BYMONTHDAY; leave one of them")
    if "BYSETPOS" in parts and (not weekdays or any(day.n for day in weekdays)):
        raise CalendarRefusedError(f"{name}: BYSETPOS of RRULE needs BYDAY with days such as MO,TU; write it so")


def _check_year(name: str, parts: dict[str, list[Any]], start: datetime) -> None:
    if _one(parts, "FREQ") != "YEARLY":
        return
    for key, own in (("BYMONTH", start.month), ("BYMONTHDAY", start.day)):
        if key in parts and _one(parts, key) != str(own):
            raise CalendarRefusedError(f"{name}: {key} of RRULE must be that of DTSTART; write one event for each day")
    # Without a month it would be that day of each month.
    if "BYMONTHDAY" in parts and "BYMONTH" not in parts:
        raise CalendarRefusedError(f"{name}: BYMONTHDAY of RRULE needs BYMONTH with FREQ=YEARLY; write both or none")


def _until(name: str, parts: dict[str, list[Any]], zone: tzinfo | None) -> datetime:
    found = parts["UNTIL"][0] if len(parts["UNTIL"]) == 1 else None
    if isinstance(found, datetime):
        return _local(found, zone) if found.tzinfo else found
    if isinstance(found, date):
        return datetime.combine(found, time.max)
    raise CalendarRefusedError(f"{name}: UNTIL of RRULE is no day and no time; write it as 20261231T235959Z")


def _local(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
