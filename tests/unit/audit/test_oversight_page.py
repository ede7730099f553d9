from __future__ import annotations

from pathlib import Path

import pytest

from services.audit.figures.figures import SMALLEST_WAITS
from services.audit.figures.figures_page import with_figures
from services.audit.figures.suppression import SMALL

PAGE = Path(__file__).parents[3] / "docs" / "oversight.md"


def test_the_page_is_as_the_definitions_make_it() -> None:
    page = PAGE.read_text("utf-8")
    assert with_figures(page) == page, "run: python -m services.audit.figures.figures_page docs/oversight.md"


def test_the_page_names_the_thresholds_that_hold() -> None:
    text = " ".join(PAGE.read_text("utf-8").split())
    assert (SMALL, SMALLEST_WAITS) == (5, 10)
    assert "Counts from 1 to 4 are withheld" in text
    assert "medians are shown of at least ten waits" in text


def test_a_page_without_its_marks_is_not_touched() -> None:
    with pytest.raises(ValueError, match="generated: begin"):
        with_figures("# A page")
