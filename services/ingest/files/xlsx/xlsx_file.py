"""Reads the first visible sheet of an XLSX or XLSM workbook as text. Macros and formulas are never run."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Protocol, TypeVar, cast

import openpyxl
from defusedxml.common import DefusedXmlException
from openpyxl.utils.datetime import MAC_EPOCH
from openpyxl.utils.exceptions import InvalidFileException

from services.ingest.files.cleaning import clean_cells
from services.ingest.files.heading_rows import KnownHeading
from services.ingest.files.problems import FileCode, FileRefused, hidden_sheets, sheets_left_out
from services.ingest.files.table import DateSystem, FileLimits, Flaw, RawRow, Table, build_table
from services.ingest.files.xlsx.archive import check_archive
from services.ingest.files.xlsx.xlsx_cell import Cell, cell_text

T = TypeVar("T")

# The last row of a spreadsheet program. A higher row number is an attack or damage: each gap would be filled with rows.
_LAST_ROW = 1_048_576
_BLOCK = 1_000  # rows that are read for each hold of the lock
_NO_FLAWS: tuple[Flaw, ...] = ()
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
_warnings_lock = threading.Lock()


class _Sheet(Protocol):
    """The part of openpyxl's read-only sheet that is used here. The library's types do not describe it."""

    title: str
    sheet_state: str

    def reset_dimensions(self) -> None: ...
    def iter_rows(self) -> Iterator[tuple[Cell, ...]]: ...


def read_workbook(data: bytes, limits: FileLimits, known_heading: KnownHeading | None) -> Table:
    """Return the table on the first visible sheet. Raises `FileRefused` for a bad archive or missing headings."""
    check_archive(data, limits)
    with _damage_refused():
        workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        every = cast("list[_Sheet]", workbook.worksheets)
        sheets = [sheet for sheet in every if sheet.sheet_state == "visible"]
    if not sheets:
        raise FileRefused(FileCode.NO_SHEET)
    remarks = [sheets_left_out([sheet.title for sheet in sheets])] if len(sheets) > 1 else []
    remarks += [hidden_sheets(len(every) - len(sheets))] if len(every) > len(sheets) else []
    # Some programs write a sheet size that is too small, and openpyxl would stop there.
    sheets[0].reset_dimensions()
    rows = _in_blocks(_raw_rows(sheets[0]))
    system = DateSystem.SINCE_1904 if workbook.epoch == MAC_EPOCH else DateSystem.SINCE_1900
    table = build_table(rows, limits, known_heading, tuple(remarks), cells_may_shift=False)
    return replace(table, date_system=system)


def _raw_rows(sheet: _Sheet) -> Iterator[RawRow]:
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > _LAST_ROW:
            raise FileRefused(FileCode.UNREADABLE)
        yield number, *_texts(cells)


def _texts(cells: tuple[Cell, ...]) -> tuple[list[str], tuple[Flaw, ...]]:
    read = [cell_text(cell) for cell in cells]
    texts = clean_cells([text for text, _ in read])
    if all(code is None for _, code in read):
        return texts, _NO_FLAWS
    return texts, tuple(Flaw(code, index) for index, (_, code) in enumerate(read) if code is not None)


def _in_blocks(rows: Iterator[T]) -> Iterator[T]:
    # The lock is free while the caller works on a block, so that several uploads make progress together.
    while True:
        with _damage_refused():
            block = list(islice(rows, _BLOCK))
        if not block:
            return
        yield from block


@contextmanager
def _damage_refused() -> Iterator[None]:
    # The library's warnings may quote a cell, so they must not reach the log. The warning filters belong to the whole
    # process, hence the lock.
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except _DAMAGE:
            # `from None`: the text of the cause may quote a cell.
            raise FileRefused(FileCode.UNREADABLE) from None
