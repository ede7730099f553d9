from __future__ import annotations

from collections.abc import Callable

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.telephone.telephone import Mend, national, normalise_number, read_numbers
from services.core.telephone.telephone_plan import national_number

AREAS_WITH_NINE_DIGITS = ("1204", "1524", "1768", "1946", "1995", "16977")
WRITTEN: dict[str, Callable[[str], str]] = {
    "national": lambda n: f"0{n}",
    "grouped": lambda n: f"0{n[:4]} {n[4:]}",
    "international": lambda n: f"+44{n}",
    "international with zero": lambda n: f"+44 (0) {n[:3]} {n[3:]}",
    "double zero": lambda n: f"0044 {n}",
    "bare country code": lambda n: f"44{n}",
    "brackets": lambda n: f"(0{n[:4]}) {n[4:7]}-{n[7:]}",
    "full-width digits": lambda n: "".join(chr(ord(digit) + 0xFEE0) for digit in f"0{n}"),
    "extension": lambda n: f"0{n} ext 7",
}


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


uk_numbers = st.one_of(
    st.builds(str.__add__, st.sampled_from("123789"), digits(9)),
    st.builds(str.__add__, st.sampled_from(["55", "56"]), digits(8)),
    st.sampled_from(AREAS_WITH_NINE_DIGITS).flatmap(lambda area: digits(9 - len(area)).map(area.__add__)),
    st.builds(str.__add__, st.just("800"), digits(6)),
).filter(lambda n: len(set(n)) > 1)
valid_by_the_library = st.from_regex(
    "|".join(
        f"(?:{description.national_number_pattern})"
        for name in ("fixed_line", "mobile", "toll_free", "premium_rate", "personal_number", "voip", "pager", "uan")
        if (description := getattr(phonenumbers.PhoneMetadata.metadata_for_region("GB"), name))
    ).replace("\\d", "[0-9]"),
    fullmatch=True,
)


@pytest.mark.parametrize("style", WRITTEN)
@given(number=uk_numbers)
def test_every_possible_uk_number_is_read_as_phonenumbers_reads_it(style: str, number: str) -> None:
    text = WRITTEN[style](number)
    theirs = phonenumbers.parse(text, "GB")
    theirs.extension = None

    assert phonenumbers.is_possible_number(theirs)
    assert normalise_number(text) == phonenumbers.format_number(theirs, phonenumbers.PhoneNumberFormat.E164)


@given(number=uk_numbers)
def test_a_lost_leading_zero_is_restored_and_reported_for_every_number(number: str) -> None:
    reading = read_numbers(number)

    assert reading.numbers == (f"+44{number}",)
    assert reading.mends == {Mend.LEADING_ZERO_RESTORED}


@given(number=valid_by_the_library)
def test_no_number_that_phonenumbers_holds_valid_is_refused(number: str) -> None:
    assert normalise_number(f"0{number}") == f"+44{number}"


@given(number=uk_numbers)
def test_a_number_is_grouped_as_phonenumbers_groups_it(number: str) -> None:
    parsed = phonenumbers.parse(f"+44{number}")

    assert national(f"+44{number}") == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


@given(
    numbers=st.lists(uk_numbers, min_size=1, max_size=4, unique=True),
    between=st.sampled_from([" / ", ",", ";", "\n", " & "]),
)
def test_every_number_of_a_cell_is_kept_in_order(numbers: list[str], between: str) -> None:
    cell = between.join(f"0{number}" for number in numbers)

    assert read_numbers(cell).numbers == tuple(f"+44{number}" for number in numbers)


@given(cell=st.text())
def test_any_text_is_read_without_failing_into_uk_numbers_only(cell: str) -> None:
    reading = read_numbers(cell)

    assert all(number.startswith("+44") and national_number(number) for number in reading.numbers)
    assert len(set(reading.numbers)) == len(reading.numbers)


@given(cell=st.text("0123456789+() -./,;&xeEOIl\n", max_size=40))
def test_any_cell_like_a_number_gives_numbers_a_problem_or_nothing_to_read(cell: str) -> None:
    reading = read_numbers(cell)

    assert reading.numbers or reading.problems or not any(character.isdigit() for character in cell)
