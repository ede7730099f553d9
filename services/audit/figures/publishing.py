"""Prepares figures for publication: withholds small counts, and reduces waits to median and 90th percentile. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.audit.figures.counting import Counts, Dimension
from services.audit.figures.figures import BANDS, DEFINITIONS, SMALLEST_WAITS, Definition, Figure, Kind
from services.audit.figures.months import Month
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
class Wait:
    """A wait in whole days: half took no longer than `median`, 90 % no longer than `p90`."""

    median: int
    p90: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure of one month, ready for publication. A withheld count is None."""

    definition: Definition
    total: int | None
    tables: Mapping[Dimension, Table]
    # For waits: the national one under (TOTAL, ""), and one for each council and provider that had enough waits.
    waits: Mapping[tuple[Dimension, str], Wait] = field(default_factory=dict)
    # False for a stock that was not counted at the end of the month. It is not known, neither zero nor withheld.
    counted: bool = True


@dataclass(frozen=True, slots=True)
class MonthShown:
    """The figures of a month, ready for publication. `complete` is False for the current month, which is not over."""

    month: Month
    figures: Sequence[Shown]
    complete: bool = True


def shown(counts: Counts, small: int = SMALL) -> tuple[Shown, ...]:
    """Return all figures of a month, ready for publication.

    In figures that count people, counts from 1 to `small` - 1 are withheld, and so are counts that would reveal them.
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
    if definition.kind is Kind.WAIT:
        # A wait has no crossed table: its kinds are single days.
        return Shown(definition, published.total, tables, dict(_waits(counts, definition.figure, published)))
    if kinds:
        tables |= {
            CROSSED[one]: _crossed(counts, definition, one, tables[one], kinds, small) for one in CODES if one in tables
        }
    return Shown(definition, published.total, tables)


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
    is_wait = definition.kind is Kind.WAIT
    found: Counter[str] = Counter()
    for kind, number in _table(counts, definition.figure, Dimension.KIND).items():
        found[band(int(kind)) if is_wait else kind] += number
    # Known kinds are shown even if zero.
    return {kind: found[kind] for kind in definition.kinds or sorted(found)}


def band(days: int) -> str:
    return next(name for last, name in BANDS if last is None or days <= last)


def _crossed(
    counts: Counts, definition: Definition, dimension: Dimension, rows: Table, kinds: Table, small: int
) -> Table:
    found = _table(counts, definition.figure, CROSSED[dimension])
    # A missing pair is zero and must be present: suppression adds up whole rows.
    crossed = {row: {kind: found.get(f"{row}/{kind}", 0) for kind in kinds} for row in sorted(rows)}
    made = publish_crossed(crossed, rows, kinds, small)
    return {f"{row}/{kind}": number for row, numbers in made.items() for kind, number in numbers.items()}


def _waits(counts: Counts, figure: Figure, published: PublishedFigure) -> Iterator[tuple[tuple[Dimension, str], Wait]]:
    # Uses the published count: a median beside a withheld count would reveal that the count is not small.
    if (published.total or 0) >= SMALLEST_WAITS:
        days = {int(day): number for day, number in _table(counts, figure, Dimension.KIND).items()}
        yield (Dimension.TOTAL, ""), _wait(days)
    for dimension in CODES:
        of_each: dict[str, dict[int, int]] = defaultdict(dict)
        for key, number in _table(counts, figure, CROSSED[dimension]).items():
            code, _, day = key.partition("/")
            of_each[code][int(day)] = number
        for code, shown_number in published.tables[dimension].items():
            if (shown_number or 0) >= SMALLEST_WAITS:
                yield (dimension, code), _wait(of_each[code])


def _wait(days: Mapping[int, int]) -> Wait:
    return Wait(_within(days, 5), _within(days, 9))


def _within(days: Mapping[int, int], tenths: int) -> int:
    # In tenths, so that no rounding is needed.
    needed, reached = sum(days.values()) * tenths, 0
    for day in sorted(days):
        reached += days[day]
        if reached * 10 >= needed:
            return day
    return 0


def _table(counts: Counts, figure: Figure, dimension: Dimension) -> dict[str, int]:
    return {key: number for (one, where, key), number in sorted(counts.items()) if (one, where) == (figure, dimension)}
