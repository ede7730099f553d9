"""Writes figures as one long table with a line for each count, for CSV files and other programs. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO

from services.audit.figures.counting import Dimension
from services.audit.figures.publishing import MonthShown, Shown

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
)


@dataclass(frozen=True, slots=True)
class FigureCell:
    """A published count with its table and key. `count` is None if the count is withheld or not known."""

    table: Dimension
    key: str
    count: int | None
    withheld: bool
    median_days: int | None = None
    p90_days: int | None = None


def cells(figure: Shown) -> Iterator[FigureCell]:
    """Yield every count of a figure: first the total, then the counts of its tables."""
    yield _cell(figure, Dimension.TOTAL, "", figure.total)
    for table, counts in figure.tables.items():
        for key, count in counts.items():
            yield _cell(figure, table, key, count)


def as_csv(months: Iterable[MonthShown]) -> str:
    """Return the figures as CSV (RFC 4180).

    A count is empty if it is withheld or not known. The column `withheld` is true in the first case, false in the
    second.
    """
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in months:
        for figure in one.figures:
            for cell in cells(figure):
                writer.writerow(_line(one, figure, cell))
    return text.getvalue()


def _cell(figure: Shown, table: Dimension, key: str, count: int | None) -> FigureCell:
    wait = figure.waits.get((table, key))
    # A stock that was not counted is not known, which is not the same as withheld.
    withheld = figure.counted and count is None
    return FigureCell(table, key, count, withheld, wait.median if wait else None, wait.p90 if wait else None)


def _line(month: MonthShown, figure: Shown, cell: FigureCell) -> Iterator[str]:
    yield str(month.month)
    yield figure.definition.figure.value
    yield cell.table.value
    yield cell.key
    for number in (cell.count, cell.withheld, cell.median_days, cell.p90_days, month.complete):
        # Booleans become `true` and `false`.
        yield "" if number is None else str(number).lower()
