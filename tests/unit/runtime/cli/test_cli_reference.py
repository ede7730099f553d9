from __future__ import annotations

from pathlib import Path

import pytest

from schemas.codes import CaseEvent, MatchReason
from services.matcher.addresses import AddressReason
from services.runtime.cli.main import COMMANDS
from services.runtime.cli.reference import command_reference, with_commands
from services.runtime.cli.support.labels import EVENTS, REASONS
from tests.support.command_line import Desk

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "command-line.md"


def test_the_page_is_as_the_commands_make_it() -> None:
    page = PAGE.read_text("utf-8")
    assert with_commands(page) == page, "run: python -m services.runtime.cli.reference docs/reference/command-line.md"


def test_the_page_names_every_command() -> None:
    made = command_reference()
    assert [name for name in COMMANDS if f"### `pullcord {name}" not in made] == []


def test_a_page_without_its_marks_is_not_touched() -> None:
    with pytest.raises(ValueError, match="generated: begin"):
        with_commands("# A page")


def test_help_shows_every_command_in_its_panel(empty_desk: Desk) -> None:
    shown = empty_desk.run("--help").out
    assert [name for name, listed in COMMANDS.items() if name not in shown or listed.panel not in shown] == []


def test_a_slip_in_a_commands_name_is_met_with_a_guess(empty_desk: Desk) -> None:
    printed = empty_desk.run("stats")
    assert (printed.code, "'status'" in printed.complaint) == (2, True)


def test_every_event_and_every_reason_has_words() -> None:
    assert set(EVENTS) == set(CaseEvent)
    assert set(REASONS) == {*MatchReason, *AddressReason}
