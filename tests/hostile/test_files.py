from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from itertools import count
from typing import Any

import openpyxl
import pytest

from tests.hostile.http_fuzz import STREET, TELLTALE, assert_refused, assert_silent, issues_of, named, outcomes_of
from tests.support.http import CSV, REGISTER_UPLOADS, XLSX, Api

NUMBERS = count(1)
HEADINGS = ["Case ID", "Tel No", "UPRN", "Postcode", "Address 1", "Last confirmed"]
GOOD = [TELLTALE, "100012345678", "FY4 1QZ", f"3 {STREET} Road", "2026-11-01"]
# The homes of a scheme share a telephone line. With this column, similar rows are not questioned.
IN_A_SCHEME = [*HEADINGS, "Scheme"]
HEAD = ",".join(HEADINGS)
LINE = ",".join(["h1", *GOOD])
TABLE = f"{HEAD}\r\n{LINE}\r\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def workbook(*rows: list[Any], edit: Callable[[openpyxl.Workbook], None] = lambda book: None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    edit(book)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def archive(parts: dict[str, bytes]) -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return saved.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook(HEADINGS, ["h1", *GOOD]))) as packed:
        return archive({part: packed.read(part) for part in packed.namelist()} | {name: content})


def hide_rows(book: openpyxl.Workbook) -> None:
    book.create_sheet("Empty")
    book.worksheets[0].sheet_state = "hidden"


BOOK = workbook(HEADINGS, ["h1", *GOOD])
SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "01632 960777"><!ENTITY b "&a;&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'

FILES = [
    ("nothing", b"", CSV, "empty"),
    ("blanks", b"\r\n \r\n\t", CSV, "empty"),
    ("separators alone", b",,,,\r\n,,,,\r\n", CSV, "empty"),
    ("rows without headings", f"{LINE}\r\n{LINE}\r\n".encode(), CSV, "no_headings"),
    ("headings too far down", b"x\r\n" * 40 + TABLE.encode(), CSV, "no_headings"),
    ("201 columns", (HEAD + ",x" * 200 + "\r\n").encode(), CSV, "too_many_columns"),
    ("a picture named .csv", b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, CSV, "not_a_table"),
    ("a web page", b"<html><table><tr><td>01632 960777</td></tr></table></html>", CSV, "not_a_table"),
    ("a PDF", b"%PDF-1.7 01632 960777", CSV, "not_a_table"),
    ("rich text", b"{\\rtf1 01632 960777}", CSV, "not_a_table"),
    ("UTF-16 without its mark", TABLE.encode("utf-16-le"), CSV, "not_a_table"),
    ("UTF-16 cut inside a sign", TABLE.encode("utf-16")[:-1], CSV, "not_a_table"),
    ("NULs alone", b"\x00" * 1_000, CSV, "not_a_table"),
    ("more bytes than a file may have", TABLE.encode() + b" " * 20_000_001, CSV, None),
    ("a table named .xlsx", TABLE.encode(), XLSX, "not_a_workbook"),
    ("a picture named .xlsx", b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, XLSX, "not_a_workbook"),
    ("a workbook of 1997", OLE + b"\x00" * 1_000, XLSX, "legacy_workbook"),
    ("a workbook with a password", OLE + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 500, XLSX, "encrypted"),
    (
        "an OpenDocument table",
        archive({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}),
        XLSX,
        "legacy_workbook",
    ),
    ("a binary workbook", archive({"[Content_Types].xml": b"", "xl/workbook.bin": b""}), XLSX, "legacy_workbook"),
    ("a zip of something else", archive({"01632 960777.txt": b"x"}), XLSX, "not_a_workbook"),
    ("a zip that is cut off", BOOK[: len(BOOK) // 2], XLSX, "unreadable"),
    ("the first bytes of a zip", b"PK\x03\x04", XLSX, "unreadable"),
    ("a workbook without a sheet", with_part("xl/workbook.xml", b"<workbook/>"), XLSX, "no_sheet"),
    ("a zip bomb", with_part(SHEET, b"<worksheet>" + b" " * 60_000_000), XLSX, "unpacks_too_large"),
    (
        "a thousand and one parts",
        archive({"[Content_Types].xml": b""} | {f"{n}": b"" for n in range(1001)}),
        XLSX,
        "unpacks_too_large",
    ),
    ("entities of entities", with_part(SHEET, ENTITIES), XLSX, "unreadable"),
    ("an entity from outside", with_part(SHEET, OUTSIDE), XLSX, "unreadable"),
    ("a sheet that is no XML", with_part(SHEET, b"\x00\x01\x02"), XLSX, "unreadable"),
    ("16,384 columns", workbook(["x"] * 16_384), XLSX, "no_headings"),
    ("16,384 columns under headings", workbook([*HEADINGS, *["x"] * 16_378]), XLSX, "too_many_columns"),
    ("rows on a hidden sheet alone", workbook(HEADINGS, ["h1", *GOOD], edit=hide_rows), XLSX, "empty"),
]


@pytest.mark.parametrize(("data", "media", "code"), named(FILES))
def test_a_hostile_file_is_refused_whole_with_a_reason_and_a_remedy(
    api: Api, data: bytes, media: str, code: str | None
) -> None:
    for query in ("", "?dry_run=true", "?mode=replace"):
        response = api.ask("blackpool", "POST", REGISTER_UPLOADS + query, content=data, headers={"Content-Type": media})
        if code is None:
            assert_refused(response, 413, "body-too-large")
            continue
        assert_refused(response, 422, "file-refused")
        assert response.json()["code"] == code
        assert response.json()["reason"]
        assert response.json()["remedy"]


REFUSED, KEPT = "rejected", "accepted_with_warnings"
CELLS = [
    ("a formula for a number", {"Tel No": "=1632960777"}, KEPT, "cli", "formula"),
    ("a command", {"Tel No": "=cmd|' /C calc'!A0"}, KEPT, "cli", "formula"),
    ("a formula that fetches", {"Address 1": '=WEBSERVICE("http://x.example/")'}, KEPT, "address_lines", "formula"),
    ("scientific notation", {"Tel No": "4.41633E+11"}, KEPT, "cli", "scientific_notation"),
    ("a cell of 2,001 signs", {"Address 1": "T" * 2001}, KEPT, "address_lines", "too_long"),
    ("a UPRN in scientific notation", {"UPRN": "1.00012E+11"}, KEPT, "uprn", "scientific_notation"),
    ("a postcode that is none", {"Postcode": f"{STREET} 1"}, KEPT, "postcode", "not_a_postcode"),
    ("30 February", {"Last confirmed": "30/02/2026"}, KEPT, "last_confirmed_at", "not_a_date"),
    ("no id", {"Case ID": ""}, REFUSED, "entry_id", "missing"),
    ("an id of 121 signs", {"Case ID": "x" * 121}, REFUSED, "entry_id", "string_too_long"),
]


@pytest.mark.parametrize("media", [CSV, XLSX])
@pytest.mark.parametrize(("changes", "outcome", "field", "code"), named(CELLS))
def test_a_hostile_cell_costs_its_row_at_most(
    api: Api, media: str, changes: dict[str, str], outcome: str, field: str, code: str
) -> None:
    number = next(NUMBERS)
    rows = [[f"file {number}{side}", *GOOD, "S1"] for side in "abc"]
    for heading, value in changes.items():
        rows[1][HEADINGS.index(heading)] = value
    data = workbook(IN_A_SCHEME, *rows) if media == XLSX else as_csv(IN_A_SCHEME, *rows)
    response = api.ask("blackpool", "POST", REGISTER_UPLOADS, content=data, headers={"Content-Type": media})
    assert response.status_code == 202
    assert outcomes_of(response.json()) == {3: outcome}
    assert (field, code) in issues_of(response.json(), 3)
    assert response.json()["counts"]["accepted"] == 2
    # Every answer shows the headings. No answer shows a cell.
    assert_silent(response, list(changes.values()))
    api.deployment.settle()


LINES = [
    ("too many cells", "{id},{good},01632 960777,12 Thistledown Road", "too_many_cells"),
    ("a NUL", "{id}\x00,{good}", "nul_bytes"),
    ("a quotation mark in the middle", '{id},"{good}"x', "broken_quotes"),
]


@pytest.mark.parametrize(("line", "code"), named(LINES))
def test_a_hostile_line_of_a_table_costs_itself_alone(api: Api, line: str, code: str) -> None:
    number = next(NUMBERS)
    good = ",".join([*GOOD, "S1"])
    lines = [f"line {number}a,{good}", line.format(id=f"line {number}b", good=good), f"line {number}c,{good}"]
    data = "\r\n".join([",".join(IN_A_SCHEME), *lines, ""]).encode()
    response = api.ask("blackpool", "POST", REGISTER_UPLOADS, content=data, headers={"Content-Type": CSV})
    assert response.status_code == 202
    assert outcomes_of(response.json()) == {3: "rejected"}
    assert ("row", code) in issues_of(response.json(), 3)
    assert response.json()["counts"]["accepted"] == 2
    assert_silent(response)


def test_a_file_full_of_nuls_is_refused_row_by_row(api: Api) -> None:
    data = TABLE.encode("utf-32")
    response = api.ask("blackpool", "POST", REGISTER_UPLOADS, content=data, headers={"Content-Type": CSV})
    assert_refused(response, 422, "no-row-accepted")
    assert ("row", "nul_bytes") in issues_of(response.json(), 2)


ODD = [
    ("Windows-1252", TABLE.replace("Road", "Rhôs").encode("cp1252")),
    ("UTF-8 with its mark", b"\xef\xbb\xbf" + TABLE.encode()),
    ("UTF-16 with its mark", TABLE.encode("utf-16")),
    ("semicolons", TABLE.replace(",", ";").encode()),
    ("a separator stated", b"sep=,\r\n" + TABLE.encode()),
    ("title rows", b"Telecare register\r\n\r\n" + TABLE.encode()),
    ("lone carriage returns", TABLE.replace("\r\n", "\r").encode()),
]


@pytest.mark.parametrize("data", named(ODD))
def test_what_spreadsheet_programs_really_write_is_taken(api: Api, data: bytes) -> None:
    response = api.ask("blackpool", "POST", REGISTER_UPLOADS, content=data, headers={"Content-Type": CSV})
    assert response.status_code == 202
    assert response.json()["counts"]["rejected"] == 0
    assert_silent(response)


def test_columns_that_must_not_be_shared_are_reported_and_nothing_of_them_is_kept(api: Api) -> None:
    headings = [*HEADINGS, "Surname", "DOB", "NHS Number", "Key safe code"]
    row = [f"file {next(NUMBERS)}", *GOOD, f"{STREET}-Smythe", "02/03/1941", "943 476 5919", "C4711Y"]
    data = as_csv(headings, row)
    sent = {"content": data, "headers": {"Content-Type": CSV}}
    dry = api.ask("blackpool", "POST", REGISTER_UPLOADS + "?dry_run=true", **sent)
    remarks = [said for said in dry.json()["remarks"] if "not kept" in said]
    assert len(remarks) == 4
    assert all(name in said for name, said in zip(headings[6:], remarks, strict=True))
    read = {column["heading"]: column["field"] for column in dry.json()["columns"]}
    assert [read[name] for name in headings[6:]] == [None] * 4
    assert_silent(dry, row)
    assert_silent(api.ask("blackpool", "POST", REGISTER_UPLOADS, **sent), row)


def test_headings_that_look_like_somebodys_number_are_not_repeated(api: Api) -> None:
    data = as_csv([*HEADINGS, TELLTALE], [f"file {next(NUMBERS)}", *GOOD, "x"])
    sent = {"content": data, "headers": {"Content-Type": CSV}}
    assert_silent(api.ask("blackpool", "POST", REGISTER_UPLOADS + "?dry_run=true", **sent))
    assert_silent(api.ask("blackpool", "POST", REGISTER_UPLOADS, **sent))


def as_csv(*rows: list[str]) -> bytes:
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in rows).encode()
