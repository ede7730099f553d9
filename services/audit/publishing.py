"""Figures as they may be shown: small counts withheld, waits as median and nine tenths. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.audit.counting import Counts, Dimension
from services.audit.figures import DEFINITIONS, SMALLEST_WAITS, Definition, Figure, Kind
from services.audit.suppression import SMALL, publish

SHOWN = (Dimension.COUNCIL, Dimension.PROVIDER, Dimension.KIND)


@dataclass(frozen=True, slots=True)
class Wait:
    """How long it took, in whole days: half took no longer than `median`, nine in ten no longer than `nine_tenths`."""

    median: int
    nine_tenths: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure of a month as it may be shown: None where a count is withheld."""

    definition: Definition
    total: int | None
    tables: Mapping[Dimension, Mapping[str, int | None]]
    waits: Mapping[tuple[Dimension, str], Wait] = field(default_factory=dict)
    """Of a wait: the national one under (TOTAL, ""), and one for each council and provider with enough of them."""


def shown(counts: Counts, small: int = SMALL) -> tuple[Shown, ...]:
    """All figures of a month's counts."""
    return tuple(_shown(definition, counts, small) for definition in DEFINITIONS)


def _shown(definition: Definition, counts: Counts, small: int) -> Shown:
    figure = definition.figure
    is_wait = definition.kind is Kind.WAIT
    tables = {one: _table(counts, figure, one) for one in SHOWN if not (is_wait and one is Dimension.KIND)}
    total = counts[figure, Dimension.TOTAL, ""]
    made = publish({name.value: table for name, table in tables.items()}, total, small)
    waits = dict(_waits(counts, figure, made.total, made.tables)) if is_wait else {}
    return Shown(definition, made.total, {Dimension(name): table for name, table in made.tables.items()}, waits)


def _waits(
    counts: Counts, figure: Figure, total: int | None, tables: Mapping[str, Mapping[str, int | None]]
) -> list[tuple[tuple[Dimension, str], Wait]]:
    found: list[tuple[tuple[Dimension, str], Wait]] = []
    if (total or 0) >= SMALLEST_WAITS:
        days = {int(day): number for day, number in _table(counts, figure, Dimension.KIND).items()}
        found.append(((Dimension.TOTAL, ""), _wait(days)))
    for dimension, by_days in (
        (Dimension.COUNCIL, Dimension.COUNCIL_DAYS),
        (Dimension.PROVIDER, Dimension.PROVIDER_DAYS),
    ):
        detailed = _table(counts, figure, by_days)
        for key, number in tables[dimension].items():
            if (number or 0) >= SMALLEST_WAITS:
                days = {int(one.split("/")[1]): many for one, many in detailed.items() if one.split("/")[0] == key}
                found.append(((dimension, key), _wait(days)))
    return found


def _wait(days: Mapping[int, int]) -> Wait:
    return Wait(_within(days, 5), _within(days, 9))


def _within(days: Mapping[int, int], tenths: int) -> int:
    """The fewest days within which so many tenths of all came to an end."""
    needed, reached = sum(days.values()) * tenths, 0
    for day in sorted(days):
        reached += days[day]
        if reached * 10 >= needed:
            return day
    return 0


def _table(counts: Counts, figure: Figure, dimension: Dimension) -> dict[str, int]:
    return {key: number for (one, where, key), number in counts.items() if (one, where) == (figure, dimension)}
