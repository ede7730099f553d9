"""All functions are pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from services.audit.figures.counting import Dimension
from services.audit.figures.publishing import MonthShown, Shown, denominator
from services.audit.figures.quantiles import NO_WAIT, last_day

# Columns of the CSV, in order. Readers depend on them, so none is ever removed.
COLUMNS = (
    "month",
    "figure",
    "table",
    "key",
    "count",
    "withheld",
    "median_days",
    "p90_days",
    "complete",
    "out_of",
    "median_band",
    "p90_band",
)


@dataclass(frozen=True, slots=True)
class FigureCell:
    table: Dimension
    key: str
    # None if the count is withheld or not known.
    count: int | None
    withheld: bool
    out_of: int | None = None
    median_band: str | None = None
    p90_band: str | None = None

    @property
    def median_days(self) -> int | None:
        return last_day(self.median_band) if self.median_band else None

    @property
    def p90_days(self) -> int | None:
        return last_day(self.p90_band) if self.p90_band else None


def cells(figure: Shown, figures: Sequence[Shown]) -> Iterator[FigureCell]:
    yield _cell(figure, figures, Dimension.TOTAL, "", figure.total)
    for table, counts in figure.tables.items():
        for key, count in counts.items():
            yield _cell(figure, figures, table, key, count)


def as_csv(months: Iterable[MonthShown]) -> str:
    """Return CSV as in RFC 4180. A withheld or unknown count is an empty cell."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in months:
        for figure in one.figures:
            for cell in cells(figure, one.figures):
                writer.writerow(_line(one, figure, cell))
    return text.getvalue()


def _cell(figure: Shown, figures: Sequence[Shown], table: Dimension, key: str, count: int | None) -> FigureCell:
    wait = figure.waits.get((table, key), NO_WAIT)
    # A stock that was not counted is not known, which is not the same as withheld.
    withheld = figure.counted and count is None
    out_of = denominator(figures, figure, table, key)
    return FigureCell(table, key, count, withheld, out_of, wait.median, wait.p90)


def _line(month: MonthShown, figure: Shown, cell: FigureCell) -> Iterator[str]:
    yield str(month.month)
    yield figure.definition.figure.value
    yield cell.table.value
    yield cell.key
    numbers = (cell.count, cell.withheld, cell.median_days, cell.p90_days, month.complete, cell.out_of)
    for value in (*numbers, cell.median_band, cell.p90_band):
        # Booleans become `true` and `false`.
        yield "" if value is None else str(value).lower()
