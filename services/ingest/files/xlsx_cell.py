"""One cell of a workbook as text. Pure: the cell is already read."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Protocol

from openpyxl.styles.numbers import is_date_format

from services.ingest.files.problems import CellCode

_EXACT_BELOW = 10**15
"""A spreadsheet program keeps fifteen digits of a number; those after are zeros of its own."""
_ROUNDED = re.compile(r"\d{5,}0{5}")
_SCIENTIFIC = re.compile(r"E[+-]", re.IGNORECASE)
_PADDED = re.compile(r"0+")


class Cell(Protocol):
    """What is used of openpyxl's read-only and empty cells."""

    @property
    def value(self) -> object: ...
    @property
    def data_type(self) -> str: ...
    @property
    def number_format(self) -> str | None: ...


def cell_text(cell: Cell) -> tuple[str, CellCode | None]:
    """The stripped text of a cell, and what is wrong with it.

    Numbers are the digits they hold, dates ISO 8601, truth values `true` and `false`. A formula, an error and a
    "date" outside the calendar give empty text: none of them says what the person who typed it meant.
    """
    value = cell.value
    if value is None:
        return "", None
    if cell.data_type == "f":
        return "", CellCode.FORMULA
    if cell.data_type == "e":
        return "", CellCode.NOT_A_DATE if is_date_format(cell.number_format) else CellCode.ERROR_VALUE
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, cell.number_format or "General")
    return _plain(value), None


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value.time() == time.min:
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()


def _number(value: float, number_format: str) -> tuple[str, CellCode | None]:
    if not math.isfinite(value):
        return "", CellCode.ERROR_VALUE
    if isinstance(value, float) and not value.is_integer():
        return format(Decimal(repr(value)), "f"), None
    text = str(int(value))
    if _PADDED.fullmatch(number_format):
        text = text.zfill(len(number_format))
    inexact = isinstance(value, float) and abs(value) >= _EXACT_BELOW
    return text, CellCode.ROUNDED if inexact or _seems_rounded(text, number_format) else None


def _seems_rounded(text: str, number_format: str) -> bool:
    """Ten digits or more, the last five zeros, and a format that shows such numbers as 4.41633E+11."""
    may_round = number_format == "General" or _SCIENTIFIC.search(number_format)
    return bool(may_round and _ROUNDED.fullmatch(text))
