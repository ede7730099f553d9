from __future__ import annotations

from itertools import product

import pytest

from services.core.addresses.address import read_postal_address
from services.core.addresses.keys.keys import Identifier, KeySide, address_keys, postcode_keys

Written = tuple[str, str | None, str | None]  # the address, the post town and the postcode
POSTCODE, ANOTHER = "FY3 8AB", "FY4 9AD"


def keys(written: Written, side: KeySide) -> set[str]:
    address, town, postcode = written
    reading = read_postal_address(address.split("\n"), town)
    return set(address_keys(reading.parts, reading.places, postcode, side))


def meet(one: Written, other: Written) -> bool:
    forth = keys(one, KeySide.NOTICE) & keys(other, KeySide.ENTRY)
    back = keys(other, KeySide.NOTICE) & keys(one, KeySide.ENTRY)
    assert bool(forth) is bool(back)
    return bool(forth)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("18 High Street", "18 Hgih St"),
        ("18 High Street", "Rear of 18"),
        ("Flat A, 18 High Street", "18A High St"),
        ("Flat A, 18 High Street", "18 High Street"),
        ("Flat 1, 18 High Street", "Ground Floor Flat, 18 High Street"),
        ("Flat 2/1, 18 High Street", "Flat 3, 18 High Street"),
        ("Rose Cottage, Mill Lane", "Rose Cot"),
        ("Rose Cottage", "Rosedene"),
        ("Maple Court, 18 High Street", "Maple Court"),
        ("18 High Street", "High Street"),
        ("18-22 High Street", "20 High Street"),
    ],
)
def test_two_ways_of_writing_a_home_meet_by_the_postcode(one: str, other: str) -> None:
    assert meet((one, None, POSTCODE), (other, None, POSTCODE))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("18 High Street", "Blackpool", POSTCODE), ("18 HIGH ST BLACKPOOL", None, None)),
        (("18 High Street", "Leigh-on-Sea", POSTCODE), ("18 High Street, Leigh on Sea", None, ANOTHER)),
        (("18 Willow Close", "Blackpool", POSTCODE), ("18 Wllow Close, Blackpool", None, None)),
        (("8 Robin Walk", "Blackpool", POSTCODE), ("8 ROBINWALK BLACKPOOL", None, None)),
        (("18 Broad Way\nSouthbank", "Blackpool", POSTCODE), ("18, Broadway, Southbank", None, None)),
        (
            ("Flat 7\nWren Heights\n44 Bluebell Drive", "Blackpool", None),
            ("Flat 7, Wren Heights, Blackpool", None, None),
        ),
        (("Rose Cottage", "Blackpool", POSTCODE), ("Rose Cottage, Blackpool", None, None)),
        (("Marsh\nHill Brow", "Blackpool", POSTCODE), ("Marsh Farm, Hill Brow, Blackpool", None, None)),
        (("St Annes\nHill Brow", "Blackpool", POSTCODE), ("ST ANNES GABLES MILL LANE BLACKPOOL", None, None)),
        (("12 Heol y Felin", "Conwy", POSTCODE), ("12 Mill Road, Conwy", None, None)),
        (
            ("9 Copper Point\n10 Anvil Row", "Blackpool", None),
            ("FLAT 9 COPPER POINT 10 ANVIL ROW BLACKPOOL", None, None),
        ),
        (("18 Cedar Gardens", "Blackpool", None), ("18, Cedar Gardens, Lancashire, Blackpool", None, None)),
    ],
)
def test_without_a_common_postcode_they_meet_by_the_town(one: Written, other: Written) -> None:
    assert meet(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("18 High Street", "20 High Street"),
        ("Flat A, 18 High Street", "Flat C, 18 High Street"),
        ("Flat 1, Maple Court", "Flat 2, Maple Court"),
        ("Rose Cottage", "Ivy House"),
        ("18 High Street", "Rose Cottage"),
    ],
)
def test_neighbours_do_not_meet(one: str, other: str) -> None:
    assert not meet((one, "Blackpool", POSTCODE), (other, "Blackpool", POSTCODE))


def test_a_street_of_another_town_is_another_street() -> None:
    assert not meet(("18 High Street", "Blackpool", None), ("18 High Street", "Preston", None))


def test_the_flats_of_a_building_meet_no_other_flats() -> None:
    # A building of 300 flats would bring 90,000 pairs.
    flats = [(f"Flat {number}, Maple Court, 18 High Street", "Blackpool", POSTCODE) for number in range(1, 31)]
    pairs = [(one, other) for one, other in product(flats, flats) if meet(one, other)]
    assert pairs == [(flat, flat) for flat in flats]


def test_no_key_is_a_bare_postcode_or_a_bare_town() -> None:
    found = keys(("18 High Street", "Blackpool", POSTCODE), KeySide.NOTICE)
    assert all(len([part for part in key.split("|")[2:] if part]) >= 2 for key in found)


@pytest.mark.parametrize("address", ["", "Blackpool", "Flat", "\n"])
def test_an_address_that_names_no_home_has_hardly_a_key(address: str) -> None:
    assert not any("=" in key for key in keys((address, "Blackpool", POSTCODE), KeySide.ENTRY) if key[0] == "p")


def test_keys_of_a_hostile_address_are_bounded() -> None:
    address = ", ".join(
        f"Flats 1-{number} Tower {number} House, {number}-{number + 50} Road {number}" for number in range(90)
    )
    assert len(keys((address, "Blackpool", POSTCODE), KeySide.NOTICE)) <= 64


A, T, U = Identifier


@pytest.mark.parametrize(
    ("notice", "entry", "expected"),
    [
        ([T], [A], True),
        ([A], [T], True),
        ([T], [], True),
        ([A, T, U], [], True),
        ([U], [A, T], True),
        ([T], [T], False),
        ([A, T], [T], False),
        ([A, T], [U, A], False),
        ([T], [A, T, U], False),
    ],
)
def test_records_of_a_postcode_that_have_nothing_to_compare_meet(
    notice: list[Identifier], entry: list[Identifier], expected: bool
) -> None:
    found = {*postcode_keys(POSTCODE, notice, KeySide.NOTICE)} & {*postcode_keys(POSTCODE, entry, KeySide.ENTRY)}
    assert bool(found) is expected
