from __future__ import annotations

import contextlib
import io
import re
import struct
import threading
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies._internal.random import ArtificialRandom

from services.ingest.files.problems import FileCode, FileRefused
from services.ingest.files.table import FileLimits
from tests.unit.ingest.workbooks import SHEET, read, refusal_of, replaced, rezipped, rows_of, workbook

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BOOK = "xl/workbook.xml"
# What the strict form writes instead of the namespaces of an ordinary workbook.
STRICT_NAMESPACES = {
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    b"http://schemas.openxmlformats.org/officeDocument/2006/": b"http://purl.oclc.org/ooxml/officeDocument/",
    b"http://schemas.openxmlformats.org/drawingml/2006/main": b"http://purl.oclc.org/ooxml/drawingml/main",
}
WHOLE = workbook(["C1", "01632 960123", date(2026, 12, 3)], ["C2", 1632960123, "=A1"])


def test_two_workbooks_can_be_read_at_once() -> None:
    data = workbook(*([f"C{number}"] for number in range(2_500)))
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(len(rows_of(data)))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [2_500, 2_500]


def test_more_rows_or_columns_than_allowed_are_refused() -> None:
    data = workbook(["C1"], [None], ["C2"])
    assert len(rows_of(data, limits=FileLimits(rows=2))) == 2
    assert refusal_of(data, limits=FileLimits(rows=1)) is FileCode.TOO_MANY_ROWS
    assert refusal_of(data, limits=FileLimits(columns=2)) is FileCode.TOO_MANY_COLUMNS


def test_a_row_numbered_beyond_the_last_of_a_spreadsheet_is_refused() -> None:
    data = rezipped(workbook(["C1"]), {SHEET: replaced(b'<row r="2"', b'<row r="99999999999"')})
    assert refusal_of(data) is FileCode.UNREADABLE


def test_a_workbook_that_unpacks_too_large_is_refused_before_it_is_unpacked() -> None:
    bomb = rezipped(workbook(["C1"]), {"xl/media/image1.png": b"\0" * 3_000_000})
    assert refusal_of(bomb) is FileCode.UNPACKS_TOO_LARGE
    assert refusal_of(workbook(["C1"]), limits=FileLimits(unpacked_bytes=1_000)) is FileCode.UNPACKS_TOO_LARGE
    assert refusal_of(workbook(["C1"]), limits=FileLimits(parts=3)) is FileCode.UNPACKS_TOO_LARGE


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(rezipped(workbook(["C1"]), {SHEET: lambda xml: xml + b" " * 5_000}))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo(SHEET).file_size
    assert data.count(struct.pack("<L", size)) == 2
    assert (
        refusal_of(bytes(data).replace(struct.pack("<L", size), struct.pack("<L", size - 5_200))) is FileCode.UNREADABLE
    )


def test_an_entity_attack_is_refused() -> None:
    attack = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet>&a;</worksheet>'
    assert refusal_of(rezipped(workbook(["C1"]), {SHEET: attack})) is FileCode.UNREADABLE


def test_a_sheet_damaged_far_down_is_refused_while_its_rows_are_read() -> None:
    data = workbook(*([f"C{number}"] for number in range(2_500)))
    table = read(rezipped(data, {SHEET: lambda xml: xml[: len(xml) * 3 // 4]}))
    with pytest.raises(FileRefused) as refused:
        list(table.rows)
    assert refused.value.code is FileCode.UNREADABLE
    assert refused.value.__cause__ is None


@given(st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_a_workbook_damaged_anywhere_is_read_or_refused(random: ArtificialRandom) -> None:
    data = bytearray(WHOLE)
    for _ in range(random.randint(1, 4)):
        data[random.randrange(len(data))] = random.randrange(256)
    with contextlib.suppress(FileRefused):
        rows_of(bytes(data))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (OLE + b"\0" * 600, FileCode.LEGACY_WORKBOOK),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), FileCode.ENCRYPTED),
        (b"Case ID,Tel No\nC1,01632 960123\n", FileCode.NOT_A_WORKBOOK),
        (b"PK\x03\x04 cut short", FileCode.UNREADABLE),
        (rezipped(workbook(["C1"]), {"[Content_Types].xml": None}), FileCode.NOT_A_WORKBOOK),
        (rezipped(workbook(["C1"]), {"xl/workbook.bin": b"x"}), FileCode.LEGACY_WORKBOOK),
        (
            rezipped(workbook(["C1"]), {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}),
            FileCode.LEGACY_WORKBOOK,
        ),
        (rezipped(workbook(["C1"]), {}, method=zipfile.ZIP_LZMA), FileCode.NOT_A_WORKBOOK),
        (rezipped(workbook(["C1"]), {SHEET: None}), FileCode.NO_SHEET),
        (rezipped(workbook(["C1"]), {"xl/workbook.xml": b"<broken"}), FileCode.UNREADABLE),
        (workbook(headings=["some", "thing"]), FileCode.NO_HEADINGS),
        (workbook(headings=[]), FileCode.EMPTY),
    ],
    ids=lambda value: value.value if isinstance(value, FileCode) else "",
)
def test_a_file_that_is_no_readable_workbook_is_refused(data: bytes, code: FileCode) -> None:
    assert refusal_of(data) is code


def test_a_workbook_with_a_password_on_a_part_is_refused() -> None:
    data = bytearray(workbook(["C1"]))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert refusal_of(bytes(data)) is FileCode.ENCRYPTED


def as_strict(data: bytes, prefix: bytes = b"") -> bytes:
    """Return the workbook in the strict form of ISO/IEC 29500."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, content in parts.items():
        strict = content
        for transitional, of_iso in STRICT_NAMESPACES.items():
            strict = strict.replace(transitional, of_iso)
        parts[name] = strict
    book = parts[BOOK].replace(b"<workbook ", b'<workbook conformance="strict" ')
    if prefix:
        book = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1" + prefix + b":", book).replace(
            b"xmlns=", b"xmlns:" + prefix + b"="
        )
    return rezipped(data, parts | {BOOK: book})


@pytest.mark.parametrize("prefix", [b"", b"x"])
def test_a_workbook_in_the_strict_format_is_refused_with_how_to_save_it(prefix: bytes) -> None:
    assert refusal_of(as_strict(workbook(["C1", "01632 960123"]), prefix)) is FileCode.STRICT_WORKBOOK
    assert "ordinary Excel workbook (.xlsx)" in str(FileRefused(FileCode.STRICT_WORKBOOK))


# A cell of an ordinary workbook may hold the name of a strict namespace as its text.
texts = st.text("abcXYZ019é&<>/", min_size=1, max_size=12) | st.sampled_from(
    sorted(map(bytes.decode, STRICT_NAMESPACES.values()))
)
values = st.none() | texts | st.integers(1, 99_999) | st.dates(date(1990, 1, 1), date(2040, 12, 31))


@given(rows=st.lists(st.tuples(values, values), min_size=1, max_size=6), prefix=st.sampled_from([b"", b"x", b"ss"]))
@settings(max_examples=60)
def test_any_table_is_read_from_an_ordinary_workbook_and_its_strict_form_is_refused_by_name(
    rows: list[tuple[object, object]], prefix: bytes
) -> None:
    saved = workbook(*([f"C{number}", *row] for number, row in enumerate(rows)))
    # What the remedy asks for is read whole: the same table as an ordinary workbook.
    assert [row.cells for row in rows_of(saved)] == [
        (f"C{number}", *("" if value is None else str(value) for value in row)) for number, row in enumerate(rows)
    ]
    assert refusal_of(as_strict(saved, prefix)) is FileCode.STRICT_WORKBOOK


def test_a_workbook_whose_first_part_cannot_be_read_is_damaged_and_not_strict() -> None:
    assert refusal_of(rezipped(workbook(["C1"]), {"xl/workbook.xml": b"\xff\xfe strict"})) is FileCode.UNREADABLE
