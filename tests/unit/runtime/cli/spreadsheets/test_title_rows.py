from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.sheets import read_sheet
from tests.support.checks.spreadsheet_answers import answer_on
from tests.support.command_line import Desk
from tests.support.http import Api
from tests.support.ways_in import CASES

HEADINGS = "Client ref,Tel No,Address 1,Post Code"
ROW = "C1,01632 960135,12 Invented Road,FY3 8AB"


def test_the_total_of_case_11_is_no_client(desk: Desk, api: Api) -> None:
    shown = answer_on("register", (CASES / "11-report-parameters.csv").read_bytes(), desk, api)
    assert (sum(shown.counts.values()), shown.counts["accepted"]) == (2, 2)
    assert shown.said("1 row that looks like a total or a title was not read: row 8.")


WORDS = [
    "Total",
    "TOTAL:,45",
    "Total clients: 45",
    "Sub-total,,,12",
    "Grand Total,=COUNTA(A2:A9)",
    ",Subtotal,3",
    "Count,2",
    "Record count: 1",
    "Number of records: 1",
    "1 records",
    "*** End of Report ***",
    "End of report,,,",
    "Cyfanswm,2,,",
    "Diwedd adroddiad,,,",
    "Page 1 of 3",
    "Printed on 29/11/2026 10:30",
    "North area",
    "Sheltered",
    "Scheme: Rose Court",
    "Sum,2",
    "EOF",
    "<END OF FILE>",
    "Confidential",
    "Private and confidential",
    "Note: for the telecare team only",
    "(c) Invented Council 2026",
]


@pytest.mark.parametrize("line", WORDS)
def test_a_total_or_a_title_is_left_out_and_named(line: str, desk: Desk, api: Api) -> None:
    shown = answer_on("register", f"{HEADINGS}\n{line}\n{ROW}\n{line}\n".encode(), desk, api)
    assert (sum(shown.counts.values()), shown.counts["accepted"]) == (1, 1)
    assert shown.said("2 rows that look like totals or titles were not read: rows 2, 4.")


@pytest.mark.parametrize(
    "line",
    [
        "Total,01632 960136",
        "Total,,,FY3 8AC",
        "Total 01632 960136",
        "C2",
        "C2,,Total",
        "45,,Total",
        "Count,,14 Invented Road",
        ",01632 960136",
        "Total,100012345678",
        ",,,FY3 8AC",
        ",,Sheltered",
    ],
)
def test_a_row_that_may_be_a_person_is_never_left_out(line: str) -> None:
    sheet = read_sheet(f"{HEADINGS}\n{ROW}\n{line}\n".encode(), RecordKind.ENTRY, FileLimits())
    assert [row.number for row in sheet.rows] == [2, 3]
    assert sheet.remarks_after(()) == ()


def test_a_reference_of_letters_alone_is_kept_where_references_are_words() -> None:
    text = f"{HEADINGS}\nROSE,01632 960135,,\nLILY\n"
    assert len(list(read_sheet(text.encode(), RecordKind.ENTRY, FileLimits()).rows)) == 2


def test_many_titles_are_counted_and_the_first_named(desk: Desk, api: Api) -> None:
    shown = answer_on("register", f"{HEADINGS}\n{ROW}\n{'Total,1' + chr(10)}".encode() + b"Total,2\n" * 30, desk, api)
    assert shown.said("31 rows that look like totals or titles", "rows 3, 4, 5", "and 11 more.")


@settings(max_examples=80)
@given(st.lists(st.sampled_from([*WORDS, "person"]), max_size=30))
def test_every_row_is_read_or_counted(lines: list[str]) -> None:
    people = [ROW.replace("C1", f"C{number}") if line == "person" else line for number, line in enumerate(lines)]
    sheet = read_sheet("\n".join([HEADINGS, ROW, *people]).encode(), RecordKind.ENTRY, FileLimits())
    read = list(sheet.rows)
    assert len(read) == 1 + lines.count("person")
    assert sheet.left_out.count == len(lines) - lines.count("person")
