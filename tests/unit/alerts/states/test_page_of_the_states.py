from __future__ import annotations

import pytest

from services.alerts.states import machine_diagram
from services.alerts.states.machine_diagram import diagram, moves_table, with_states
from services.core.generated_part import BEGIN, END


def test_the_generated_part_stands_between_its_marks_with_an_empty_line_around_each_piece() -> None:
    made = with_states(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert made == f"before\n{BEGIN}\n\n{diagram()}\n\n{moves_table()}\n\n{END}\nafter\n"


def test_marks_named_again_further_down_are_left() -> None:
    made = with_states(f"{BEGIN}old{END} is what stands between {BEGIN} and {END}.")
    assert made.endswith(f"{END} is what stands between {BEGIN} and {END}.")


@pytest.mark.parametrize("page", [f"only {BEGIN}", f"only {END}"])
def test_a_page_with_one_of_its_marks_is_not_touched(page: str) -> None:
    with pytest.raises(ValueError, match=f"^the page needs a line {BEGIN} and a line {END}$"):
        with_states(page)


def test_a_way_that_the_table_does_not_have_cannot_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_diagram, "_DRAWN", (("closed", "test_passed"),))
    with pytest.raises(ValueError, match=r"^the picture has a way from closed to test_passed, the table has none$"):
        diagram()
