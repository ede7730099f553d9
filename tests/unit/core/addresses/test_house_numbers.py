from __future__ import annotations

import pytest

from services.core.addresses.address import AddressParts, parse_address
from tests.unit.core.addresses.reading import parts


@pytest.mark.parametrize(
    "number",
    ["144½", "144 ½", "144 1/2", "144-1/2", "144 & 1/2", "144 and a half", "144 & A HALF", "144 and half", "No. 144½"],
)
def test_half_a_number_is_a_house_of_its_own(number: str) -> None:
    assert parse_address([f"{number} Piper Road"]) == parts("", "144½", "piper road")
    assert parse_address([f"Flat B, {number} Piper Road"]) == parts("b", "144½", "piper road")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("144 Half Moon Lane", parts("", "144", "half moon lane")),
        ("Flat 1/2, 144 Piper Road", parts("1/2", "144", "piper road")),
        ("144¼ Piper Road", parts("", "144", "piper road")),
    ],
)
def test_other_halves_are_no_part_of_the_number(line: str, expected: AddressParts) -> None:
    assert parse_address([line]) == expected


@pytest.mark.parametrize(
    ("written", "numbers", "sub_units"),
    [
        ("12A-14", "12 14", ""),
        ("12A-14B", "12 14", ""),
        ("92-92A", "92", ""),
        ("12A-12C", "12", "a|b|c"),
        ("12/A", "12", "a"),
        ("12-A", "12", "a"),
        ("12(A)", "12", "a"),
        ("Nos. 12 to 16", "12 14 16", ""),
    ],
)
def test_letters_in_a_range_are_flats_only_if_the_range_is_of_letters(
    written: str, numbers: str, sub_units: str
) -> None:
    assert parse_address([f"{written} High Street"]) == parts(sub_units, numbers, "high street")


@pytest.mark.parametrize("numbers", ["92-92A", "92A-92C", "92"])
def test_a_flat_that_is_named_is_the_only_one(numbers: str) -> None:
    assert parse_address([f"Flat 2, {numbers} Kingsway"]) == parts("2", "92", "kingsway")


@pytest.mark.parametrize(
    ("words", "sub_units"),
    [
        ("Flats A-C", "a|b|c"),
        ("Flats A and B", "a|b"),
        ("Flat 1-3", "1|2|3"),
        ("Units 1 & 2", "1|2"),
        ("Flat One", "1"),
        ("Flat 12-B", "12b"),
        ("Fflat 3", "3"),
        ("Bedroom 3", "3"),
        ("Penthouse 3", "3"),
    ],
)
def test_flats_are_named_by_numbers_letters_words_and_ranges(words: str, sub_units: str) -> None:
    assert parse_address([f"{words}, 18 High Street"]) == parts(sub_units, "18", "high street")


@pytest.mark.parametrize(
    "line", ["A 12 High Street", "A, 12 High Street", "(A) 12 High Street", "12 High Street, A", "12A High Street"]
)
def test_a_lone_letter_is_a_flat(line: str) -> None:
    assert parse_address([line]) == parts("a", "12", "high street")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # The flat over the shop at 74, or flat 74 of a house whose number is missing.
        ("Flat 74 High Street", parts("flat", "74", "high street")),
        ("Apartment 74 High Street, Leeds", parts("flat", "74", "high street")),
        ("Flat 74B High Street", parts("flat|b", "74", "high street")),
        # The comma and the building tell that 74 is the flat.
        ("Flat 74, High Street", parts("74", "", "high street")),
        ("Flat 74 Maple Court", parts("74", building="maple court")),
        ("Flat 74 Maple Court High Street", parts("74", "", "high street", "maple court")),
        ("Flat 74 High Street, 12 Maple Road", parts("74", "12", "maple road", "high street")),
        # A flat without a name of its own is only the dwelling of that number.
        ("The Flat, 74 High Street", parts("", "74", "high street")),
        ("Flat above 74 High Street", parts("", "74", "high street")),
    ],
)
def test_the_only_number_after_the_word_flat_may_be_that_of_the_house(line: str, expected: AddressParts) -> None:
    assert parse_address([line]) == expected
