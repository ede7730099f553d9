from __future__ import annotations

from pathlib import Path

import pytest

from schemas.codes import CaseEvent, CaseState
from services.alerts.states.machine_diagram import diagram, moves_table, with_states
from services.core.generated_part import BEGIN, END

PAGE = Path(__file__).parents[3] / "docs" / "case-states.md"


def test_the_page_is_as_the_table_makes_it() -> None:
    page = PAGE.read_text("utf-8")
    assert with_states(page) == page, "run: python -m services.alerts.states.machine_diagram docs/case-states.md"


def test_the_picture_shows_every_state() -> None:
    assert not [state for state in CaseState if f'{state}["' not in diagram()]


def test_the_table_has_a_row_for_every_event() -> None:
    assert [line.split("`")[1] for line in moves_table().splitlines()[2:]] == list(CaseEvent)


def test_a_page_without_its_marks_is_not_touched() -> None:
    with pytest.raises(ValueError, match="generated: begin"):
        with_states("# A page")


def test_what_stands_around_the_marks_is_kept_and_what_stands_between_is_not() -> None:
    page = with_states(f"before{BEGIN}last year's table{END}after")
    assert page.startswith(f"before{BEGIN}")
    assert page.endswith(f"{END}after")
    assert "last year" not in page
