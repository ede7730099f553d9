# Macros and formulas never run.

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from defusedxml.common import DefusedXmlException
from openpyxl.utils.datetime import MAC_EPOCH
from openpyxl.utils.exceptions import InvalidFileException

from services.ingest.files.cleaning import clean_cells
from services.ingest.files.heading_rows import KnownHeading
from services.ingest.files.problems import CellCode, FileCode, FileRefused, hidden_sheets, sheets_left_out
from services.ingest.files.table import DateSystem, FileLimits, Flaw, RawRow, Table, build_table
from services.ingest.files.xlsx.archive import check_archive
from services.ingest.files.xlsx.sheet_rows import WrittenCell, sheet_rows
from services.ingest.files.xlsx.workbook import Book, WorkbookSheet, open_book
from services.ingest.files.xlsx.xlsx_cell import cell_text

T = TypeVar("T")

_BLOCK = 1_000  # rows that are read at once
# Raised by openpyxl for a damaged or hostile workbook, for which it has no error of its own.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    SyntaxError,  # what XML parsers raise
    DefusedXmlException,
    InvalidFileException,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RuntimeError,
)


def read_workbook(data: bytes, limits: FileLimits, known_heading: KnownHeading | None) -> Table:
    """Raises `FileRefused` if the workbook is unusable or has no headings."""
    check_archive(data, limits)
    with _damage_refused():
        book = open_book(data)
    sheets = [sheet for sheet in book.sheets if sheet.visible]
    if not sheets:
        raise FileRefused(FileCode.NO_SHEET)
    remarks = [sheets_left_out([sheet.title for sheet in sheets])] if len(sheets) > 1 else []
    remarks += [hidden_sheets(len(book.sheets) - len(sheets))] if len(book.sheets) > len(sheets) else []
    rows = _in_blocks(_raw_rows(book, sheets[0], limits))
    system = DateSystem.SINCE_1904 if book.epoch == MAC_EPOCH else DateSystem.SINCE_1900
    table = build_table(rows, limits, known_heading, tuple(remarks), cells_may_shift=False)
    return replace(table, date_system=system)


def _raw_rows(book: Book, sheet: WorkbookSheet, limits: FileLimits) -> Iterator[RawRow]:
    before = 0
    for number, cells in sheet_rows(book, sheet.part):
        # Blank rows count only where the headings are searched for.
        for blank in range(before + 1, min(number, limits.heading_rows + 1)):
            yield blank, [], ()
        before = max(before, number)
        yield number, *_texts(cells, limits)


def _texts(cells: list[WrittenCell], limits: FileLimits) -> tuple[list[str], tuple[Flaw, ...]]:
    # A cell to the right of the last column that a file may have is reported. The gap before it is not filled.
    near = [cell for cell in cells if cell.column <= limits.columns]
    texts = [""] * max((cell.column + 1 for cell in near), default=0)
    flaws: list[Flaw] = []
    for cell in near:
        texts[cell.column], code = cell_text(cell)
        if code is not None:
            flaws.append(Flaw(code, cell.column))
    far = next((cell.column for cell in cells if cell.column > limits.columns and any(cell_text(cell))), None)
    return clean_cells(texts), (*flaws, Flaw(CellCode.NO_HEADING, far)) if far is not None else tuple(flaws)


def _in_blocks(rows: Iterator[T]) -> Iterator[T]:
    while True:
        with _damage_refused():
            block = list(islice(rows, _BLOCK))
        if not block:
            return
        yield from block


@contextmanager
def _damage_refused() -> Iterator[None]:
    try:
        yield
    except _DAMAGE:
        # `from None`: the text of the cause may quote a cell.
        raise FileRefused(FileCode.UNREADABLE) from None
