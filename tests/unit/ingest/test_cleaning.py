from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.files.cleaning import clean_cells, clean_text
from services.ingest.reading.rows.references import alike_form, clean_reference, has_lost_digits
from tests.support.checks.work_steps import steps_of

INVISIBLE = (
    "\u200b\u200c\u200d\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\xad\u2060\u180e\x07"
)
BLANKS = "\xa0\u202f\u2007\u2009\u3000"
PLAIN = st.text(st.sampled_from("ABCabc0123 -/."), max_size=20)


@given(PLAIN, st.lists(st.tuples(st.integers(0, 20), st.sampled_from(INVISIBLE)), max_size=8))
def test_signs_that_nobody_sees_change_no_cell(text: str, signs: list[tuple[int, str]]) -> None:
    written = text
    for at, sign in signs:
        written = written[:at] + sign + written[at:]
    assert clean_text(written) == text.strip()


@given(PLAIN, st.sampled_from(BLANKS), st.sampled_from("\u2010\u2011\u2012\u2013\u2014\u2015\u2212"))
def test_blanks_and_hyphens_of_other_kinds_are_plain_ones(text: str, blank: str, hyphen: str) -> None:
    assert clean_text(text.replace(" ", blank).replace("-", hyphen)) == text.strip()


@given(st.lists(st.text(max_size=30), max_size=6))
def test_cells_are_cleaned_together_as_each_is_alone(cells: list[str]) -> None:
    assert clean_cells(cells) == [clean_text(cell) for cell in cells]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("O&#39;Brien Court", "O'Brien Court"),
        ("1 Rose &amp; Crown Yard", "1 Rose & Crown Yard"),
        ("1 Rose &amp;amp; Crown Yard", "1 Rose & Crown Yard"),
        ("&nbsp;12&#xA0;Tower Road&nbsp;", "12 Tower Road"),
        ("AT&T", "AT&T"),
        ("R&D &unheard; of", "R&D &unheard; of"),
        ("12 Tower Road_x000D_\nBlackpool", "12 Tower Road\r\nBlackpool"),
        ("TC_x005F_x000D_1", "TC_x000D_1"),
        ("TC_xD83D_1&#0;", "TC1"),
        ("Tŷ Newydd", "Tŷ Newydd"),
        ("12 Tower Road\x0bBlackpool", "12 Tower Road\nBlackpool"),
    ],
)
def test_escapes_of_programs_are_decoded(written: str, meant: str) -> None:
    assert clean_text(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("'12345", "12345"),
        ("\u2019TC-1", "TC-1"),
        ("12345.0", "12345"),
        ("0012345.00", "0012345"),
        (" TC  1 ", "TC 1"),
        ("tc-1A", "tc-1A"),
        ("1.5", "1.5"),
        ("A12345.0", "A12345.0"),
    ],
)
def test_a_reference_loses_only_what_no_person_wrote(written: str, meant: str) -> None:
    assert clean_reference(written) == meant


@pytest.mark.parametrize("kept", ["7E10", "12E3", "E+14", "TC2E+14", "2.02612", "1E", "2026E+1"])
def test_a_reference_with_a_letter_e_is_no_lost_one(kept: str) -> None:
    assert not has_lost_digits(kept)


@pytest.mark.parametrize("alike", ["TC-001", "tc-1", "TC 01", "tc1", "Tc -0001"])
def test_references_that_people_confuse_have_one_form(alike: str) -> None:
    assert alike_form(alike) == "tc1"


@pytest.mark.parametrize("other", ["1-23", "12-3", "123", "1230", "TC-10", "TC-1-1", "TC-11", "CT-1"])
def test_references_that_differ_in_more_have_two_forms(other: str) -> None:
    others = {"1-23", "12-3", "123", "1230", "TC-10", "TC-1-1", "TC-11", "CT-1", "TC-1"} - {other}
    assert alike_form(other) not in set(map(alike_form, others))


@pytest.mark.parametrize("part", ["&", "&amp", "&amp;", "_x", "_x000D_", "\u200b", "&#", "- ", "0 "])
def test_the_work_is_linear_in_the_length_of_a_cell(part: str) -> None:
    def steps(times: int) -> int:
        return steps_of(lambda: alike_form(clean_text(part * times)))

    assert steps(20_000) <= 2.5 * steps(10_000) + 2_000
