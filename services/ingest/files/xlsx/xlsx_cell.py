"""All functions are pure."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Protocol

from openpyxl.styles.numbers import is_date_format

from services.ingest.files.problems import CellCode

# Spreadsheet programs keep fifteen digits of a number and write zeros for the rest.
_EXACT_BELOW = 10**15
_ROUNDED = re.compile(r"\d{5,}0{5}")
_SCIENTIFIC = re.compile(r"E[+-]", re.IGNORECASE)
# A number format such as 00000000000 or "TC"0000, which shows leading zeros and letters that the number does not hold.
# Longer ones show no reference: a format of many zeros would only fill the memory.
_SHOWN_WITH = re.compile(r'(?:"(?P<quoted>[^"]{1,20})"|(?P<escaped>(?:\\.){1,20}))?(?P<zeros>0{1,30})')


class Cell(Protocol):
    # openpyxl has several classes of cells.
    @property
    def value(self) -> object: ...
    @property
    def data_type(self) -> str: ...
    @property
    def number_format(self) -> str | None: ...


def cell_text(cell: Cell) -> tuple[str, CellCode | None]:
    """Return the text and the fault of a cell. A formula, an error or an impossible date gives an empty text."""
    value = cell.value
    if value is None:
        return "", None
    # The stored result of a formula may be out of date, so it is not read.
    if cell.data_type == "f":
        return "", CellCode.FORMULA
    if cell.data_type == "e":
        return "", CellCode.NOT_A_DATE if is_date_format(cell.number_format) else CellCode.ERROR_VALUE
    # bool is a subclass of int in Python.
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, cell.number_format or "General")
    return _plain(value), None


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # Workbooks have no dates without a time: midnight means a date.
    if isinstance(value, datetime) and value.time() == time.min:
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()


def _number(value: float, number_format: str) -> tuple[str, CellCode | None]:
    if not math.isfinite(value):
        return "", CellCode.ERROR_VALUE
    if isinstance(value, float) and not value.is_integer():
        # `str` would write small and large numbers with an exponent.
        return format(Decimal(repr(value)), "f"), None
    text = str(int(value))
    shown_with = _SHOWN_WITH.fullmatch(number_format)
    if shown_with and value >= 0:
        prefix = shown_with["quoted"] or (shown_with["escaped"] or "").replace("\\", "")
        text = prefix + text.zfill(len(shown_with["zeros"]))
    inexact = isinstance(value, float) and abs(value) >= _EXACT_BELOW
    return text, CellCode.ROUNDED if inexact or _seems_rounded(text, number_format) else None


def _seems_rounded(text: str, number_format: str) -> bool:
    # Ten digits or more with five zeros at the end, in a format that shows long numbers as 4.41633E+11. Text saved from
    # such a display has lost its last digits.
    may_round = number_format == "General" or _SCIENTIFIC.search(number_format)
    return bool(may_round and _ROUNDED.fullmatch(text))
