from __future__ import annotations

import io
from time import thread_time

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.sheets import Sheet, read_sheet
from tests.support.checks.spreadsheet_answers import answer_on
from tests.support.command_line import Desk
from tests.support.http import Api
from tests.support.ways_in import CASES

HEADINGS = "Client ref,Tel No,Address 1,Post Code"
ROW = "C1,01632 960135,12 Invented Road,FY3 8AB"


def test_the_report_parameters_of_case_11_are_no_headings(desk: Desk, api: Api) -> None:
    shown = answer_on("register", (CASES / "11-report-parameters.csv").read_bytes(), desk, api)
    assert list(shown.read.values()) == ["entry_id", "cli", "cli", "address_lines", "address_lines", "postcode"]
    assert shown.counts["accepted"] == 2
    assert shown.said("rows above the headings")


def test_the_two_rows_of_headings_of_case_12_are_read_as_one(desk: Desk, api: Api) -> None:
    shown = answer_on("register", (CASES / "12-two-row-headings.xlsx").read_bytes(), desk, api)
    assert shown.read == {
        "Client Ref": "entry_id",
        "Telephone Landline": "cli",
        "Address House number": "address_lines",
        "Address Street": "address_lines",
        "Town": "post_town",
        "Address Post Code": "postcode",
    }
    assert shown.counts["accepted"] == 1
    assert shown.said("two rows")


@pytest.mark.parametrize(
    "above",
    [
        "Postcode: FY3,Date from: 01/01/2026,UPRN: all,Status: live\n",
        "Postcode:,FY3,Status:,Active\nProvider:,All,Device:,All\n",
        "Telephone,UPRN\n",
        "Status,Active,Provider,All\n\n",
        "Live users\n" * 25,
    ],
)
def test_what_stands_above_the_headings_does_not_win(above: str, desk: Desk, api: Api) -> None:
    shown = answer_on("register", f"{above}{HEADINGS}\n{ROW}\n".encode(), desk, api)
    assert list(shown.read.values()) == ["entry_id", "cli", "address_lines", "postcode"]
    assert shown.counts["accepted"] == 1


@pytest.mark.parametrize(
    ("upper", "lower", "fields"),
    [
        (["Client ref", "Resident", ""], ["", "Tel", "Postcode"], ["entry_id", "cli", "postcode"]),
        (
            ["Next of kin", "", "Client ref", "Resident", ""],
            ["Tel", "Postcode", "", "Tel", "Postcode"],
            [None, None, "entry_id", "cli", "postcode"],
        ),
        (["Client ref", "Surname", "", ""], ["", "", "Tel", "Postcode"], ["entry_id", None, "cli", "postcode"]),
        (["Client", "Contact details", ""], ["Ref", "Tel", "Postcode"], ["entry_id", "cli", "postcode"]),
        (["Client ref", "Tel", "", "Post Code"], ["", "1", "2", ""], ["entry_id", "cli", "cli", "postcode"]),
        (
            ["Client ref", "Address", "", "", "Tel"],
            ["", "1", "2", "3", ""],
            ["entry_id", "address_lines", "address_lines", "address_lines", "cli"],
        ),
        (
            ["Client ref", "Telephone", "", "Post Code"],
            ["", "Home", "Next of kin", ""],
            ["entry_id", "cli", None, "postcode"],
        ),
        (
            ["Client ref", "Telephone", "Post Code"],
            ["Our ref", "Landline", "Postal code"],
            ["entry_id", "cli", "postcode"],
        ),
    ],
)
@pytest.mark.parametrize("is_book", [False, True])
def test_two_rows_of_headings(
    upper: list[str], lower: list[str], fields: list[str | None], is_book: bool, desk: Desk, api: Api
) -> None:
    values = {
        "entry_id": "C1",
        "cli": "01632 960135",
        "postcode": "FY3 8AB",
        "address_lines": "1 Row",
        None: "01632 960136",
    }
    rows = [upper, lower, [values[field] for field in fields]]
    shown = answer_on("register", _book(rows) if is_book else _csv(rows), desk, api)
    assert [column["field"] for column in shown.columns] == fields
    assert shown.counts["rejected"] == 0
    assert sum(shown.counts.values()) == 1


def test_a_row_of_codes_is_no_second_row_of_headings() -> None:
    sheet = _read("Order ref,CLI,Migration type,Telecare\nRT-1,01632 960135,voluntary,telecare\n", RecordKind.NOTICE)
    assert [row.fields["provider_reference"] for row in sheet.rows] == ["RT-1"]


def test_names_under_columns_that_are_never_kept_are_no_second_row_of_headings() -> None:
    sheet = _read("Client ref,Forename,Surname,Tel No\nTC/A,Ann,Smith,\nTC/B,Bob,Home,01632 960135\n", RecordKind.ENTRY)
    assert [row.fields["entry_id"] for row in sheet.rows] == ["TC/A", "TC/B"]


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["", "Live users", "Postcode: FY3", "Status:,Active", "Run on:,29/11/2026"]), max_size=20),
    st.permutations(HEADINGS.split(",")),
)
def test_headings_are_found_under_any_parameters(above: list[str], order: list[str]) -> None:
    cells = dict(zip(HEADINGS.split(","), ROW.split(","), strict=True))
    lines = [*above, ",".join(order), ",".join(cells[heading] for heading in order)]
    sheet = _read("\n".join(lines), RecordKind.ENTRY)
    (row,) = sheet.rows
    assert (row.fields["entry_id"], row.fields["cli"]) == ("C1", "01632 960135")


@pytest.mark.parametrize("cell", ["(" * 200, "contact " * 25, "Tel " * 50, "x" * 2_000])
def test_hostile_rows_above_the_headings_cost_no_more_than_their_size(cell: str) -> None:
    def seconds(rows: int) -> float:
        data = f"{','.join([cell] * 200)}\n" * rows + f"{HEADINGS}\n{ROW}\n"
        # Processor time, because other work on the machine does not count.
        started = thread_time()
        assert len(list(_read(data, RecordKind.ENTRY).rows)) == 1
        return thread_time() - started

    assert seconds(29) < 5


def _read(text: str, kind: RecordKind) -> Sheet:
    return read_sheet(text.encode(), kind, FileLimits())


def _csv(rows: list[list[str]]) -> bytes:
    return "\n".join(map(",".join, rows)).encode()


def _book(rows: list[list[str]]) -> bytes:
    book, saved = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append([cell or None for cell in row])
    book.save(saved)
    return saved.getvalue()
