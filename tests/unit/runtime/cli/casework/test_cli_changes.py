from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.command_line import BLACKPOOL, RAVEN, Desk

LINES = range(8)
# The council has eight cases, so five may change without a person. Three changes wait.
LEFT = 3


def number(index: int) -> str:
    return f"01632 96010{index}"


def notices(desk: Desk, name: str, **more: Any) -> None:
    rows = [{"id": f"n{one}", "cli": number(one), "planned_migration_date": "2026-12-03", **more} for one in LINES]
    desk.done("import", "notices", desk.file(name, json.dumps(rows)), "--provider", RAVEN)
    desk.send_what_is_due()


@pytest.fixture
def waiting(desk: Desk) -> Desk:
    register = [{"Client Ref": f"TC{one}", "Tel No": number(one), "Post Code": "FY3 8AB"} for one in LINES]
    desk.done("import", "register", desk.sheet("register.csv", register), "--council", BLACKPOOL)
    notices(desk, "first.json", issued_at="2026-11-20T09:00:00Z")
    notices(desk, "second.json", issued_at="2026-11-21T09:00:00Z", status="withdrawn")
    return desk


def listed(desk: Desk) -> list[str]:
    return [word for word in desk.done("changes", "list", "--council", BLACKPOOL).out.split() if word.startswith("C-")]


def test_it_lists_what_waits_and_says_what_changed(waiting: Desk) -> None:
    assert len(listed(waiting)) == LEFT
    assert "withdrew its" in waiting.done("changes", "list").words


def test_it_accepts_the_named_cases(waiting: Desk) -> None:
    chosen = listed(waiting)[:2]
    done = waiting.done("changes", "accept", "--council", BLACKPOOL, "--by", "Asha Patel", *chosen)
    assert "The changes of 2 cases count now." in done.words
    assert len(listed(waiting)) == LEFT - 2


def test_it_accepts_all_when_told_so(waiting: Desk) -> None:
    waiting.done("changes", "accept", "--council", BLACKPOOL, "--by", "Asha Patel", "--all", "--note", "a mistake")
    assert "No change waits for anybody." in waiting.done("changes", "list").words


@pytest.mark.parametrize(
    "typed",
    [
        ("--council", BLACKPOOL, "--by", "Asha Patel"),
        ("--council", BLACKPOOL, "--by", "Asha Patel", "--all", "C-2222-2222"),
        ("--council", BLACKPOOL, "--by", "Asha Patel", "C-2222-2222"),
        ("--council", BLACKPOOL, "--by", "x", "--all"),
        ("--council", "E99999999", "--by", "Asha Patel", "--all"),
    ],
)
def test_it_accepts_nothing_that_is_not_clear(waiting: Desk, typed: tuple[str, ...]) -> None:
    assert waiting.run("changes", "accept", *typed).code != 0
    assert len(listed(waiting)) == LEFT
