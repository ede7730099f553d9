from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import openpyxl
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from scripts.samples import harbour, registers
from scripts.samples.notices import Notice
from scripts.samples.registers import Cell
from scripts.samples.world import World
from services.runtime.demo.samples import BASE_DAY

_STAMP: Final = (BASE_DAY.year, BASE_DAY.month, BASE_DAY.day, 0, 0, 0)
_CHANGED: Final = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_WIDTH: Final = 22


def sample_files(made: World) -> dict[str, bytes]:
    return {
        "register-blackpool.csv": _csv(registers.BLACKPOOL_HEADINGS, made.blackpool, "utf-8-sig"),
        "register-cardiff.xlsx": _workbook(made.cardiff),
        "notices-raven.json": _json(made.raven),
        "notices-harbour.csv": _csv(harbour.HEADINGS, made.harbour, "cp1252"),
        "notices-alder.json": _json(made.alder),
    }


def _csv(headings: Sequence[str], rows: list[list[str]], encoding: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows(rows)
    # The csv module ends lines with CR LF, as spreadsheet programs do.
    return text.getvalue().encode(encoding)


def _json(notices: list[Notice]) -> bytes:
    lines = (json.dumps(notice, default=_iso, ensure_ascii=False, separators=(",", ":")) for notice in notices)
    return ('{"notices":[\n' + ",\n".join(lines) + "\n]}\n").encode()


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"A notice cannot hold a {type(value).__name__}.")


def _workbook(rows: list[list[Cell]]) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Register"
    for row in rows:
        sheet.append([None if cell == "" else cell for cell in row])
    # The headings are in row 3, below a title and a blank row.
    for column, cell in enumerate(sheet[3], start=1):
        cell.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTH
    for cells in sheet.iter_rows(min_row=4):
        for cell in cells:
            if isinstance(cell.value, datetime):
                cell.number_format = "DD/MM/YYYY"
    raw = io.BytesIO()
    workbook.save(raw)
    return _without_time(raw.getvalue())


def _without_time(data: bytes) -> bytes:
    # openpyxl writes the time into the file and its parts. With the base day, two runs give equal files.
    packed = io.BytesIO()
    changed = rb"\g<1>" + BASE_DAY.isoformat().encode() + b"T00:00:00Z"
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            content = _CHANGED.sub(changed, content) if name == "docProps/core.xml" else content
            new.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
