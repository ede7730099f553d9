"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.audit.figures.counting import Dimension
from services.audit.figures.figures import DEFINED, DEFINITIONS, Definition, Figure, Kind
from services.audit.figures.publishing import CODES, CROSSED, MonthShown, Shown, denominator, of_figure
from services.audit.report import plots
from services.audit.report.wording import (
    WITHHELD,
    Value,
    long_name,
    month_name,
    short_name,
    value,
    wait_values,
    words,
)

# The most urgent figures: alarms that may be dead, and people still at risk.
HEADLINES = (
    Figure.MIGRATED_UNCONFIRMED,
    Figure.RESTRICTED_WHILE_OPEN,
    Figure.PAST_DATE_UNCONFIRMED,
    Figure.CASES_OPEN,
)

WAITS = tuple(one.figure for one in DEFINITIONS if one.kind is Kind.WAIT)
# The largest number of bars in a plot by council or provider. The table shows all councils or providers.
MOST_BARS = 15
# The largest number of months in a plot over time, so that no text covers another. The table shows all months.
MOST_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Headline:
    figure: Figure
    title: str
    value: Value
    note: str
    # The value of the month before.
    before: str


@dataclass(frozen=True, slots=True)
class FigureRow:
    name: str
    # A code or a word beside the name.
    note: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    caption: str
    headings: tuple[str, ...]
    rows: tuple[FigureRow, ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    months: Sequence[MonthShown]
    # The names of councils and providers by code.
    names: Mapping[str, str]
    made_at: datetime

    @property
    def last(self) -> MonthShown:
        return self.months[-1]

    def headlines(self) -> Iterator[Headline]:
        for figure in (*HEADLINES, *WAITS):
            before = self.months[-2] if len(self.months) > 1 else None
            earlier = _headline(before, figure) if before else None
            said = f"{long_name(before.month)}: {earlier.text} {earlier.of}".strip() if before and earlier else ""
            now = _headline(self.last, figure)
            yield Headline(figure, DEFINED[figure].title, now, _headline_note(figure, now), said)

    def over_time(self, figure: Figure) -> plots.Plot:
        return plots.columns([_point(one, figure) for one in self.months[-MOST_MONTHS:]])

    def waits_over_time(self, figure: Figure) -> plots.SpanPlot:
        return plots.spans([_span(one, figure) for one in self.months[-MOST_MONTHS:]])

    def by_kind(self, definition: Definition) -> plots.Plot | None:
        """Return None if every count is zero or withheld."""
        kinds = _of(self.last, definition.figure).tables.get(Dimension.KIND, {})
        return _rows([plots.Point(words(kind), count, WITHHELD) for kind, count in kinds.items()])

    def by_each(self, figure: Figure, dimension: Dimension) -> plots.Plot | None:
        """Only the MOST_BARS highest counts have a bar."""
        shown = _of(self.last, figure)
        points = [
            plots.Point(self.name(code), count, WITHHELD, of=_counted(self.last, shown, dimension, code).of)
            for code, count in shown.tables.get(dimension, {}).items()
        ]
        # Withheld counts come last, in alphabetical order, so that the order reveals nothing.
        points.sort(key=lambda point: (point.value is None, -(point.value or 0), point.label))
        return _rows(points[:MOST_BARS])

    def nation(self) -> Grid:
        shown = [_of(self.last, one.figure) for one in DEFINITIONS if _stands_alone(one)]
        rows = (
            FigureRow(
                long_name(month.month),
                "" if month.complete else "to date",
                tuple(_own(month, one.definition.figure, Dimension.TOTAL, "") for one in shown),
            )
            for month in self.months
        )
        return Grid("The nation, month by month", ("Month", *map(_heading, shown)), tuple(rows))

    def by_month(self, definition: Definition) -> Grid:
        headings = ["Month", "Total", *map(words, definition.kinds)]
        if definition.kind is Kind.WAIT:
            headings += ["half within, days", "nine in ten within, days"]
        rows = tuple(_month_row(one, definition) for one in self.months)
        return Grid(f"{definition.title}: the nation, month by month", tuple(headings), rows)

    def overview(self, dimension: Dimension) -> Grid:
        shown = [_of(self.last, one.figure) for one in DEFINITIONS if dimension in one.by and _stands_alone(one)]
        codes = {code for one in shown for code in one.tables.get(dimension, {})}
        rows = [FigureRow(self.name(code), code, self._own_values(shown, dimension, code)) for code in codes]
        # Withheld numbers sort as zero, so that the order reveals nothing.
        rows.sort(key=lambda row: ([-(one.number or 0) for one in row.values], row.name))
        headings = (dimension.capitalize(), *map(_heading, shown))
        return Grid(f"Every {dimension} with a case: {month_name(self.last)}", headings, tuple(rows))

    def crossed(self, definition: Definition) -> Iterator[Grid]:
        """Return the tables of kinds by council and by provider. Leave out a table without a published count."""
        shown = _of(self.last, definition.figure)
        for dimension in CODES:
            counts = shown.tables.get(dimension, {})
            if counts and definition.kinds and CROSSED[dimension] in shown.tables:
                headings = (dimension.capitalize(), "Total", *map(words, definition.kinds))
                rows = tuple(self._crossed_row(shown, dimension, code) for code in sorted(counts, key=self.name))
                if any(one.number is not None for row in rows for one in row.values):
                    yield Grid(f"{definition.title} by {dimension}: {month_name(self.last)}", headings, rows)

    def name(self, code: str) -> str:
        return self.names.get(code, code)

    def _own_values(self, shown: Sequence[Shown], dimension: Dimension, code: str) -> tuple[Value, ...]:
        return tuple(_own(self.last, one.definition.figure, dimension, code) for one in shown)

    def _crossed_row(self, shown: Shown, dimension: Dimension, code: str) -> FigureRow:
        found, kinds = shown.tables[CROSSED[dimension]], shown.definition.kinds
        counts = (shown.tables[dimension][code], *(found.get(f"{code}/{kind}", 0) for kind in kinds))
        return FigureRow(self.name(code), code, tuple(value(shown, count) for count in counts))


def _of(month: MonthShown, figure: Figure) -> Shown:
    return of_figure(month.figures, figure)


def _headline_note(figure: Figure, now: Value) -> str:
    if DEFINED[figure].kind is Kind.WAIT:
        return f"half took no longer, {now.of} waits" if now.of else ""
    whole = DEFINED[figure].out_of
    return f"{now.of} {DEFINED[whole].title.lower()}" if whole and now.of else ""


def _headline(month: MonthShown, figure: Figure) -> Value:
    own = _own(month, figure, Dimension.TOTAL, "")
    if own.number is None or DEFINED[figure].kind is not Kind.WAIT:
        return own
    return replace(own, text=f"{own.text} days")


def _heading(shown: Shown) -> str:
    title = shown.definition.title
    return f"{title}: half within, days" if shown.definition.kind is Kind.WAIT else title


def _own(month: MonthShown, figure: Figure, dimension: Dimension, key: str) -> Value:
    shown = _of(month, figure)
    if shown.definition.kind is Kind.WAIT:
        return wait_values(shown, dimension, key)[0]
    return _counted(month, shown, dimension, key)


def _counted(month: MonthShown, shown: Shown, dimension: Dimension, key: str) -> Value:
    count = shown.tables.get(dimension, {}).get(key, 0) if key else shown.total
    return value(shown, count, denominator(month.figures, shown, dimension, key))


def _stands_alone(definition: Definition) -> bool:
    # Kinds have columns of their own elsewhere. Waits are shown as one median.
    return not definition.kinds or definition.kind is Kind.WAIT


def _rows(points: Sequence[plots.Point]) -> plots.Plot | None:
    return plots.rows(points) if any(point.value for point in points) else None


def _point(month: MonthShown, figure: Figure) -> plots.Point:
    shown = _of(month, figure)
    counted = value(shown, shown.total)
    return plots.Point(short_name(month.month), counted.number, counted.text, partial=not month.complete)


def _span(month: MonthShown, figure: Figure) -> plots.Reach:
    median, p90 = wait_values(_of(month, figure), Dimension.TOTAL, "")
    return plots.Reach(short_name(month.month), median, p90)


def _month_row(month: MonthShown, definition: Definition) -> FigureRow:
    shown = _of(month, definition.figure)
    counts = shown.tables.get(Dimension.KIND, {})
    values = [value(shown, count) for count in (shown.total, *(counts.get(kind, 0) for kind in definition.kinds))]
    if definition.kind is Kind.WAIT:
        values += wait_values(shown, Dimension.TOTAL, "")
    return FigureRow(long_name(month.month), "" if month.complete else "to date", tuple(values))
