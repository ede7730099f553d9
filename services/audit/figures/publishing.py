"""All functions are pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.audit.figures.counting import Counts, Dimension
from services.audit.figures.figures import BANDS, DEFINITIONS, Definition, Figure, Kind
from services.audit.figures.months import Month
from services.audit.figures.quantiles import Wait, wait_of
from services.audit.figures.suppression import (
    NO_PART,
    SMALL,
    PublishedFigure,
    TablePart,
    publish_crossed,
    publish_tables,
)

# Counts by council, provider or kind. A withheld count is None. A missing key means zero.
Table = Mapping[str, int | None]

CODES = (Dimension.COUNCIL, Dimension.PROVIDER)
CROSSED = {Dimension.COUNCIL: Dimension.COUNCIL_KIND, Dimension.PROVIDER: Dimension.PROVIDER_KIND}


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure in published form. A count is None if the count is withheld or not known."""

    definition: Definition
    total: int | None
    tables: Mapping[Dimension, Table]
    # For waits: the national one under (TOTAL, ""), and one for each council and provider whose bands are published.
    waits: Mapping[tuple[Dimension, str], Wait] = field(default_factory=dict)
    # False for a stock that was not counted at the end of the month. It is not known, neither zero nor withheld.
    counted: bool = True


@dataclass(frozen=True, slots=True)
class MonthShown:
    month: Month
    figures: Sequence[Shown]
    # False for the current month.
    complete: bool = True


def shown(counts: Counts, small: int = SMALL) -> tuple[Shown, ...]:
    """Return every figure in published form.

    Counts of people from 1 to `small` - 1 are withheld. Other counts that would reveal such a count are withheld too.
    """
    return tuple(_shown(definition, counts, small) for definition in DEFINITIONS)


def _shown(definition: Definition, counts: Counts, small: int) -> Shown:
    # A counted figure always has a total, even zero.
    if (definition.figure, Dimension.TOTAL, "") not in counts:
        return Shown(definition, None, {}, counted=False)
    if not definition.of_people:
        # Councils and providers are no people, so nothing is withheld.
        small = 0
    published = _published(definition.counted_as or definition.figure, counts, small)
    tables: dict[Dimension, Table] = {one: published.tables[one] for one in CODES if one in definition.by}
    kinds = published.tables[_kinds_of(definition.figure)]
    if kinds:
        tables[Dimension.KIND] = kinds
        tables |= {
            CROSSED[one]: _crossed(counts, definition, one, tables[one], kinds, small) for one in CODES if one in tables
        }
    waits = dict(_waits(published.total, tables)) if definition.kind is Kind.WAIT else {}
    return Shown(definition, published.total, tables, waits)


def of_figure(figures: Sequence[Shown], figure: Figure) -> Shown:
    return next(one for one in figures if one.definition.figure is figure)


def denominator(figures: Sequence[Shown], one: Shown, dimension: Dimension, key: str) -> int | None:
    """Return the denominator of one count, or None if no denominator is published."""
    if one.definition.out_of is None or dimension not in (Dimension.TOTAL, *CODES):
        return None
    whole = of_figure(figures, one.definition.out_of)
    if not whole.counted or dimension is Dimension.TOTAL:
        return whole.total
    # A council or provider that a table does not list has none. Not every figure has a table of each.
    table = whole.tables.get(dimension)
    return None if table is None else table.get(key, 0)


def _published(figure: Figure, counts: Counts, small: int) -> PublishedFigure:
    tables: dict[str, Mapping[str, int]] = {one.value: _table(counts, figure, one) for one in CODES}
    for definition in DEFINITIONS:
        # Figures that count the same cases are decided together: one must not reveal the other.
        if figure in (definition.figure, definition.counted_as):
            tables[_kinds_of(definition.figure)] = _kinds(counts, definition)
    return publish_tables(tables, counts[figure, Dimension.TOTAL, ""], small, _part_of(counts, figure))


def _part_of(counts: Counts, figure: Figure) -> TablePart:
    for definition in DEFINITIONS:
        if definition.part_of is figure:
            tables = {one.value: _table(counts, definition.figure, one) for one in CODES}
            return TablePart(counts[definition.figure, Dimension.TOTAL, ""], tables)
    return NO_PART


def _kinds_of(figure: Figure) -> str:
    return f"kinds of {figure}"


def _kinds(counts: Counts, definition: Definition) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for kind, number in _table(counts, definition.figure, Dimension.KIND).items():
        found[_kind_of(definition, kind)] += number
    # Known kinds are shown even if zero.
    return {kind: found[kind] for kind in definition.kinds or sorted(found)}


def _kind_of(definition: Definition, counted: str) -> str:
    # Waits are counted by single days.
    return band(int(counted)) if definition.kind is Kind.WAIT else counted


def band(days: int) -> str:
    return next(name for last, name in BANDS if last is None or days <= last)


def _crossed(
    counts: Counts, definition: Definition, dimension: Dimension, rows: Table, kinds: Table, small: int
) -> Table:
    found: Counter[str] = Counter()
    for key, number in _table(counts, definition.figure, CROSSED[dimension]).items():
        row, _, kind = key.partition("/")
        found[f"{row}/{_kind_of(definition, kind)}"] += number
    # A missing pair is zero and must be present: suppression adds up whole rows.
    crossed = {row: {kind: found[f"{row}/{kind}"] for kind in kinds} for row in sorted(rows)}
    made = publish_crossed(crossed, rows, kinds, small)
    return {f"{row}/{kind}": number for row, numbers in made.items() for kind, number in numbers.items()}


def _waits(total: int | None, tables: Mapping[Dimension, Table]) -> Iterator[tuple[tuple[Dimension, str], Wait]]:
    # Only what is published goes in, so a quantile cannot tell more.
    kinds = tables.get(Dimension.KIND, {})
    if found := wait_of(kinds, total):
        yield (Dimension.TOTAL, ""), found
    for dimension in CODES:
        for code, count in tables.get(dimension, {}).items():
            bands = {kind: tables[CROSSED[dimension]].get(f"{code}/{kind}", 0) for kind in kinds}
            if found := wait_of(bands, count):
                yield (dimension, code), found


def _table(counts: Counts, figure: Figure, dimension: Dimension) -> dict[str, int]:
    return {key: number for (one, where, key), number in sorted(counts.items()) if (one, where) == (figure, dimension)}
