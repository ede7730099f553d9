from __future__ import annotations

import pytest

from services.core.addresses.address import AddressParts, parse_address
from tests.unit.core.addresses.reading import parts


@pytest.mark.parametrize(
    ("line", "places"),
    [
        ("Annexe, 12 High Street", "annexe"),
        ("The Annex 12 High Street", "annexe"),
        ("Annexe at 12 High Street", "annexe"),
        ("ANNEXE AT, 12, HIGH STREET", "annexe"),
        ("12 High Street Annexe", "annexe"),
        ("Granny Flat, 12 High Street", "annexe"),
        ("The Granny Annexe to 12 High Street", "annexe"),
        ("Rear of 12 High Street", "rear of"),
        ("R/O 12 High Street", "rear of"),
        ("Rear 12 High Street", "rear of"),
        ("To the rear of 12 High Street", "rear of"),
        ("Back of 12 High Street", "rear of"),
        ("12 High Street (Rear)", "rear of"),
        ("Land adjoining 12 High Street", "land|adjoining"),
        ("Land adj. 12 High Street", "land|adjoining"),
        ("Land adjacent to 12 High Street", "land|adjoining"),
        ("Land at rear of 12 High Street", "land|rear of"),
        ("Plot 3, Land at 12 High Street", "3|land"),
        ("Opposite 12 High Street", "opposite"),
        ("Next to 12 High Street", "adjoining"),
        ("Development Site of 12 High Street", "site"),
        ("Building site at 12 High Street", "site"),
        ("Mobile Home, 12 High Street", "caravan"),
        ("Caravan at 12 High Street", "caravan"),
    ],
)
def test_what_stands_beside_a_house_is_named_apart_from_it(line: str, places: str) -> None:
    assert parse_address([line]) == parts(places, "12", "high street")


@pytest.mark.parametrize(
    "line", ["Annexe, Rose Cottage, Mill Lane", "The Annexe Rose Cottage Mill Lane", "Rose Cottage Annexe, Mill Lane"]
)
def test_an_annexe_may_belong_to_a_house_with_a_name(line: str) -> None:
    assert parse_address([line]) == parts("annexe", "", "mill lane", "rose cottage")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("12 Back Lane", parts("", "12", "back lane")),
        ("12 Land Lane", parts("", "12", "land lane")),
        ("Annexe Cottage, Mill Lane", parts("", "", "mill lane", "annexe cottage")),
        ("Rear Flat, 12 High Street", parts("rear", "12", "high street")),
        ("Flat 2, First Floor Rear, 12 High Street", parts("2|first rear", "12", "high street")),
        ("12 Caravan Site Road", parts("", "12", "caravan site road")),
    ],
)
def test_a_name_with_such_a_word_stays_a_name(line: str, expected: AddressParts) -> None:
    assert parse_address([line]) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Caravan 5, Willow Caravan Park, Coast Road",
        "5 Willow Caravan Park, Coast Road",
        "Pitch 5 Willow Caravan Park Coast Road",
        "Mobile Home 5, Willow Caravan Park, Coast Road",
    ],
)
def test_a_caravan_is_a_dwelling_of_its_park(line: str) -> None:
    assert parse_address([line]) == parts("5", "", "coast road", "willow caravan park")


@pytest.mark.parametrize("line", ["Caravan 9, Sea Farm Caravan Site", "9 Sea Farm Caravan Site"])
def test_a_park_on_a_farm_is_one_name(line: str) -> None:
    assert parse_address([line]) == parts("9", building="sea farm caravan site")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Mooring 7, Bridge Marina", parts("7", building="bridge marina")),
        ("Berth 12A, Bridge Marina, Canal Road", parts("12a", "", "canal road", "bridge marina")),
        ("NB Mayfly, Mooring 7, Bridge Marina", parts("7", building="mayfly, bridge marina")),
        ("Narrowboat Mayfly, Bridge Marina", parts(building="mayfly, bridge marina")),
        ("Mayfly, Bridge Marina", parts(building="mayfly, bridge marina")),
        ("Houseboat 3, Bridge Marina", parts("3", building="bridge marina")),
        ("Boat Yard, Canal Road", parts("", "", "canal road", "boat yard")),
    ],
)
def test_a_boat_has_a_mooring_or_a_name_and_its_kind_is_left_out(line: str, expected: AddressParts) -> None:
    assert parse_address([line]) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("c/o The Manager, 12 High Street", parts("", "12", "high street")),
        ("C/O Manager 12 High Street", parts("", "12", "high street")),
        ("Care of the Warden, 12 High Street", parts("", "12", "high street")),
        ("FAO Tenant, Flat 2, 12 High Street", parts("2", "12", "high street")),
        ("c/o 12 High Street", parts("", "12", "high street")),
        ("c/o Maple House, 12 High Street", parts("", "12", "high street", "maple house")),
        ("c/o The Manager", parts()),
    ],
)
def test_who_takes_the_post_is_no_part_of_the_place(line: str, expected: AddressParts) -> None:
    assert parse_address([line]) == expected
