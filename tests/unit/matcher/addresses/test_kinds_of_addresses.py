from __future__ import annotations

import pytest

from services.core.addresses.address import parse_address
from services.matcher.addresses import AddressReason, Level, compare


def level(a: str, b: str) -> Level:
    return compare(parse_address([a]), parse_address([b])).level


@pytest.mark.parametrize(
    ("a", "b"),
    [
        # floors
        ("Basement Flat, 45 Baker Street", "Flat Basement 45 Baker St"),
        ("45 Baker Street, Basement", "The Basement Flat, 45 Baker Street"),
        ("First Floor, 12 High Street", "FFF 12 High St"),
        ("Fflat Llawr Gwaelod, 12 Stryd Fawr", "Ground Floor Flat, 12 High Street"),
        # house numbers
        ("144 & a half Piper Rd", "144½ Piper Road"),
        ("12-14 High Street", "12 High Street"),
        ("Flat 2, 92 Kingsway", "Flat 2 92-92A Kingsway"),
        ("74 High Street", "Flat 74 High Street"),
        ("A 12 High Street", "12A High Street"),
        ("A 12 High Street", "Flat A, 12 High Street"),
        ("Flat One, 12 High Street", "Apt 1, 12 High Street"),
        # Scottish flats
        ("3L, 48 Balfron Street", "Third Floor Left, 48 Balfron Street"),
        ("G/R 48 Balfron Street", "Ground Right, 48 Balfron Street"),
        ("PF1, 48 Balfron Street", "0/1, 48 Balfron Street"),
        ("1F2, 48 Balfron Street", "48/1F2 Balfron Street"),
        # places apart
        ("R/O 12 High Street", "Rear of 12 High St"),
        ("Land adj 12 High Street", "Land adjoining 12 High St"),
        ("Granny Flat, 12 High Street", "12 High Street Annex"),
        ("Caravan 5, Willow Caravan Park", "5 Willow Caravan Park, Coast Road"),
        ("NB Mayfly, Mooring 7, Bridge Marina", "Mooring 7, Bridge Marina"),
        ("Narrowboat Mayfly, Bridge Marina", "Mayfly, Bridge Marina"),
        ("c/o The Manager, 12 High Street", "12 High Street"),
        # names beside numbers
        ("The Gables, 18 High Street", "18 High Street"),
        ("Rose Cottage, 12 Mill Lane", "12 Rose Cottage, Mill Lane"),
        ("Rosedene Mill Lane", "Rosedene, Mill Lane"),
        ("Flat 3, Rose Wing, Maple House, 18 High St", "Flat 3, Maple House, 18 High Street"),
        ("Flat 2, Natural Nails, 74 High Street", "Flat 2, 74 High Street"),
        ("Old Mill House, Mill Farm, River Road", "Old Mill House, River Road"),
        ("The Old Bakery, 12 Mill Street", "12 Mill Street"),
        # streets
        ("12 Broad Way", "12 Broadway"),
        ("12 King's Way", "12 Kingsway"),
        ("12 New Market Street", "12 Newmarket Street"),
        ("12 Rose & Crown Yard", "12 Rose and Crown Yd"),
        ("12 St Annes Road", "12 Saint Anne's Rd"),
        ("12 Park Rd N", "12 Park Road North"),
        ("12 Stryd Fawr", "12 High Street"),
        ("12 Stryd Fawr Pontyfelin", "12 Stryd Fawr"),
        ("12 Ffordd Pentwyn", "12 Pentwyn Road"),
        ("12 Lôn Wen", "12 Lon Wen"),
        ("12 Sràid na Drochaid", "12 Bridge Street"),
        ("12 Fruit Street Pudding Lane", "12 Fruit Street"),
        ("29 Beauway Coloured Sands", "29 Beauway Wavendon"),
    ],
)
def test_one_home_is_the_same_in_every_form_of_its_kind(a: str, b: str) -> None:
    assert level(a, b) is level(b, a) is Level.SAME


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("12-14 High Street", "14 High Street"),
        # places apart
        ("The Annexe, 12 High Street", "12 High Street"),
        ("The Annexe, Rose Cottage, Mill Lane", "Rose Cottage, Mill Lane"),
        ("Annexe, 12 High Street", "Flat 1, 12 High Street"),
        ("Rear of 12 High Street", "12 High Street"),
        ("Rear of 12 High Street", "Rear Flat, 12 High Street"),
        ("Land adjoining 12 High Street", "12 High Street"),
        ("Development site of 12 High Street", "12 High Street"),
        ("Opposite 12 High Street", "12 High Street"),
        ("The Caravan, Hill Farm, Dale Lane", "Hill Farm, Dale Lane"),
        ("The Coach House, 12 High Street", "12 High Street"),
        ("Garage, 12 High Street", "12 High Street"),
        ("Natural Nails, 74 High Street", "74 High Street"),
        ("Natural Nails, 74 High Street", "Flat, 74 High Street"),
        # flats
        ("144½ Piper Road", "Flat A, 144½ Piper Road"),
        ("Flat B, 12 High Street", "Flat 2, 12 High Street"),
        ("Second Floor Flat, 12 High Street", "Flat A, Second Floor, 12 High Street"),
        ("First Floor Flat, 12 High Street", "Flat A, First and Second Floors, 12 High Street"),
        ("Top Flat, 12 High Street", "Second Floor Flat, 12 High Street"),
        ("Garden Flat, 12 High Street", "Lower Ground Floor Flat, 12 High Street"),
        ("Flat 2, 12 High Street", "Flats 1-3, 12 High Street"),
        ("12A High Street", "12 High Street"),
        ("Flat 74 High Street", "Flat 74, 10 High Street"),
        # names
        ("Pear House, 12 Fruit Street", "Apple House, 12 Fruit Street"),
        ("Mill Farm, River Road", "Old Mill House, Mill Farm, River Road"),
        ("Manor Farm, Mill Lane", "Manor Farm Cottage, Mill Lane"),
        ("Rose Cottage, Mill Lane", "Rise Cottage, Mill Lane"),
        ("12 Mill Street", "12 Hill Street"),
        ("12 Park Drive", "12 Park Road"),
        ("12 Park Road", "12 Park Road North"),
        ("12 Church Street", "12 Church Street Mews"),
        ("12 The Avenue", "12 Avenue Road"),
        ("12 Alexander Road", "12 Alexandra Road"),
        ("12 Marlow Road", "12 Harlow Road"),
        ("Tony's Takeaway, Dock Lane", "Tony's Takeaway, 12 Dock Street"),
    ],
)
def test_a_doubt_is_left_to_a_person(a: str, b: str) -> None:
    assert level(a, b) is level(b, a) is Level.NEAR


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("144 and a half Piper Road", "144 Piper Road"),
        ("3L, 48 Balfron Street", "3R, 48 Balfron Street"),
        ("2/1, 48 Balfron Street", "1F2, 48 Balfron Street"),
        ("Top Flat, 12 High Street", "Basement Flat, 12 High Street"),
        ("First Floor Flat, 12 High Street", "Flat 2, Second and Third Floors, 12 High Street"),
        ("Rear Flat, 12 High Street", "Front Flat, 12 High Street"),
        ("Caravan 5, Willow Caravan Park", "Caravan 6, Willow Caravan Park"),
        ("Mooring 7, Bridge Marina", "Mooring 8, Bridge Marina"),
        ("Rear of 12 High Street", "Rear of 14 High Street"),
        ("Flat 74 High Street", "76 High Street"),
    ],
)
def test_two_homes_of_one_kind_clash(a: str, b: str) -> None:
    assert level(a, b) is level(b, a) is Level.CLASH


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("NB Mayfly, Bridge Marina", "NB Heron, Bridge Marina"),
        ("Flat 3, Rose Wing, Maple House", "Flat 3, Ivy Wing, Maple House"),
        ("Ivy House, Maple Estate, Mill Lane", "Rose House, Maple Estate, Mill Lane"),
    ],
)
def test_two_names_are_two_homes_even_at_one_place(a: str, b: str) -> None:
    assert level(a, b) is level(b, a) is Level.UNKNOWN


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ("Flat B, 12 High Street", "Flat 2, 12 High Street", AddressReason.SUB_UNITS_ALIKE),
        ("Second Floor Flat, 12 High St", "Flat A, Second Floor, 12 High St", AddressReason.SUB_UNITS_ALIKE),
        ("Flat B, 12 High Street", "Flat 3, 12 High Street", AddressReason.SUB_UNITS_NAMED_OTHERWISE),
        ("12 Mill Street", "12 Mill Close", AddressReason.STREETS_ALIKE),
        ("12 Mill Street", "12 Hill Street", AddressReason.STREETS_ALIKE),
        ("12 Mill Street", "12 Ford Lane", AddressReason.STREETS_DIFFER),
        ("Rose Cottage, Mill Lane", "Rise Cottage, Mill Lane", AddressReason.BUILDINGS_ALIKE),
        ("Natural Nails, 74 High Street", "74 High Street", AddressReason.ONE_IS_BESIDE_THE_HOME),
    ],
)
def test_the_reason_says_how_much_is_alike(a: str, b: str, reason: AddressReason) -> None:
    assert reason in compare(parse_address([a]), parse_address([b])).reasons


def test_a_name_that_was_stored_with_short_forms_is_still_the_same() -> None:
    stored = parse_address(["18 High Street"])._replace(street="high st")

    assert compare(stored, parse_address(["18 High Street"])).level is Level.SAME
