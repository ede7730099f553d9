from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from services.ingest.files.cleaning import clean_cells
from services.ingest.files.heading_rows import KnownHeading, known_count
from services.ingest.files.problems import CellCode, FileCode, FileRefused, Remark
from services.ingest.files.table import MOST_ROWS, FileLimits, Flaw, RawRow, Table, build_table, trimmed

_SEPARATORS = ",;\t|"
# Excel's own first line that states the separator.
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
_KEPT_AS_TEXT = re.compile(r'="([^"]*)"')
_HEAD = 65_536  # characters from which the separator is guessed
_NOT_TEXT_SHARE = 0.1  # share of NUL bytes above which a file is taken for binary


def read_csv(data: bytes, limits: FileLimits, known_heading: KnownHeading | None) -> Table:
    """Raises `FileRefused` if the file is not text, has no headings or has too many columns."""
    encoding = _encoding(data)
    remarks = (Remark.READ_AS_WINDOWS_1252,) if encoding == "cp1252" else ()
    stream = io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace", newline="")
    head = stream.read(_HEAD)
    stated = _SEPARATOR_LINE.match(head)
    stream.seek(0)
    if stated:
        stream.readline()
    separator = stated[1] if stated else _separator(head, limits, known_heading)
    rows = _raw_rows(_Lines(stream, limits), separator, limits)
    return build_table(rows, limits, known_heading, remarks, cells_may_shift=True)


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _checked(data, "utf-16") or _no_table()
    # A few NUL bytes are the fault of single rows, which `_cleaned` reports. Many NUL bytes mean that this is not text.
    head = data[:8192]
    if head.count(0) > len(head) * _NOT_TEXT_SHARE:
        return _no_table()
    # Windows-1252 decodes almost any bytes, so it comes last. It is what Excel in the UK saves as plain CSV.
    return _checked(data, "utf-8-sig") or "cp1252"


def _checked(data: bytes, encoding: str) -> str | None:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return encoding


def _no_table() -> str:
    raise FileRefused(FileCode.NOT_A_TABLE)


def _separator(head: str, limits: FileLimits, known_heading: KnownHeading | None) -> str:
    # The separator that gives the most known headings. Of several, the one that gives the most columns.
    return max(_SEPARATORS, key=lambda separator: _score(head, separator, limits, known_heading))


def _score(head: str, separator: str, limits: FileLimits, known_heading: KnownHeading | None) -> tuple[int, int]:
    try:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=separator, skipinitialspace=True)
        rows = list(islice(reader, limits.heading_rows))
    except csv.Error:
        return 0, 0
    stripped = [[cell.strip() for cell in row] for row in rows]
    known = max((known_count(row, known_heading) for row in stripped), default=0) if known_heading else 0
    return known, max(map(len, rows), default=0)


class _Lines:
    # An unclosed quotation mark would join all later lines to one row.
    def __init__(self, stream: io.TextIOWrapper, limits: FileLimits) -> None:
        self._stream = stream
        # Each sign of a cell may be a doubled quotation mark.
        self._longest = 2 * limits.columns * limits.cell_length
        self._left = self._longest

    def begin_row(self) -> None:
        self._left = self._longest

    def __iter__(self) -> Iterator[str]:
        while line := self._stream.readline(self._left + 1):
            self._left -= len(line)
            if self._left < 0:
                raise FileRefused(FileCode.ROW_TOO_LONG)
            yield line


def _raw_rows(lines: _Lines, separator: str, limits: FileLimits) -> Iterator[RawRow]:
    # A blank before a quotation mark is not part of the cell: `a, "b, c"`.
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    number, line = 0, 0
    while True:
        number += 1
        # Blank rows cost time as well.
        if number > MOST_ROWS:
            raise FileRefused(FileCode.TOO_MANY_ROWS)
        lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # The csv reader continues with the next line, so only the lines of this row are lost. The flaw names them.
            yield number, [], (Flaw(CellCode.BROKEN_QUOTES, lines=(line + 1, reader.line_num)),)
        else:
            # One cell beyond the limit of columns shows as much as a million cells beyond it.
            yield number, *_cleaned(cells if len(cells) <= limits.columns else trimmed(cells)[: limits.columns + 1])
        line = reader.line_num


def _cleaned(cells: Sequence[str]) -> tuple[list[str], tuple[Flaw, ...]]:
    stripped = clean_cells(cells)
    # Almost every row is clean: one search of the whole row is faster than one of each cell.
    text = "".join(stripped)
    if "=" not in text and "\0" not in text:
        return stripped, ()
    if "\0" in text:
        return [cell.replace("\0", "") for cell in stripped], (Flaw(CellCode.NUL_BYTES),)
    stripped = [_kept_as_text(cell) for cell in stripped]
    formulas = tuple(Flaw(CellCode.FORMULA, index) for index, cell in enumerate(stripped) if cell.startswith("="))
    return ["" if cell.startswith("=") else cell for cell in stripped], formulas


def _kept_as_text(cell: str) -> str:
    # Exports write a number as `="01632..."`, so that a spreadsheet keeps the leading zero.
    match = _KEPT_AS_TEXT.fullmatch(cell)
    return match[1].strip() if match else cell
