"""The shifts of a layer never overlap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.alerts.policy.rota.rota_settings import LONGEST_OVERRIDE_DAYS, WEEKDAYS, Rota, RotaLayer
from services.alerts.policy.rota.spans import TimeSpan, daily
from services.core.clock import london_day
from services.core.days.council_days import london_time

_WEEK: Final = timedelta(days=7)
_LONGEST: Final = timedelta(days=LONGEST_OVERRIDE_DAYS)
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Shift:
    span: TimeSpan
    layer: str
    tier: str
    # The label of the contact.
    person: str
    by_override: bool = False


def shifts(rota: Rota, within: TimeSpan) -> list[Shift]:
    found = [shift for layer in rota.layers for shift in _of_layer(rota, layer, within)]
    # Sorting keeps the order of layers for shifts that start together.
    return sorted(found, key=lambda shift: shift.span.start)


def on_duty(rota: Rota, at: datetime) -> list[Shift]:
    """A contact in several layers is returned once."""
    within = TimeSpan(at, at + _INSTANT)
    found: dict[str, Shift] = {}
    for layer in rota.layers:
        for shift in _of_layer(rota, layer, within):
            found.setdefault(shift.person, shift)
    return list(found.values())


def next_shifts(rota: Rota, at: datetime, until: datetime) -> list[Shift]:
    found: dict[str, Shift] = {}
    for shift in shifts(rota, TimeSpan(at, until)):
        if shift.span.start > at:
            found.setdefault(shift.layer, shift)
    return list(found.values())


def _of_layer(rota: Rota, layer: RotaLayer, within: TimeSpan) -> Iterator[Shift]:
    found = list(_planned(layer, within))
    for shift in _taken_over(rota, layer, [within, *(one.span for one in found)]):
        found = [*_without(found, shift.span), shift]
    return (shift for shift in found if shift.span.shares_time_with(within))


def _taken_over(rota: Rota, layer: RotaLayer, spans: Sequence[TimeSpan]) -> Iterator[Shift]:
    # Overrides outside the time asked for are needed too: they end a shift that reaches into it.
    earliest, latest = min(one.start for one in spans), max(one.end for one in spans)
    for one in rota.overrides:
        if one.layer == layer.label and one.begins < latest + _LONGEST and one.ends > earliest - _LONGEST:
            yield Shift(TimeSpan(one.begins, one.ends), layer.label, layer.tier, one.person, by_override=True)


def _without(found: Sequence[Shift], taken: TimeSpan) -> list[Shift]:
    return [replace(shift, span=part) for shift in found for part in shift.span.without(taken)]


def _planned(layer: RotaLayer, within: TimeSpan) -> Iterator[Shift]:
    for turn in _turns(layer, within):
        for span in _hours(layer, turn.span, within):
            yield replace(turn, span=span)


def _hours(layer: RotaLayer, turn: TimeSpan, within: TimeSpan) -> Iterator[TimeSpan]:
    if layer.hours is None:
        yield turn
        return
    days = {WEEKDAYS.index(day) for day in layer.hours.weekdays}
    # Hours that last over a handover are divided by it.
    for span in daily(layer.hours.begins, layer.hours.ends, turn.within(within), days):
        yield span.within(turn)


def _turns(layer: RotaLayer, within: TimeSpan) -> Iterator[Shift]:
    last = None if layer.ends_on is None else london_time(layer.ends_on, layer.handover)
    # One week earlier, because the turn at the start of `within` may have begun before.
    week = max(0, (london_day(within.start) - layer.starts_on) // _WEEK - 1)
    while (begins := london_time(layer.starts_on + week * _WEEK, layer.handover)) < min(within.end, last or within.end):
        ends = london_time(layer.starts_on + (week + 1) * _WEEK, layer.handover)
        turn = TimeSpan(begins, ends if last is None else min(ends, last))
        person = layer.people[week % len(layer.people)]
        # Null stands for a week in which nobody has the turn.
        if person is not None and turn.shares_time_with(within):
            yield Shift(turn, layer.label, layer.tier, person)
        week += 1
