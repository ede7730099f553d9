from __future__ import annotations

import pytest

from services.core.addresses.address import parse_address
from tests.unit.core.addresses.reading import parts, sub_units


@pytest.mark.parametrize(
    ("words", "floors"),
    [
        ("Basement", "basement"),
        ("Flat Basement", "basement"),
        ("The Basement Flat", "basement"),
        ("Bsmt Flat", "basement"),
        ("Lower Ground Floor", "lower ground"),
        ("LGF", "lower ground"),
        ("First Floor", "first"),
        ("Flat First Floor", "first"),
        ("1st Floor", "first"),
        ("1Flr Flat", "first"),
        ("Flat, Floor 3", "third"),
        ("Penthouse", "penthouse"),
        ("Flat 3 (2nd Floor)", "3|second"),
        ("Flat A First and Second Floors", "a|first|second"),
        ("First & Second Floor Flat", "first|second"),
        ("First/Second Floor Maisonette", "first|second"),
        ("Ground to Second Floors", "first|ground|second"),
        ("Flat A Basement and Ground Floor", "a|basement|ground"),
        ("Fflat Llawr Gwaelod", "ground"),
        ("Llawr Cyntaf", "first"),
        ("Flat Top", "top"),
        ("Flat Rear", "rear"),
        ("Left Hand Flat", "left"),
    ],
)
@pytest.mark.parametrize("joint", [", ", " "])
def test_a_floor_is_a_sub_unit_with_or_without_the_word_flat(words: str, floors: str, joint: str) -> None:
    assert parse_address([f"{words}{joint}18 High Street"]) == parts(floors, "18", "high street")


@pytest.mark.parametrize("line", ["18 High Street, Basement", "18 High Street Basement", "18 High Street, First Floor"])
def test_a_floor_may_stand_after_the_street(line: str) -> None:
    assert sub_units(line) in {"basement", "first"}


@pytest.mark.parametrize("line", ["18 First Avenue", "18 Garden Lane", "18 Top Lane", "18 Attic Row", "18 Ground Lane"])
def test_a_street_may_have_the_name_of_a_floor(line: str) -> None:
    assert parse_address([line]).sub_units == frozenset()


@pytest.mark.parametrize(
    ("written", "flat"),
    [
        ("2/1", "2/1"),
        ("0/1", "0/1"),
        ("G/1", "0/1"),
        ("GF1", "0/1"),
        ("PF1", "0/1"),
        ("1F2", "1/2"),
        ("BF2", "b/2"),
        ("3L", "third left"),
        ("3R", "third right"),
        ("3/L", "third left"),
        ("3FL", "third left"),
        ("Flat 3L", "third left"),
        ("Flat 3 Left", "third left"),
        ("3rd Floor Left", "third left"),
        ("Third Left", "third left"),
        ("G/R", "ground right"),
        ("GFR", "ground right"),
        ("Ground Right", "ground right"),
        ("Top Left", "top left"),
        ("TFL", "top left"),
        ("Top Floor Left Flat", "top left"),
        ("First Floor Rear", "first rear"),
    ],
)
@pytest.mark.parametrize("joint", [", ", " "])
def test_a_scottish_flat_is_read_in_all_its_forms(written: str, flat: str, joint: str) -> None:
    assert parse_address([f"{written}{joint}48 Balfron Street"]) == parts(flat, "48", "balfron street")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("48/3 Leith Wynd", parts("3", "48", "leith wynd")),
        ("48/2F1 Leith Wynd", parts("2/1", "48", "leith wynd")),
        ("48 Leith Wynd (2F1)", parts("2/1", "48", "leith wynd")),
        # Without another number, this is the number of the house.
        ("3L Leith Wynd", parts("l", "3", "leith wynd")),
        # No house has the number 0.
        ("0/2 Leith Wynd", parts("0/2", "", "leith wynd")),
    ],
)
def test_a_scottish_flat_may_stand_beside_the_number_of_the_house(line: str, expected: object) -> None:
    assert parse_address([line]) == expected
