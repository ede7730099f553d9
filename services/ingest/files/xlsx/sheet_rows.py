from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.utils.datetime import from_excel, from_ISO8601
from openpyxl.xml.constants import SHEET_MAIN_NS

from services.ingest.files.problems import FileCode, FileRefused
from services.ingest.files.table import MOST_ROWS
from services.ingest.files.xlsx.workbook import Book, elements, string_text

_ROW: Final = f"{{{SHEET_MAIN_NS}}}row"
_CELL: Final = f"{{{SHEET_MAIN_NS}}}c"
_VALUE: Final = f"{{{SHEET_MAIN_NS}}}v"
_FORMULA: Final = f"{{{SHEET_MAIN_NS}}}f"
_INLINE: Final = f"{{{SHEET_MAIN_NS}}}is"
# The last column of a spreadsheet program.
_LAST_COLUMN: Final = 16_384


class WrittenCell(NamedTuple):
    column: int  # the first is 0
    value: object
    # A code of openpyxl, such as `f` for a formula or `e` for an error.
    data_type: str
    number_format: str


def sheet_rows(book: Book, part: str) -> Iterator[tuple[int, list[WrittenCell]]]:
    """Row numbers start at 1. A damaged sheet may raise any exception."""
    number = 0
    with book.archive.open(part) as stream:
        for row in elements(stream, _ROW):
            number = _number(row.get("r"), number)
            yield number, list(_cells(book, row))


def _number(written: str | None, before: int) -> int:
    # Some programs write `2.0`, and some no number at all.
    exact = float(written) if written else before + 1.0
    if not (exact.is_integer() and 1 <= exact <= MOST_ROWS):
        raise FileRefused(FileCode.UNREADABLE)
    return int(exact)


def _cells(book: Book, row: Any) -> Iterator[WrittenCell]:
    column = 0
    for element in row.iterfind(_CELL):
        written = element.get("r")
        column = coordinate_to_tuple(written)[1] if written else column + 1
        if column > _LAST_COLUMN:
            raise FileRefused(FileCode.UNREADABLE)
        value, kind, style = _read(book, element)
        if value is not None:
            yield WrittenCell(column - 1, value, kind, book.number_format(style))


def _read(book: Book, element: Any) -> tuple[object, str, int]:
    kind, style = element.get("t", "n"), int(element.get("s", 0))
    if element.find(_FORMULA) is not None:
        # It is not read, and a million cells may share it.
        return "=", "f", style
    if kind == "inlineStr":
        inline = element.find(_INLINE)
        return (string_text(inline) if inline is not None else None), "s", style
    text = element.findtext(_VALUE) or None
    return (None, kind, style) if text is None else (*_value(book, kind, style, text), style)


def _value(book: Book, kind: str, style: int, text: str) -> tuple[object, str]:
    match kind:
        case "n":
            return _of_number(book, style, float(text) if any(sign in text for sign in ".Ee") else int(text))
        case "s":
            return book.texts[int(text)], "s"
        case "b":
            return bool(int(text)), "b"
        case "d":
            return from_ISO8601(text), "d"  # type: ignore[no-untyped-call]
        case "str":
            return text, "s"
    return text, kind


def _of_number(book: Book, style: int, number: float) -> tuple[object, str]:
    if style not in book.date_styles:
        return number, "n"
    try:
        return from_excel(number, book.epoch, timedelta=style in book.duration_styles), "d"
    except (OverflowError, ValueError):
        # Outside the calendar.
        return "#VALUE!", "e"
