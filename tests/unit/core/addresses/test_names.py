from __future__ import annotations

import pytest

from services.core.addresses.address import AddressParts, parse_address
from services.core.addresses.spelling.other_tongues import in_english
from services.core.addresses.spelling.short_forms import written_out
from services.core.addresses.spelling.words import spelt
from tests.unit.core.addresses.reading import parts


@pytest.mark.parametrize(
    ("line", "street"),
    [
        ("12 High St", "high street"),
        ("12 High Str.", "high street"),
        ("12 St Anne's Rd", "saint annes road"),
        ("12 Saint Annes Road", "saint annes road"),
        ("12 St James", "saint james"),
        ("12 St James St", "saint james street"),
        ("12 St James St North", "saint james street north"),
        ("12 Park Rd N", "park road north"),
        ("12 Church St Mews", "church street mews"),
        ("12 Rose & Crown Yd", "rose and crown yard"),
        ("12 Mt Pleasant", "mount pleasant"),
        ("12 Gt North Rd", "great north road"),
        ("12 Fruit Street Pudding Lane", "fruit street"),
        ("12 Dock St Tower Lane", "dock street"),
        ("12 Upper St Keverne Road", "upper saint keverne road"),
        ("12 Beauway Coloured Sands", "beauway"),
        ("12 Eastgate North", "eastgate north"),
    ],
)
def test_a_street_is_written_in_long_forms_and_ends_where_the_locality_begins(line: str, street: str) -> None:
    assert parse_address([line]) == parts("", "12", street)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("12 Heol y Bont", parts("", "12", "heol y bont")),
        ("Tŷ Mawr, Lôn Goed", parts("", "", "lon goed", "ty mawr")),
        ("Bryn Awel Ffordd Newydd", parts("", "", "ffordd newydd", "bryn awel")),
        ("Fflat 2, 12 Stryd Fawr", parts("2", "12", "stryd fawr")),
        ("12 Sràid na h-Eaglaise", parts("", "12", "sraid na h-eaglaise")),
        ("12 An t-Sràid Àrd", parts("", "12", "an t-sraid ard")),
    ],
)
def test_welsh_and_gaelic_streets_begin_with_their_kind(line: str, expected: AddressParts) -> None:
    assert parse_address([line]) == expected


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("stryd fawr", "high street"),
        ("heol y bont", "bridge road"),
        ("ffordd pentwyn", "pentwyn road"),
        ("sraid na h-eaglaise", "church street"),
        ("an t-sraid ard", "high street"),
        ("high street", "high street"),
        ("y gelli", "y gelli"),
        ("heol", "heol"),
    ],
)
def test_welsh_and_gaelic_streets_have_the_order_of_english(name: str, english: str) -> None:
    assert in_english(name) == english


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Rose Cottage 12 Mill Lane", parts("", "12", "mill lane", "rose cottage")),
        ("12 Rose Cottage, Mill Lane", parts("", "12", "mill lane", "rose cottage")),
        ("12 Rose Cottage Mill Lane", parts("", "12", "mill lane", "rose cottage")),
        ("Rosedene, 12, Mill Lane", parts("", "12", "mill lane", "rosedene")),
        ("1 Rose Cottages, Mill Lane", parts("1", "", "mill lane", "rose cottages")),
        ("Flat 3, Rose Wing, Maple House, 18 High St", parts("3", "18", "high street", "rose wing, maple house")),
        ("Old Farm Cottage Pad Farm Mill Lane", parts("", "", "mill lane", "old farm cottage, pad farm")),
        ("Flat 3 Elm House Maple Estate Mill Lane", parts("3", "", "mill lane", "elm house, maple estate")),
        ("Manor Farm House Lane", parts("", "", "manor farm house lane")),
        ("Nightingale Block, Flat 3, 12 High St", parts("3", "12", "high street", "nightingale block")),
        # A number before a name of unknown kind is the flat, if another number follows.
        ("2 Beacon Mill, 10 Moorend", parts("2", "10", "moorend", "beacon mill")),
        ("2, Beacon Mill, 10, South Court, Hillside", parts("2", "10", "", "beacon mill, south court")),
        ("9 Upper Mill, Hill Villa, 10 Birch Mount", parts("9", "10", "birch mount", "upper mill, hill villa")),
        ("Elm Court 14 Flat 3 Park Road", parts("3", "14", "park road", "elm court")),
    ],
)
def test_the_names_of_buildings_stand_beside_the_number_of_the_house(line: str, expected: AddressParts) -> None:
    assert parse_address([line]) == expected


def test_a_text_with_very_many_buildings_keeps_three() -> None:
    assert parse_address(["Rose Farm Ivy " * 400 + "Lane"]).building.count(",") == 2


@pytest.mark.parametrize("name", ["st annes rd", "high st", "rose cott", "pk rd north", "upr st", "st", "ave rd", "gr"])
def test_a_name_that_is_written_out_is_spelt_the_same(name: str) -> None:
    assert written_out(written_out(name)) == written_out(name)
    assert spelt(written_out(name)) == name
