"""All functions are pure."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

# The day that counts as today in the committed samples.
BASE_DAY: Final = date(2026, 11, 23)


@dataclass(frozen=True, slots=True)
class Sample:
    # A feed is a text such as `provider:RAVN` or `council:E06000009`.
    file_name: str
    feed_id: str
    sender: str


SAMPLES: Final = (
    Sample("register-blackpool.csv", "council:E06000009", "Blackpool Council"),
    Sample("register-cardiff.xlsx", "council:W06000015", "Cardiff Council"),
    Sample("notices-raven.json", "provider:RAVN", "Raven Telecom"),
    Sample("notices-harbour.csv", "provider:HBRT", "Harbour Telecom"),
    Sample("notices-alder.json", "provider:ALDR", "Alder Broadband"),
)

_ZIP: Final = b"PK\x03\x04"
# A date within a longer number or a reference is not matched.
_ISO: Final = re.compile(rb"(?<![\w-])(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-])")
_UK: Final = re.compile(rb"(?<![\d/])(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>20\d\d)(?![\d/])")


def rebased(data: bytes, days: int) -> bytes:
    """Return the file with all dates of this century moved by `days`, in texts and in workbook cells."""
    if data.startswith(_ZIP):
        return _rebased_workbook(data, timedelta(days=days))
    later = timedelta(days=days)
    data = _ISO.sub(_shift(later, "%Y-%m-%d"), data)
    return _UK.sub(_shift(later, "%d/%m/%Y"), data)


def _shift(later: timedelta, style: str) -> Callable[[re.Match[bytes]], bytes]:
    def shifted(match: re.Match[bytes]) -> bytes:
        try:
            day = date(int(match["year"]), int(match["month"]), int(match["day"]))
        except ValueError:
            # Not a real date, such as 2026-02-30. The samples contain such faults on purpose.
            return match[0]
        return (day + later).strftime(style).encode()

    return shifted


def _rebased_workbook(data: bytes, later: timedelta) -> bytes:
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in workbook.worksheets:
        _shift_cells(sheet, later)
    moved = io.BytesIO()
    workbook.save(moved)
    return moved.getvalue()


def _shift_cells(sheet: Worksheet, later: timedelta) -> None:
    shift_text = _shift(later, "%d/%m/%Y")
    for row in sheet.iter_rows():
        for cell in row:
            # Excel keeps dates as dates, unless somebody typed text.
            if isinstance(cell.value, datetime):
                cell.value = cell.value + later
            elif isinstance(cell.value, str) and cell.data_type == "s":
                cell.value = _UK.sub(shift_text, cell.value.encode()).decode()
