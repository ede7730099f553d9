from __future__ import annotations

from string import ascii_uppercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.addresses.ending_postcode import ending_postcode
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.sheets import read_sheet
from tests.support.checks.spreadsheet_answers import answer_on
from tests.support.command_line import Desk
from tests.support.http import Api
from tests.support.ways_in import CASES


def test_the_postcodes_in_the_addresses_of_case_18_are_used(desk: Desk, api: Api) -> None:
    shown = answer_on("register", (CASES / "18-postcode-in-address.csv").read_bytes(), desk, api)
    assert shown.counts["rejected"] == 0
    # Without a postcode, the first would be found by its number only and the others not at all.
    assert not {code for _, _, code in shown.issues} & {"number_only", "cannot_be_matched"}


def test_the_sectors_of_case_17_are_read_or_reported(desk: Desk, api: Api) -> None:
    data = (CASES / "17-sectors.csv").read_bytes()
    sheet = read_sheet(data, RecordKind.NOTICE, FileLimits())
    assert [row.fields["area_codes"] for row in sheet.rows][:2] == [["FY3 8", "FY3 9"]] * 2
    shown = answer_on("notices", data, desk, api)
    assert {row["row"] for row in shown.rows} == {4, 6}
    assert shown.counts["accepted"] == 3


@pytest.mark.parametrize(
    ("lines", "postcode"),
    [
        (["12 Invented Road, Blackpool, FY3 8AB"], "FY3 8AB"),
        (["12 Invented Road", "Blackpool FY38AB"], "FY3 8AB"),
        (["12 Invented Road", "fy3 8ab", "Lancashire", "UK"], "FY3 8AB"),
        (["12 Invented Road, Blackpool (FY3 8AB)."], "FY3 8AB"),
        (["12 Invented Road, FY3 8AB", "Care of 1 Other Road, FY1 1AB"], None),
        (["12 Invented Road", "Blackpool"], None),
        (["Flat A1 1AA Row"], None),
        (["Unit QQ1 1AA"], None),
    ],
)
def test_the_postcode_that_ends_an_address(lines: list[str], postcode: str | None) -> None:
    assert ending_postcode(lines) == postcode


def test_a_postcode_in_its_own_column_comes_before_that_of_the_address(desk: Desk, api: Api) -> None:
    text = b"Client ref,Post Code,Full address\n1,nonsense,12 Invented Road FY3 8AB\n2,,14 Invented Road FY3 8AB\n"
    shown = answer_on("register", text, desk, api)
    assert {(row, code) for row, _, code in shown.issues if code == "not_a_postcode"} == {(2, "not_a_postcode")}
    assert not any(row == 3 for row, _, _ in shown.issues)


@pytest.mark.parametrize("given", ["FY3", "FY3 8", "unknown", "FY3 8A", "FY3 8AB / FY3 8AD"])
def test_a_postcode_that_cannot_be_read_hides_none_in_the_address(given: str, desk: Desk, api: Api) -> None:
    text = f"Client ref,Post Code,Full address\n1,{given},12 Invented Road FY3 8AB\n".encode()
    # Without a postcode, nothing would find this entry.
    assert {code for _, _, code in answer_on("register", text, desk, api).issues} == {"not_a_postcode"}


@pytest.mark.parametrize("area", ["01632", "1632", "(01632)", "0131", "020"])
def test_a_telephone_area_code_is_no_postcode_area(area: str, desk: Desk, api: Api) -> None:
    shown = answer_on("notices", f"Notice ID,Area,Migration date\na1,{area},18/01/2027\n".encode(), desk, api)
    assert (2, "area_codes", "telephone_area_code") in shown.issues
    assert shown.counts["rejected"] == 1


@pytest.mark.parametrize("headings", ["Area", "Postcodes", "Outward codes"])
def test_only_areas_and_no_scope_is_a_notice_for_an_area(headings: str, desk: Desk, api: Api) -> None:
    text = f"Notice ID,{headings},Scope,Migration date\na1,FY3,,18/01/2027\na2,FY3 8AB,,18/01/2027\n"
    shown = answer_on("notices", text.encode(), desk, api)
    assert (shown.counts["accepted"], shown.rows) == (2, [])


@given(st.sampled_from(["FY3", "M1", "B33", "CR2", "DN55"]), st.integers(0, 9), st.text(ascii_uppercase, max_size=4))
def test_a_sector_without_its_space_is_the_same_sector(outward: str, sector: int, word: str) -> None:
    def read(code: str, heading: str) -> list[str]:
        data = f"Notice ID,{heading}\na{word},{code}\n".encode()
        (row,) = read_sheet(data, RecordKind.NOTICE, FileLimits()).rows
        codes: list[str] = row.fields["area_codes"]
        return codes

    assert read(f"{outward}{sector}", "Postcode sectors") == read(f"{outward} {sector}", "Sectors")
    # A district under its own heading is not read as a sector.
    assert read(outward, "Postcode districts") == [outward]
