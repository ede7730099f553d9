"""Imports the shifts of a rota from a calendar."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from icalendar import Event
from pydantic import ValidationError

from services.alerts.policy.rota.calendar_events import CalendarRefusedError, events_of, every_value, single, wall_time
from services.alerts.policy.rota.recurrence import starts_of
from services.alerts.policy.rota.rota_settings import MOST_OVERRIDES, Rota, RotaOverride
from services.alerts.policy.rota.spans import TimeSpan

# A rule that began earlier may name many thousands of days.
_YEARS: Final = (2020, 2099)
_MOST_STARTS: Final = 20_000
_LONGEST: Final = timedelta(days=366)
_ONE_DAY: Final = timedelta(days=1)
_NOT_READ: Final = ("RECURRENCE-ID", "RDATE", "EXRULE")


def read_overrides(data: bytes, rota: Rota, contacts: Collection[str], within: TimeSpan) -> tuple[RotaOverride, ...]:
    """Raises CalendarRefusedError if an event is faulty, or if two shifts of a layer overlap."""
    found = list(_found(data, rota, contacts, within))
    found.sort(key=lambda one: (one[0].layer, one[0].begins))
    for (one, name), (other, later) in pairwise(found):
        if one.layer == other.layer and other.begins < one.ends:
            raise CalendarRefusedError(f"{later}: shares time with {name} in the same layer; shorten one of them")
    return tuple(sorted((one for one, _ in found), key=lambda one: one.begins))


def _found(data: bytes, rota: Rota, contacts: Collection[str], within: TimeSpan) -> Iterator[tuple[RotaOverride, str]]:
    looked_at = kept = 0
    for name, event in events_of(data):
        if unread := next((key for key in _NOT_READ if key in event), None):
            raise CalendarRefusedError(f"{name}: {unread} is not read; write the days that differ as events")
        person, layer = _person(name, event, contacts), _layer(name, event, rota)
        for span in _spans(name, event, within):
            looked_at, kept = looked_at + 1, kept + span.shares_time_with(within)
            # Without the first limit, events that began years ago would take minutes and give nothing.
            if looked_at > _MOST_STARTS or kept > MOST_OVERRIDES:
                raise CalendarRefusedError(
                    f"{name}: with it the calendar has more than {MOST_OVERRIDES} shifts, or {_MOST_STARTS} with those "
                    "before; let rules begin later, or import fewer days at a time"
                )
            if span.shares_time_with(within):
                yield _override(name, layer, person, span), name


def _override(name: str, layer: str, person: str, span: TimeSpan) -> RotaOverride:
    try:
        return RotaOverride(layer=layer, person=person, begins=span.start, ends=span.end)
    except ValidationError as error:
        said = error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise CalendarRefusedError(f"{name}: {said}") from None


def _person(name: str, event: Event, contacts: Collection[str]) -> str:
    person = str(single(name, event, "SUMMARY") or "").strip()
    if person not in contacts:
        raise CalendarRefusedError(
            f"{name}: its summary is the label of no contact; write the label as the policy has it, or add the contact"
        )
    return person


def _layer(name: str, event: Event, rota: Rota) -> str:
    known = [layer.label for layer in rota.layers]
    named = [str(category).strip() for one in every_value(event, "CATEGORIES") for category in one.cats]
    found = dict.fromkeys(label for label in named if label in known)
    if not found and len(known) == 1:
        return known[0]
    if len(found) != 1:
        raise CalendarRefusedError(f"{name}: must have one category that is the label of a layer; write it so")
    return next(iter(found))


def _spans(name: str, event: Event, within: TimeSpan) -> Iterator[TimeSpan]:
    try:
        yield from _every_span(name, event, within)
    except OverflowError:
        raise CalendarRefusedError(f"{name}: has a time that lies too far away; check the years") from None


def _every_span(name: str, event: Event, within: TimeSpan) -> Iterator[TimeSpan]:
    start, end = _ends(name, event)
    if end <= start:
        raise CalendarRefusedError(f"{name}: does not end after it begins; give it a later DTEND")
    rule = single(name, event, "RRULE")
    if rule is None:
        yield TimeSpan(start.astimezone(UTC), end.astimezone(UTC))
        return
    # By the clock on the wall: a shift until 9 ends at 9, also after a night with a clock change.
    lasts = end.astimezone(start.tzinfo).replace(tzinfo=None) - start.replace(tzinfo=None)
    left_out = _left_out(name, event, start)
    for one in starts_of(name, rule, start, within.end):
        if one.replace(tzinfo=None) not in left_out:
            yield TimeSpan(one.astimezone(UTC), (one + lasts).astimezone(UTC))


def _ends(name: str, event: Event) -> tuple[datetime, datetime]:
    begins, ends, lasts = (single(name, event, key) for key in ("DTSTART", "DTEND", "DURATION"))
    if begins is None:
        raise CalendarRefusedError(f"{name}: has no DTSTART; give it a start")
    start = wall_time(name, "DTSTART", begins.dt, begins.params.get("TZID"))
    if not _YEARS[0] <= start.year <= _YEARS[1]:
        raise CalendarRefusedError(f"{name}: begins before {_YEARS[0]} or after {_YEARS[1]}; check the year")
    if ends is not None:
        return start, wall_time(name, "DTEND", ends.dt, ends.params.get("TZID"))
    if lasts is not None and isinstance(lasts.dt, timedelta) and abs(lasts.dt) < _LONGEST:
        return start, start + lasts.dt
    if lasts is None and not isinstance(begins.dt, datetime):
        return start, start + _ONE_DAY
    raise CalendarRefusedError(f"{name}: has no end that a rota uses; give it a DTEND")


def _left_out(name: str, event: Event, first: datetime) -> frozenset[datetime]:
    return frozenset(
        _exception(name, value.dt, days.params.get("TZID"), first)
        for days in every_value(event, "EXDATE")
        for value in days.dts
    )


def _exception(name: str, value: Any, zone_name: Any, first: datetime) -> datetime:
    # A day without a time leaves out the shift that begins on it.
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, first.time())
    return wall_time(name, "EXDATE", value, zone_name).astimezone(first.tzinfo).replace(tzinfo=None)
