from __future__ import annotations

import json

import pytest

from tests.support.command_line import Desk


def test_it_shows_when_why_and_to_whom_in_uk_time_and_what_it_assumes(desk: Desk) -> None:
    desk.with_an_officer()
    case = desk.with_a_case()
    shown = desk.done("case", "preview", case, "--days", "14").words
    assert "the first message about the case duty desk (duty)" in shown
    assert "Thu 3 Dec 2026" in shown
    assert "Assumed: - Nobody acts on the case" in shown


def test_the_operator_is_named_where_nobody_else_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLCORD_FALLBACK_ROUTES", json.dumps(["json://operator.example"]))
    desk.with_an_officer()
    shown = desk.done("case", "preview", desk.with_a_case()).words
    assert "nobody has answered the earlier messages operator 1 (operator of Pullcord)" in shown


def test_a_case_about_which_nothing_is_due_says_so(desk: Desk) -> None:
    desk.with_an_officer()
    case = desk.with_a_case()
    desk.done("case", "record", case, "confirm_safe", "--by", "Asha Patel", "--field", "party=provider", "--field",
              "evidence=proved with the engineer")  # fmt: skip
    assert (
        f"Nothing would be sent about {case} in the next 5 days."
        in desk.done("case", "preview", case, "--days", "5").words
    )
