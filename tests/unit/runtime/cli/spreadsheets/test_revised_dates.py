from __future__ import annotations

from datetime import date, timedelta

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

FIELD = "planned_migration_date"
OLD, NEW = date(2027, 6, 1), date(2027, 1, 11)


def _days(headings: str, *rows: str) -> list[date | None]:
    sheet = read_sheet("\n".join([headings, *rows]).encode(), RecordKind.NOTICE, FileLimits())
    return [row.fields.get(FIELD) for row in sheet.rows]


def test_the_revised_date_of_case_37_counts(desk: Desk, api: Api) -> None:
    data = (CASES / "37-revised-date.csv").read_bytes()
    shown = answer_on("notices", data, desk, api)
    assert _days(*data.decode().splitlines()) == [NEW, OLD]
    assert shown.said("read from Revised migration date (column D) where it is filled", "Migration date (column C)")
    assert shown.columns[3]["field"] == FIELD


@pytest.mark.parametrize(
    "headings",
    [
        "Migration date,Revised migration date",
        "Migration date,New migration date",
        "Switch date,Amended switch date",
        "Migration date,Migration date (revised)",
        "Migration date,Revised date",
        "Migration date,Rescheduled to",
        "Migration date,Latest migration date",
        "Migration date,Deferred to",
        "Switch date,2nd switch date",
        "Migration date,Rebooked migration date",
        "Original date,Migration date",
        "Original migration date,Revised migration date",
        "Original date,New date",
        "planned_migration_date,REVISED_MIGRATION_DATE",
    ],
)
@pytest.mark.parametrize("is_turned", [False, True])
def test_the_newer_column_counts_wherever_it_stands(headings: str, is_turned: bool) -> None:
    names, cells = headings.split(","), ["01/06/2027", "11/01/2027"]
    if is_turned:
        names, cells = names[::-1], cells[::-1]
    assert _days(f"Order ref,CLI,{','.join(names)}", f"RT-1,01632 960395,{','.join(cells)}") == [NEW]


def test_two_different_revised_dates_are_flagged_and_neither_is_kept(desk: Desk, api: Api) -> None:
    text = (
        "Order ref,CLI,Migration date,Revised date,New date\n"
        "RT-1,01632 960395,01/06/2027,11/01/2027,12/01/2027\n"
        "RT-2,01632 960396,01/06/2027,11/01/2027,11 Jan 2027\n"
    )
    shown = answer_on("notices", text.encode(), desk, api)
    assert (2, FIELD, "two_revised_dates") in shown.issues
    assert not any(row == 3 for row, _, _ in shown.issues)
    assert _days(*text.splitlines()) == [None, NEW]


@pytest.mark.parametrize("headings", ["Migration date,Planned date", "Migration date,Migration date"])
def test_another_column_with_another_date_is_flagged(headings: str, desk: Desk, api: Api) -> None:
    text = f"Order ref,CLI,{headings}\nRT-1,01632 960395,01/06/2027,11/01/2027\nRT-2,01632 960396,01/06/2027,\n"
    assert (2, FIELD, "another_date") in answer_on("notices", text.encode(), desk, api).issues


def test_an_original_date_alone_is_not_read_and_named(desk: Desk, api: Api) -> None:
    shown = answer_on("notices", b"Order ref,CLI,Original date\nRT-1,01632 960395,01/06/2027\n", desk, api)
    assert shown.said("Not read", "Original date (column C)")
    assert (2, FIELD, "no_date") in shown.issues


def test_a_revised_date_that_cannot_be_read_does_not_bring_the_old_one_back() -> None:
    (day,) = _days("Order ref,CLI,Migration date,Revised date", "RT-1,01632 960395,01/06/2027,to be agreed")
    assert day != OLD


MARKS = st.sampled_from(["Revised", "New", "Amended", "Updated", "Rescheduled", "revised", "NEW"])
NAMES = st.sampled_from(["migration date", "switch date", "cutover date", "planned migration date", "date"])


@settings(max_examples=60)
@given(MARKS, NAMES, st.integers(0, 300), st.booleans())
def test_any_revised_column_counts_where_it_is_filled(mark: str, name: str, later: int, is_filled: bool) -> None:
    new = date(2027, 1, 1) + timedelta(days=later)
    cell = f"{new:%d/%m/%Y}" if is_filled else ""
    found = _days(f"Order ref,CLI,Migration date,{mark} {name}", f"RT-1,01632 960395,01/06/2027,{cell}")
    assert found == [new if is_filled else OLD]
