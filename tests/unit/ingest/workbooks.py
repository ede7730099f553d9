from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
from openpyxl import Workbook

from services.ingest.files.problems import FileCode, FileRefused
from services.ingest.files.reader import read_table
from services.ingest.files.table import FileLimits, SheetRow, Table
from services.ingest.reading.columns import known_heading
from services.ingest.reading.drafts import RecordKind

HEADINGS = ["Case ID", "Tel No", "Last test"]
SHEET = "xl/worksheets/sheet1.xml"


def workbook(
    *rows: Sequence[Any], headings: Sequence[str] = HEADINGS, edit: Callable[[Workbook], None] | None = None
) -> bytes:
    book = openpyxl.Workbook()
    for row in (headings, *rows):
        book.worksheets[0].append(list(row))
    if edit:
        edit(book)
    return saved(book)


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def rezipped(data: bytes, changes: dict[str, Any], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return the workbook with changed parts.

    A change is the new content, a function of the old content, or None to remove the part.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", method) as new:
        for name in old.namelist():
            change = changes.get(name, lambda content: content)
            content = change(old.read(name)) if callable(change) else change
            if content is not None:
                new.writestr(name, content)
        for name in changes.keys() - set(old.namelist()):
            new.writestr(name, changes[name])
    return stream.getvalue()


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new)

    return change


def read(
    data: bytes, limits: FileLimits | None = None, media_type: str | None = None, file_name: str = "register.xlsx"
) -> Table:
    limits, known = limits or FileLimits(), known_heading(RecordKind.ENTRY)
    return read_table(data, limits=limits, known_heading=known, media_type=media_type, file_name=file_name)


def rows_of(
    data: bytes, limits: FileLimits | None = None, media_type: str | None = None, file_name: str = "register.xlsx"
) -> list[SheetRow]:
    return list(read(data, limits, media_type, file_name).rows)


def refusal_of(data: bytes, limits: FileLimits | None = None) -> FileCode:
    with pytest.raises(FileRefused) as refused:
        rows_of(data, limits)
    assert refused.value.permanent
    return refused.value.code
