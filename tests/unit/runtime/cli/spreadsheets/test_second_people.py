from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.files.table import SheetRow
from services.ingest.reading.columns import map_columns, row_fields
from services.ingest.reading.drafts import RecordKind
from tests.support.checks.spreadsheet_answers import answer_on
from tests.support.command_line import BLACKPOOL, RAVEN, Desk
from tests.support.http import Api
from tests.support.ways_in import CASES

OWN, THEIRS = "01632 960511", "01632 960512"


def test_the_second_block_of_case_46_is_named_and_opens_no_case(desk: Desk, api: Api) -> None:
    shown = answer_on("register", (CASES / "46-repeated-block.csv").read_bytes(), desk, api)
    for column in ("Address (column F)", "Post Code (column G)", "Tel No (column H)"):
        assert shown.said("Not read", column)
    assert shown.said("Not read and not kept", "Contact Name (column E)")
    desk.done("import", "notices", str(CASES / "46-notices.csv"), "--provider", RAVEN)
    assert "No case" in desk.done("cases", "--council", BLACKPOOL).words


@pytest.mark.parametrize(
    "second",
    [
        "Tel No,Post Code",
        "TEL NO.,Postal code",
        "NOK phone,NOK Postcode",
        "Contact 1 Tel,Contact 1 Postcode",
        "Emergency contact number,Emergency contact postcode",
        "Keyholder tel,Key holder post code",
        "Contact Name,Telephone",
        "Daughter's phone,Relationship",
        "GP Tel,GP",
        "ContactTel,NOKPhone2",
        "Tel (next of kin),Phone (carer)",
        "Contact number,Contact telephone 2",
        "Next of kin,Tel No2",
        "Tel No.1,Post Code.1",
    ],
)
def test_no_number_of_a_contact_is_read(second: str, desk: Desk, api: Api) -> None:
    text = f"Client ref,Address,Post Code,Tel No,{second}\nC1,12 Invented Road,FY3 8AB,{OWN},{THEIRS},{THEIRS}\n"
    shown = answer_on("register", text.encode(), desk, api)
    assert list(shown.read.values()) == ["entry_id", "address_lines", "postcode", "cli"]
    for letter, heading in zip("EF", second.split(","), strict=True):
        assert shown.said("Not read", f"{heading} (column {letter})")


@pytest.mark.parametrize(
    "headings",
    [
        "Tel 1,Tel 2",
        "Home phone,Alarm line",
        "Tel No,Telephone",
        "Contact number 1,Contact number 2",
        "Tel 1,Key holder,Tel 2",
        "Tel,Next of kin,Alarm line",
        "Tel,Client contact number",
    ],
)
def test_numbers_under_different_headings_are_still_joined(headings: str) -> None:
    columns = map_columns(["Client ref", *headings.split(",")], RecordKind.ENTRY)
    first, last = 1, 1 + headings.count(",")
    cells = ["C1", *[""] * last]
    cells[first], cells[last] = OWN, THEIRS
    assert row_fields(SheetRow(2, tuple(cells)), columns)["cli"] == f"{OWN} / {THEIRS}"


@pytest.mark.parametrize(
    ("theirs", "field"),
    [("Tel No2,Address2,Post Code2", "cli"), ("Phone,Home,Postal code", "cli"), ("Tel_1,Address_1", "address_lines")],
)
def test_what_is_joined_from_columns_far_apart_is_named(theirs: str, field: str, desk: Desk, api: Api) -> None:
    headings = f"Client ref,Tel No,Address,Post Code,{theirs}"
    row = f"C1,{OWN},12 Invented Road,FY3 8AB,{THEIRS},14 Other Road,FY2 9AA".split(",")[: headings.count(",") + 1]
    shown = answer_on("register", f"{headings}\n{','.join(row)}\n".encode(), desk, api)
    assert shown.said(f"The field {field} was joined from", "(column B)" if field == "cli" else "(column C)")


@pytest.mark.parametrize("headings", ["Tel 1,Tel 2,Address 1,Address 2", "Flat,House No,Street,Tel No,Tel No 2"])
def test_what_is_joined_from_columns_side_by_side_needs_no_word(headings: str) -> None:
    columns = map_columns(["Client ref", *headings.split(","), "Post Code"], RecordKind.ENTRY)
    assert columns.remarks() == ()


@pytest.mark.parametrize("again", ["Addr 1,Addr 2", "Address Line 1,Address Line 2", "Address_1,Address_2"])
def test_the_same_line_of_an_address_is_never_joined_twice(again: str) -> None:
    columns = map_columns(["Client ref", "Address 1", "Address 2", "Post Code", *again.split(",")], RecordKind.ENTRY)
    row = SheetRow(2, ("C1", "1 Tower Road", "Blackpool", "FY3 8AB", "2 Mill Lane", "Lytham"))
    assert row_fields(row, columns)["address_lines"] == ["1 Tower Road", "Blackpool"]
    assert sum("Its heading appears twice" in remark for remark in columns.remarks()) == 2


BLOCK = ("Tel No", "Address", "Post Code", "UPRN", "Town", "Telephone 1", "Address 1", "Address 2")


@settings(max_examples=60)
@given(
    st.permutations(BLOCK),
    st.sampled_from(["Contact name", "Next of kin", "Key holder", "NOK", "Relationship"]),
    st.data(),
)
def test_nothing_of_a_repeated_block_is_ever_joined(own: list[str], between: str, data: st.DataObject) -> None:
    theirs = data.draw(st.permutations(own))
    headings = ["Client ref", *own, between, *theirs]
    columns = map_columns(headings, RecordKind.ENTRY)
    assert all(at <= len(own) for at in columns.fields)
    # Every column of the second block is named.
    assert sum(" (column" in remark for remark in columns.remarks()) >= len(theirs)
