from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.storage.tables import notices
from tests.support.command_line import BLACKPOOL, ENTRY, NUMBER, RAVEN, Desk
from tests.support.http import CSV, NOTICE_UPLOADS, REGISTER_UPLOADS, Api
from tests.support.ways_in import NamedRow, Way, case_file, way_of

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
MONTH_FIRST = case_file("06")


@pytest.fixture(params=("command line", "upload"))
def way(request: pytest.FixtureRequest) -> Way:
    def opened(name: str) -> Any:
        found = request.getfixturevalue(name)
        (found if name == "desk" else found.deployment).clock.set(NOW)
        return found

    return way_of(request.param, lambda: opened("desk"), lambda: opened("api"))


def sent(way: Way, kind: str, data: bytes) -> list[NamedRow]:
    tried = way.send(kind, data, dry=True)
    assert way.send(kind, data) == tried
    return tried


def planned_days(way: Way) -> list[str]:
    with way.store() as store, store.reading() as connection:
        return [str(day) for (day,) in connection.execute(select(notices.c.planned_on).order_by(notices.c.pk))]


def codes(named: list[NamedRow]) -> list[tuple[int, str]]:
    return [(one.row, one.code) for one in named]


def test_01_a_bare_number_in_a_workbook_that_counts_from_1904_is_flagged_by_row(way: Way) -> None:
    assert codes(sent(way, "notices", case_file("01"))) == [(3, "date_as_number"), (3, "no_date")]
    assert planned_days(way) == ["2027-03-01", "None"]


def test_06_no_ambiguous_date_of_a_month_first_file_is_read_in_silence(way: Way) -> None:
    named = sent(way, "notices", MONTH_FIRST)
    assert {one.outcome for one in named} == {"accepted_with_warnings"}
    planned = [(one.row, one.code) for one in named if one.code in ("date_order_in_doubt", "no_date")]
    doubt, undated = "date_order_in_doubt", "no_date"
    assert planned == [
        (3, doubt),
        (3, undated),
        *[(4, doubt), (4, doubt), (4, undated)],
        *[(6, doubt), (6, doubt), (6, undated)],
    ]
    assert [row for row, code in codes(named) if code == "month_first"] == [2, 2, 3, 5, 5]
    assert any("12 January or 1 December 2027" in one.reason for one in named if one.row == 4)
    assert planned_days(way) == ["2027-01-25", "None", "None", "2027-03-31", "None"]


def test_07_an_end_date_of_1900_is_flagged(way: Way) -> None:
    named = sent(way, "register", case_file("07"))
    assert [one.row for one in named if one.code == "placeholder_date"] == [4]
    assert all(one.outcome != "rejected" for one in named if one.row in (2, 4))


def test_15_a_notice_without_a_whole_date_is_kept_without_one(way: Way) -> None:
    # The faulty status in row 5 is replaced, because this test is about dates only.
    data = case_file("15").replace(b"In progress", b"planned").replace(b"Q1 2027", b"ASAP")
    found = [one for one in codes(sent(way, "notices", data)) if one[1] != "no_date"]
    assert found == [
        (2, "not_a_date"),
        (3, "not_a_date"),
        (4, "not_a_date"),
        (6, "weekday_contradicts"),
        (7, "not_a_date"),
        (9, "implausible_date"),
    ]
    assert planned_days(way) == [*["None"] * 3, "2027-01-18", *["None"] * 4]


def test_a_date_long_past_is_warned_of_and_kept(way: Way) -> None:
    data = (
        b"Notice ID,Tel No,Migration date,Status\n"
        b"n1,01632 960113,28/11/2025,planned\nn2,01632 960114,29/11/2024,\nn3,01632 960115,20/11/2026,planned\n"
        b"n4,01632 960116,29/11/2024,completed\nn5,01632 960117,2019-01-31,rescheduled\n"
    )
    assert codes(sent(way, "notices", data)) == [(row, "date_long_past") for row in (2, 3, 6)]
    assert planned_days(way) == ["2025-11-28", "2024-11-29", "2026-11-20", "2024-11-29", "2019-01-31"]


ORDERED = ["2027-01-25", "2027-02-03", "2027-01-12", "2027-03-31", "2027-04-01"]


def test_the_order_stated_on_the_command_line_leaves_nothing_in_doubt(desk: Desk) -> None:
    desk.clock.set(NOW)
    path = desk.file("06.csv", MONTH_FIRST)
    # The second import states the order of the dates. It replaces the versions without a date.
    desk.done("import", "notices", path, "--provider", RAVEN, "--no-match")
    printed = desk.done("import", "notices", path, "--provider", RAVEN, "--dates", "month-first", "--no-match")
    assert "with the month first" not in printed.words
    way = way_of("command line", lambda: desk, lambda: pytest.fail("no server"))
    assert planned_days(way) == ORDERED


def test_a_notice_whose_date_is_in_doubt_opens_a_case_and_alerts_the_council_as_an_undated_one(desk: Desk) -> None:
    desk.clock.set(NOW)
    desk.with_an_officer()
    desk.done("import", "register", desk.sheet("register.csv", [ENTRY]), "--council", BLACKPOOL)
    notice = {"Notice ID": "n1", "Tel No": NUMBER, "Migration date": "01/12/2027"}
    proof = {"Notice ID": "n2", "Tel No": "01632 960124", "Migration date": "01/25/2027"}
    desk.done("import", "notices", desk.sheet("notices.csv", [notice, proof]), "--provider", RAVEN)
    assert "not known" in desk.done("cases").words
    # 29 November 2026 is a Sunday.
    desk.clock.set(NOW + timedelta(days=1))
    desk.send_what_is_due()
    assert len(desk.channel.sent) == 1


@pytest.mark.parametrize("path", [NOTICE_UPLOADS, REGISTER_UPLOADS])
def test_an_order_that_is_none_is_refused(api: Api, path: str) -> None:
    who = "raven" if path == NOTICE_UPLOADS else "blackpool"
    answer = api.ask(who, "POST", f"{path}?dates=american", content=MONTH_FIRST, headers={"Content-Type": CSV})
    assert answer.status_code == 422


def test_the_order_stated_over_http_is_part_of_the_request(api: Api) -> None:
    api.deployment.clock.set(NOW)
    headers = {"Content-Type": CSV, "Idempotency-Key": "one"}
    path = f"{NOTICE_UPLOADS}?dates=month-first"
    first = api.ask("raven", "POST", path, content=MONTH_FIRST, headers=headers)
    assert (first.status_code, first.json()["rows_with_issues"]) == (202, [])
    assert api.ask("raven", "POST", path, content=MONTH_FIRST, headers=headers).json()["repeated"]
    for other in (NOTICE_UPLOADS, f"{NOTICE_UPLOADS}?dates=day-first"):
        assert api.ask("raven", "POST", other, content=MONTH_FIRST, headers=headers).status_code == 422
    way = way_of("upload", lambda: pytest.fail("no command line"), lambda: api)
    assert planned_days(way) == ORDERED


def test_the_order_of_a_register_is_stated_alike(api: Api) -> None:
    data = b"Client ref,Tel No,Start date\n1,01632 960118,01/25/2020\n2,01632 960119,01/12/2020\n"
    for query, expected in (("", {"month_first", "date_order_in_doubt"}), ("&dates=month-first", set())):
        path = f"{REGISTER_UPLOADS}?dry_run=true{query}"
        answer = api.ask("blackpool", "POST", path, content=data, headers={"Content-Type": CSV}).json()
        found = {issue["code"] for row in answer["rows_with_issues"] for issue in row["issues"]}
        assert found & {"month_first", "date_order_in_doubt"} == expected


UNREADABLE = ["31/02/2027", "TBC", "#REF!", "Monday 3 December 2026", "01/02/2027 or later"]


@pytest.mark.parametrize("text", UNREADABLE)
@pytest.mark.parametrize("heading", ["Migration date", "Restriction date"])
def test_a_date_that_cannot_be_read_erases_no_date_on_record(way: Way, heading: str, text: str) -> None:
    head = f"Notice ID,Tel No,{heading},Issued at\n".encode()
    way.send("notices", head + b"n1,01632 960121,03/12/2026,2026-11-20\n")
    later = head + f"n1,01632 960121,{text},2026-11-25\n".encode()
    named = {one.code for one in way.send("notices", later)}
    assert "date_on_record_kept" in named
    assert "no_date" not in named
    with way.store() as store, store.reading() as connection:
        (row,) = connection.execute(select(notices)).all()
    assert {str(row.planned_on), str(row.restriction_on)} == {"2026-12-03", "None"}


def test_neither_a_date_in_doubt_nor_an_empty_cell_erases_a_date_on_record(way: Way) -> None:
    head = b"Notice ID,Tel No,Migration date,Issued at\n"
    way.send("notices", head + b"n1,01632 960121,03/12/2026,2026-11-20\nn2,01632 960122,04/12/2026,2026-11-20\n")
    way.send("notices", head + b"n1,01632 960121,05/06/2027,2026-11-25\nn2,01632 960122,,2026-11-25\n")
    month_first = b"n1,01632 960121,05/06/2027,2026-11-26\nn3,01632 960123,01/25/2027,2026-11-26\n"
    way.send("notices", head + month_first)
    assert planned_days(way) == ["2027-06-05", "2026-12-04", "2027-01-25"]
