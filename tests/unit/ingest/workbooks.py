"""Workbooks made for tests, whole and spoiled, and their reading as a council's register."""

import io
import zipfile

import openpyxl
import pytest

from services.ingest.files.problems import FileRefused
from services.ingest.files.reader import read_table
from services.ingest.files.table import FileLimits
from services.ingest.reading.columns import known_heading
from services.ingest.reading.drafts import RecordKind

HEADINGS = ["Case ID", "Tel No", "Last test"]
SHEET = "xl/worksheets/sheet1.xml"


def workbook(*rows, headings=HEADINGS, edit=None):
    book = openpyxl.Workbook()
    for row in (headings, *rows):
        book.active.append(row)
    if edit:
        edit(book)
    return saved(book)


def saved(book):
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def rezipped(data, changes, method=zipfile.ZIP_DEFLATED):
    """The workbook with parts replaced (bytes), edited (a function) or left out (None)."""
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


def replaced(old, new):
    def change(content):
        assert old in content
        return content.replace(old, new)

    return change


def read(data, limits=None, **sent):
    sent = {"media_type": None, "file_name": "register.xlsx", **sent}
    return read_table(data, limits=limits or FileLimits(), known_heading=known_heading(RecordKind.ENTRY), **sent)


def rows_of(data, **given):
    return list(read(data, **given).rows)


def refusal_of(data, **given):
    with pytest.raises(FileRefused) as refused:
        rows_of(data, **given)
    assert refused.value.permanent
    return refused.value.code
