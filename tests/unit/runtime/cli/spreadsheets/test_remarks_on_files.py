from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.reading.spreadsheets.remarks import LENGTH, MOST, capped
from tests.support.checks.spreadsheet_answers import answer_on
from tests.support.command_line import BLACKPOOL, Desk
from tests.support.http import CSV, REGISTER_UPLOADS, Api
from tests.support.ways_in import CASES

HEADINGS = "Client ref,Our ref,Tel No,Postocde,Surname,Shoe size"


def test_columns_not_read_read_twice_never_kept_and_guessed_are_named(desk: Desk, api: Api) -> None:
    shown = answer_on("register", f"{HEADINGS}\nC1,R1,01632 960123,FY3 8AB,Smith,9\n".encode(), desk, api)
    assert shown.said("Not read and not kept", "Surname (column E)")
    assert shown.said("heading is not known", "Shoe size (column F)")
    assert shown.said("Not read: Our ref (column B)", "Client ref (column A)")
    assert shown.said("Read as postcode although the heading is not exactly known: Postocde (column D)")
    assert shown.read == {
        "Client ref": "entry_id",
        "Tel No": "cli",
        "Postocde": "postcode",
    }


def test_sheets_left_out_are_named_and_counted(desk: Desk, api: Api) -> None:
    book, saved = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0].append(["Client ref", "Tel No"])
    book.worksheets[0].append(["C1", "01632 960123"])
    for name in ("Leavers", "New starters", "01632 960777"):
        book.create_sheet(name)
    book.save(saved)
    shown = answer_on("register", saved.getvalue(), desk, api)
    assert shown.said("4 visible sheets", "only the first, 'Sheet', was read", "'Leavers', 'New starters'")
    assert not shown.said("960777")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"Live users,\nClient ref,Tel No\nC1,01632 960123\n", "rows above the headings"),
        ("Client ref,Tel No,Address 1\nC1,01632 960123,Caf\u00e9 Row\n".encode("cp1252"), "read as Windows-1252"),
    ],
)
def test_rows_above_and_a_guessed_encoding_are_said(text: bytes, words: str, desk: Desk, api: Api) -> None:
    assert answer_on("register", text, desk, api).said(words)


def test_a_file_of_which_no_row_was_kept_has_its_remarks_too(desk: Desk, api: Api) -> None:
    shown = answer_on("register", b"Tel No,Shoe size,Post Code\n01632 960123,9,FY3 8AB\n", desk, api)
    assert shown.counts["rejected"] == 1
    assert shown.said("Shoe size (column B)")
    assert shown.said("entry_id")


def test_remarks_are_capped_and_the_rest_is_counted(desk: Desk, api: Api) -> None:
    odd = ",".join(f"Odd{letter}{other} heading" for letter in "abcdefghij" for other in "klmnopq")
    shown = answer_on("register", f"Client ref,Tel No,{odd}\nC1,01632 960123\n".encode(), desk, api)
    assert len(shown.remarks) == MOST
    assert shown.remarks[-1] == f"And {70 - MOST + 1} more remarks."


@given(st.lists(st.text(max_size=2 * LENGTH), max_size=3 * MOST))
def test_no_remark_is_lost_uncounted_and_none_is_long(remarks: list[str]) -> None:
    kept = capped(remarks)
    assert len(kept) <= MOST
    assert all(len(remark) <= LENGTH for remark in kept)
    different = len(set(remarks))
    if different > MOST:
        assert kept[-1] == f"And {different - MOST + 1} more remarks."
    else:
        assert len(kept) == different


def test_the_three_entries_that_case_58_withdraws_are_counted(desk: Desk, api: Api) -> None:
    whole, odd = ((CASES / name).read_bytes() for name in ("58a-register-200.csv", "58b-three-ids-lost-noughts.csv"))
    said = "3 entries on record were withdrawn, because the file does not hold the reference."
    answer_on("register", whole, desk, api)
    shown = desk.done("import", "register", desk.file("b.csv", odd), "--council", BLACKPOOL, "--replace", "--no-match")
    assert said in shown.words
    sent = {"content": odd, "headers": {"Content-Type": CSV}}
    dry = api.ask("blackpool", "POST", f"{REGISTER_UPLOADS}?mode=replace&dry_run=true", **sent).json()
    assert dry["would_withdraw"] == 3
    answer = api.ask("blackpool", "POST", f"{REGISTER_UPLOADS}?mode=replace", **sent).json()
    assert answer["remarks"] == [said]
    assert api.ask("blackpool", "GET", f"/v1/submissions/{answer['submission']}").json()["remarks"] == [said]
