from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import update

from services.storage.tables import cases, figures
from tests.support.command_line import Desk


def written(desk: Desk, *typed: str) -> list[Path]:
    """Return the paths that `pullcord report` prints."""
    return [desk.folder / line for line in desk.done("report", *typed).out.split()]


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_without_a_complete_month_the_report_is_of_this_one_to_date(desk: Desk) -> None:
    desk.with_a_case()
    page, table = written(desk)
    assert (page.name, table.name) == ("oversight-2026-11.html", "oversight-2026-11.csv")
    assert "November 2026 is not over." in page.read_text()
    assert {line["complete"] for line in lines(table)} == {"false"}
    assert "Do not publish" in desk.done("report").complaint


def test_the_report_of_the_last_complete_month_closes_it_if_nothing_has(desk: Desk) -> None:
    desk.with_a_case()
    desk.clock.advance(days=40)
    printed = desk.done("report", "--out", "reports/2026")
    page, table = (desk.folder / line for line in printed.out.split())
    assert page.relative_to(desk.folder).as_posix() == "reports/2026/oversight-2026-12.html"
    assert {line["complete"] for line in lines(table)} == {"true"}
    assert printed.complaint == ""
    assert desk.done("audit", "check").words == "Everything on record is as the audit says."


def test_a_period_has_its_months_the_one_to_date_last(desk: Desk) -> None:
    desk.with_a_case()
    desk.clock.advance(days=40)
    page, table = written(desk, "--period", "2026-11..2027-01")
    assert page.name == "oversight-2026-11-to-2027-01.html"
    months = {line["month"]: line["complete"] for line in lines(table)}
    assert months == {"2026-11": "true", "2026-12": "true", "2027-01": "false"}


def test_only_its_owner_can_read_what_was_written(desk: Desk) -> None:
    assert [path.stat().st_mode & 0o077 for path in written(desk)] == [0, 0]


def test_a_month_of_which_nothing_is_known_is_refused_and_nothing_is_written(desk: Desk) -> None:
    for period in ("2026-10", "2025-01..2026-11"):
        printed = desk.run("report", "--period", period)
        assert (printed.code, printed.out) == (2, "")
        assert "there are figures of 2026-11 only" in printed.complaint
    assert list(desk.folder.glob("oversight*")) == []


@pytest.mark.parametrize("period", ["2026-12", "2026-11..2026-12", "2027-06", "2099-01..2099-02"])
def test_a_period_that_lies_ahead_is_refused(desk: Desk, period: str) -> None:
    desk.with_a_case()
    printed = desk.run("report", "--period", period)
    assert (printed.code, printed.out) == (2, "")
    assert f"{period.rsplit('..', maxsplit=1)[-1]} lies ahead: there are figures of 2026-11 only" in printed.complaint
    assert list(desk.folder.glob("oversight*")) == []


def stocks(path: Path) -> dict[tuple[str, str, str], str]:
    wanted = ("feeds", "agreements")
    return {(one["figure"], one["table"], one["key"]): one["count"] for one in lines(path) if one["figure"] in wanted}


@pytest.mark.parametrize("days_ahead", [9, 40, 200])
def test_a_month_that_a_clock_ahead_has_closed_is_counted_again_to_date_and_no_stock_is_doubled(
    desk: Desk, days_ahead: int
) -> None:
    desk.with_a_case()
    before = stocks(written(desk)[1])
    desk.clock.advance(days=days_ahead)
    desk.done("report")
    desk.clock.advance(days=-days_ahead)
    page, table = written(desk, "--period", "2026-11")
    assert "November 2026 is not over." in page.read_text()
    assert stocks(table) == before
    assert before["feeds", "total", ""] == "2"
    # The month was closed while the clock was ahead. It still lies in the future.
    assert "lies ahead" in desk.run("report", "--period", "2026-12").complaint


def test_a_period_that_is_none_is_refused(desk: Desk) -> None:
    assert "such as 2026-11" in desk.run("report", "--period", "November").complaint


def test_what_was_altered_by_hand_is_listed_and_nothing_else(desk: Desk) -> None:
    case = desk.with_a_case()
    desk.clock.advance(days=10)
    desk.done("report", "--period", "2026-11")
    with desk.store() as store, store.writing() as connection:
        total = (figures.c.figure == "cases_opened", figures.c.dimension == "total")
        connection.execute(update(figures).where(*total).values(count=0))
        connection.execute(update(cases).values(state="closed"))
    printed = desk.run("audit", "check")
    assert printed.code == 1
    assert "2026-11 cases_opened total 0 1" in printed.words
    assert f"case {case} closed open" in printed.words
    assert printed.words.endswith("2 differences.")


def test_a_month_is_over_for_ten_minutes_before_it_is_closed(desk: Desk) -> None:
    desk.with_a_case()
    desk.clock.advance(days=7, hours=14, minutes=5)
    page, _ = written(desk)
    assert "November 2026 is not over." in page.read_text()
    desk.clock.advance(minutes=5)
    page, _ = written(desk)
    assert "is not over" not in page.read_text()
