from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ingest.test_csv_files import cells_of, rows_of


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("blank", [" ", "  "])
def test_blanks_before_a_quotation_mark_are_no_part_of_the_cell(separator: str, blank: str) -> None:
    between = separator + blank
    head, row = ("Case ID", "Tel No"), ('"C1"', f'"01632{separator} 960123"')
    assert cells_of(between.join(head) + "\n" + between.join(row)) == [("C1", f"01632{separator} 960123")]


@given(st.lists(st.text("ab ,;|'\"\n\t", max_size=8), min_size=2, max_size=2), st.sampled_from([",", ";", "|"]))
def test_cells_that_a_program_quoted_are_read_with_or_without_blanks_before_them(
    cells: list[str], separator: str
) -> None:
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in ("C1", *cells)]
    heads = separator.join(("Case ID", "Tel No", "Post Code"))
    plain, spaced = (rows_of(heads + "\n" + between.join(quoted)) for between in (separator, separator + " "))
    assert plain == spaced
