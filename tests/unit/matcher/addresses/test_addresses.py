from __future__ import annotations

import pytest

from services.core.addresses.address import AddressParts, parse_address
from services.matcher.addresses import AddressReason, Agreement, Level, compare


def compared(a: str, b: str) -> Agreement:
    return compare(parse_address([a]), parse_address([b]))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Flat A, 18 High Street", "18A High St"),
        ("2/1, 18 High Street", "2F1, 18 High St"),
        ("18/3 High Street", "Flat 3, 18 High Street"),
        ("18 Hihg Street", "18 High Street"),
        ("18 High Street", "18"),
        ("18 Victoria Par", "18 Victoria Park Road"),
        ("18 High Stree", "18 High Street"),
        ("18-20 High Street", "18 High Street"),
        ("Flat 1, Rose House, 18 High Street", "Flat 1, 18 High Street"),
        ("18 Maple Court", "Flat 18, Maple Ct"),
        ("Flat 2, 18 High Street", "Flat 2, Second Floor, 18 High Street"),
        ("Rose Cottage, Mill Lane", "Rose Cottage"),
        ("Rosecottage, Mill Lane", "Rose Cottage, Mill Lane"),
        ("Meadow View, Westmoor", "Meadow View, Moor Road"),
        ("The Old Rectory, Church Lane", "Old Rectory, Church Lane"),
    ],
)
def test_one_dwelling_written_in_two_ways_is_the_same(a: str, b: str) -> None:
    assert compared(a, b).level is Level.SAME


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ("Flat A, 18 High Street", "Flat C, 18 High Street", AddressReason.SUB_UNITS_CLASH),
        ("18A High Street", "18C High Street", AddressReason.SUB_UNITS_CLASH),
        ("Flat 1, 18A High Street", "Flat 2, 18A High Street", AddressReason.SUB_UNITS_CLASH),
        ("Apt 12, 18 High Street", "Apt 12B, 18 High Street", AddressReason.SUB_UNITS_CLASH),
        ("First Floor Flat, 18 High Street", "Ground Floor Flat, 18 High Street", AddressReason.SUB_UNITS_CLASH),
        ("First Floor Left, 18 High Street", "First Floor Right, 18 High Street", AddressReason.SUB_UNITS_CLASH),
        ("Flat 2, First Floor, 18 High Street", "Flat 2, Second Floor, 18 High Street", AddressReason.SUB_UNITS_CLASH),
        ("2/1, 18 High Street", "1/1, 18 High Street", AddressReason.SUB_UNITS_CLASH),
        ("18 High Street", "20 High Street", AddressReason.NUMBERS_CLASH),
        ("18-20 High Street", "22 High Street", AddressReason.NUMBERS_CLASH),
        ("18 High Street", "Flat 18, 20 High Street", AddressReason.NUMBERS_CLASH),
        ("18 Mill Lane", "Flat 18, 5 High Street", AddressReason.NUMBERS_CLASH),
    ],
)
def test_other_numbers_or_other_sub_units_forbid_a_match_whatever_else_agrees(
    a: str, b: str, reason: AddressReason
) -> None:
    agreement = compared(a, b)

    assert agreement.level is Level.CLASH
    assert reason in agreement.reasons


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ("Flat 1, 18 High Street", "18 High Street", AddressReason.SUB_UNIT_MISSING),
        ("Flat 1, High Street", "Flat 1, 18 High Street", AddressReason.NUMBER_MISSING),
        ("Rose Cottage, Mill Lane", "12 Mill Lane", AddressReason.NUMBER_MISSING),
        ("18 High Street", "18 Mill Lane", AddressReason.STREETS_DIFFER),
        ("18 Park Road", "18 Park Avenue", AddressReason.STREETS_ALIKE),
        ("Ground Floor Flat, 18 High Street", "Flat A, 18 High Street", AddressReason.SUB_UNITS_NAMED_OTHERWISE),
        (
            "First Floor Flat, 18 High Street",
            "First Floor Left, 18 High Street",
            AddressReason.SUB_UNITS_NAMED_OTHERWISE,
        ),
        ("Flat 3, Block B, 18 High Street", "Flat 3, 18 High Street", AddressReason.SUB_UNITS_NAMED_OTHERWISE),
        ("18 Maple Court, High Street", "Flat 3, 18 Maple Court, High Street", AddressReason.NUMBER_IN_ANOTHER_PLACE),
        ("18 Maple", "Flat 18, Maple Court, 5 High Street", AddressReason.NUMBER_IN_ANOTHER_PLACE),
        ("Rose Cottage, Mill Lane", "Rose Cottage, Church Road", AddressReason.STREETS_DIFFER),
    ],
)
def test_what_one_side_lacks_or_names_otherwise_is_near_and_left_to_a_person(
    a: str, b: str, reason: AddressReason
) -> None:
    agreement = compared(a, b)

    assert agreement.level is Level.NEAR
    assert reason in agreement.reasons


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Rose Cottage, Mill Lane", "Ivy Cottage, Mill Lane"),
        ("5 Rose Court", "5 Ivy Court"),
        ("High Street", "High Street"),
        ("", "18 High Street"),
        ("", ""),
    ],
)
def test_where_nothing_speaks_for_one_dwelling_it_is_unknown(a: str, b: str) -> None:
    assert compared(a, b).level is Level.UNKNOWN


def test_the_reasons_name_what_was_found_in_each_part() -> None:
    assert compared("Flat A, Rose House, 18 High Street", "Flat C, 18 High Street") == Agreement(
        Level.CLASH, (AddressReason.SUB_UNITS_CLASH, AddressReason.NUMBERS_AGREE, AddressReason.STREETS_AGREE)
    )


def test_a_number_with_neither_street_but_other_buildings_is_near() -> None:
    a = AddressParts(numbers=frozenset({"18"}), building="rose hse")
    b = AddressParts(numbers=frozenset({"18"}), building="ivy hse")

    assert compare(a, b).level is Level.NEAR
