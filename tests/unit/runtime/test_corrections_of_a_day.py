"""A file is corrected and sent again the same day: over the command line and as an upload, the correction counts."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.core.tokens import TokenKind
from services.storage.store import Store
from services.storage.tables import entry_tokens, notices, register_entries
from services.storage.vault import place
from tests.support.command_line import BLACKPOOL, RAVEN, Desk
from tests.support.house import House, sqlite_engine
from tests.support.http import CSV, NOTICE_UPLOADS, REGISTER_UPLOADS, open_door

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
HEADS = "Order ref,CLI,Migration date,Issue date,Status\n"


def told(day: str, status: str, issued: str = "20/11/2026") -> str:
    """Six notices."""
    rows = (f"RT-5{one},01632 96046{one},{day},{issued},{status}\n" for one in range(6))
    return HEADS + "".join(rows)


def register(series: int) -> str:
    """Four entries that differ in their numbers only."""
    rows = (f"{one},01632 960{series + one},FY3 8AB,{one} Invented Road,28/11/2026\n" for one in range(1, 5))
    return "Client ref,Tel No,Post Code,Address 1,Last updated\n" + "".join(rows)


MORNING, AFTERNOON = told("01/06/2027", "Planned"), told("11/01/2027", "Rescheduled")
UNDATED = "Order ref,CLI,Migration date\nRT-60,01632 960470,01/06/2027\n"
ISSUED_TODAY = HEADS + "RT-60,01632 960470,11/01/2027,29/11/2026,Rescheduled\n"

Send = Callable[[str, str], dict[str, int]]
"""Sends a file of a kind; how many rows came to which outcome."""


class Way:
    """One way in, and the records behind it."""

    def __init__(self, send: Send, store: Callable[[], Any]) -> None:
        self.send, self.store = send, store

    def days(self) -> list[tuple[str, str]]:
        """The planned day and the rival's, of every notice."""
        with self.store() as store, store.reading() as connection:
            query = select(notices.c.planned_on, notices.c.rival_planned_on).order_by(notices.c.pk)
            return [(str(one), str(other)) for one, other in connection.execute(query)]

    def numbers(self) -> list[tuple[str, int]]:
        """The first number of every entry, and how many numbers it is found by."""
        with self.store() as store, store.reading() as connection:
            return [self._number(store, connection, row) for row in connection.execute(select(register_entries))]

    def _number(self, store: Store, connection: Any, row: Any) -> tuple[str, int]:
        private = store.vault.open(place(register_entries.name, row.record_key), row.sealed)
        tokens = connection.execute(select(entry_tokens).where(entry_tokens.c.entry_pk == row.pk)).all()
        return private["numbers"][0], sum(one.kind == TokenKind.TELEPHONE for one in tokens)


def over_the_command_line(desk: Desk) -> Way:
    def send(kind: str, content: str) -> dict[str, int]:
        whose = ("--council", BLACKPOOL) if kind == "register" else ("--provider", RAVEN)
        errors = desk.folder / "errors.csv"
        desk.done("import", kind, desk.file("sent.csv", content), *whose, "--errors", str(errors), "--no-match")
        with errors.open(encoding="utf-8-sig", newline="") as file:
            codes = [row["code"] for row in csv.DictReader(file)]
        return {code: codes.count(code) for code in ("stale", "same_stamp_differs")}

    return Way(send, desk.store)


@pytest.fixture(params=["command line", "upload"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    if request.param == "command line":
        desk: Desk = request.getfixturevalue("desk")
        desk.clock.set(NOW)
        yield over_the_command_line(desk)
        return
    house = House(sqlite_engine(tmp_path))
    house.clock.set(NOW)
    with open_door(house) as door:

        def send(kind: str, content: str) -> dict[str, int]:
            who, path = ("blackpool", REGISTER_UPLOADS) if kind == "register" else ("raven", NOTICE_UPLOADS)
            answer = door.ask(who, "POST", path, content=content.encode(), headers={"Content-Type": CSV}).json()
            named = [issue["code"] for row in answer["rows_with_issues"] for issue in row["issues"]]
            page = door.ask(who, "GET", f"/v1/submissions/{answer['submission']}").json()
            assert named == [issue["code"] for row in page["rows"] for issue in row["issues"]]
            return {code: named.count(code) for code in ("stale", "same_stamp_differs")}

        yield Way(send, _Kept(house.store))
    house.store.engine.dispose()


class _Kept:
    """A store that is open already."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self) -> _Kept:
        return self

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, *_error: object) -> None:
        return None


def test_all_lines_brought_forward_the_same_day_move_and_none_is_stale(way: Way) -> None:
    way.send("notices", MORNING)
    assert way.send("notices", AFTERNOON) == {"stale": 0, "same_stamp_differs": 6}
    assert way.days() == [("2027-01-11", "2027-06-01")] * 6


def test_lines_put_off_the_same_day_are_remembered_by_the_earlier_date(way: Way) -> None:
    way.send("notices", AFTERNOON)
    way.send("notices", MORNING)
    assert way.days() == [("2027-06-01", "2027-01-11")] * 6


def test_the_same_file_again_changes_nothing(way: Way) -> None:
    way.send("notices", MORNING)
    way.send("notices", AFTERNOON)
    before = way.days()
    assert way.send("notices", AFTERNOON) == {"stale": 0, "same_stamp_differs": 0}
    assert way.days() == before


def test_a_later_date_of_issue_settles_it_also_with_the_same_words(way: Way) -> None:
    way.send("notices", MORNING)
    way.send("notices", AFTERNOON)
    way.send("notices", told("11/01/2027", "Rescheduled", issued="21/11/2026"))
    assert way.days() == [("2027-01-11", "None")] * 6


def test_an_earlier_file_is_not_used_and_every_row_of_it_is_named(way: Way) -> None:
    way.send("notices", AFTERNOON)
    assert way.send("notices", told("01/06/2027", "Planned", issued="19/11/2026"))["stale"] == 6
    assert way.days() == [("2027-01-11", "None")] * 6


def test_all_numbers_corrected_the_same_day_are_taken_and_the_old_ones_still_found(way: Way) -> None:
    way.send("register", register(465))
    assert way.send("register", register(565))["same_stamp_differs"] == 4
    assert way.numbers() == [(f"+44163296056{one}", 2) for one in range(6, 10)]


def test_a_notice_issued_today_wins_over_one_without_a_date_of_issue(way: Way) -> None:
    way.send("notices", UNDATED)
    assert way.send("notices", ISSUED_TODAY)["stale"] == 0
    assert way.days() == [("2027-01-11", "2027-06-01")]


def test_the_table_says_not_used_of_a_stale_row(desk: Desk) -> None:
    desk.clock.set(NOW)
    way = over_the_command_line(desk)
    way.send("notices", AFTERNOON)
    sheet = desk.file("old.csv", told("01/06/2027", "Planned", issued="19/11/2026"))
    printed = desk.done("import", "notices", sheet, "--provider", RAVEN, "--no-match")
    assert "not used" in printed.words
    assert "19 November 2026" in printed.words
