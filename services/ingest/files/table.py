from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice

from openpyxl.utils.cell import get_column_letter

from services.ingest.files.heading_rows import KnownHeading, find_headings
from services.ingest.files.problems import ROW_CODES, CellCode, CellProblem, FileCode, FileRefused, Remark


@dataclass(frozen=True, slots=True)
class FileLimits:
    # No source prescribes the limits: they are our own choice.
    bytes: int = 20_000_000
    rows: int = 100_000
    columns: int = 200
    cell_length: int = 2_000  # characters in one cell
    heading_rows: int = 30  # rows from the top in which the headings are searched for
    unpacked_bytes: int = 200_000_000  # all parts of a workbook together
    unpacked_ratio: int = 200  # unpacked to packed size of one large part of a workbook, against zip bombs
    parts: int = 1_000  # files inside the zip of a workbook


class DateSystem(StrEnum):
    TEXT = "text"
    SINCE_1900 = "1900"
    SINCE_1904 = "1904"


@dataclass(frozen=True, slots=True)
class SheetRow:
    # An empty cell is "".
    number: int  # as the spreadsheet shows it: the first row of the sheet is 1
    cells: tuple[str, ...]
    problems: tuple[CellProblem, ...] = ()

    @property
    def usable(self) -> bool:
        """Return False if a value may be in the wrong column."""
        return not any(problem.index is None for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Table:
    # The rows can be iterated only once, and the iteration may raise `FileRefused`.
    headings: tuple[str, ...]
    heading_row: int
    rows: Iterable[SheetRow]
    remarks: tuple[str, ...] = ()
    date_system: DateSystem = DateSystem.TEXT


@dataclass(frozen=True, slots=True)
class Flaw:
    code: CellCode
    # None for a fault of the whole row.
    index: int | None = None
    lines: tuple[int, int] | None = None


# The last row of a spreadsheet program. No row of a file may lie beyond it.
MOST_ROWS = 1_048_576
# The number of the row, its stripped cells and their faults.
RawRow = tuple[int, list[str], Sequence[Flaw]]

# Five digits or more: a heading that may be a telephone number, because the file has no headings.
_LONG_DIGITS = re.compile(r"(?:\d[\s().+-]*){5}")


def build_table(
    raw_rows: Iterator[RawRow],
    limits: FileLimits,
    known_heading: KnownHeading | None,
    remarks: tuple[str, ...],
    *,
    cells_may_shift: bool,
) -> Table:
    """Raises `FileRefused` if the file has no headings or too many columns."""
    # In a text file, a separator inside an address moves all later cells.
    top = list(islice(raw_rows, limits.heading_rows))
    found = find_headings([cells for _, cells, _ in top], known_heading)
    read = top[found.first : found.last + 1]
    number = read[-1][0]
    headings = trimmed(found.cells)
    far = any(flaw.index is not None and flaw.index > limits.columns for _, _, flaws in read for flaw in flaws)
    if far or len(headings) > limits.columns:
        raise FileRefused(FileCode.TOO_MANY_COLUMNS)
    if any(any(above) for _, above, _ in top[: found.first]):
        remarks = (*remarks, Remark.ROWS_ABOVE_HEADINGS)
    if len(read) > 1:
        remarks = (*remarks, Remark.TWO_ROWS_OF_HEADINGS)
    # The width includes empty headings at the end: a row may fill those columns without any shift.
    fitter = _RowFitter(
        headings, limits, len(found.cells) if cells_may_shift else None, [cells for _, cells, _ in read]
    )
    return Table(headings, number, fitter.rows(chain(top[found.last + 1 :], raw_rows)), remarks)


def column_label(headings: Sequence[str], index: int) -> str:
    # A heading that looks like a telephone number is left out.
    letter = f"column {get_column_letter(index + 1)}"
    heading = headings[index] if index < len(headings) else ""
    return letter if not heading or _LONG_DIGITS.search(heading) else f"{heading[:60]} ({letter})"


def trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return tuple(cells[:end])


class _RowFitter:
    def __init__(
        self, headings: tuple[str, ...], limits: FileLimits, written_width: int | None, read: Sequence[list[str]]
    ) -> None:
        self._headings = headings
        self._repeats = {headings, *map(tuple, read), *map(trimmed, read)}
        self._limits = limits
        self._written_width = written_width

    def rows(self, raw_rows: Iterable[RawRow]) -> Iterator[SheetRow]:
        count = 0
        for number, cells, flaws in raw_rows:
            if not flaws and not any(cells):
                continue
            # Files that were joined from several exports repeat the headings.
            if not flaws and tuple(cells) in self._repeats:
                continue
            count += 1
            if count > self._limits.rows:
                raise FileRefused(FileCode.TOO_MANY_ROWS)
            yield self._row(number, cells, flaws)

    def _row(self, number: int, cells: list[str], flaws: Sequence[Flaw]) -> SheetRow:
        width = len(self._headings)
        longest = max(map(len, cells), default=0)
        # Fast path: nearly every row fits as it is.
        if len(cells) == width and longest <= self._limits.cell_length and not flaws:
            return SheetRow(number, tuple(cells))
        faults = [*flaws, *self._beyond(cells), *self._too_long(cells)]
        fitted = [*cells[:width], *[""] * (width - len(cells))]
        # A cell that is too long is left out. If it were cut off, the rest could be taken for a value.
        for flaw in faults:
            if flaw.code is CellCode.TOO_LONG and flaw.index is not None:
                fitted[flaw.index] = ""
        return SheetRow(number, tuple(fitted), tuple(self._problem(number, flaw) for flaw in faults))

    def _beyond(self, cells: list[str]) -> Iterator[Flaw]:
        # Values to the right of the last heading.
        written = self._written_width
        if written is not None and len(trimmed(cells)) > written:
            yield Flaw(CellCode.TOO_MANY_CELLS)
            return
        for index in range(len(self._headings), len(cells)):
            if cells[index]:
                yield Flaw(CellCode.NO_HEADING, index)

    def _too_long(self, cells: list[str]) -> Iterator[Flaw]:
        for index, cell in enumerate(cells[: len(self._headings)]):
            if len(cell) > self._limits.cell_length:
                yield Flaw(CellCode.TOO_LONG, index)

    def _problem(self, number: int, flaw: Flaw) -> CellProblem:
        # Without an index the problem makes the whole row unusable, see `SheetRow.usable`.
        if flaw.index is None or flaw.code in ROW_CODES:
            return CellProblem(flaw.code, number, None, "", flaw.lines)
        return CellProblem(flaw.code, number, flaw.index, column_label(self._headings, flaw.index), flaw.lines)
