from __future__ import annotations

import unicodedata
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.addresses.address import AddressParts, parse_address
from services.core.addresses.reading import floors
from services.core.addresses.reading import units as sub_unit_patterns
from services.core.addresses.reading.endings import without_ending
from services.core.addresses.reading.plain import read_plain_parts
from services.core.addresses.reading.sections import read_parts
from services.core.addresses.spelling.words import segments_of, spelt, with_marks_in_order
from services.matcher.addresses import Level, compare

STREETS = ("High Street", "Mill Lane", "St Anne's Road", "Station Road North", "Broadway", "The Green", "Park Avenue")
BUILDINGS = ("Rose Cottage", "Maple Court", "The Gables", "Ivy House")
FLOORS = {"ground", "first", "first left"}
TOWNS = ("Blackpool", "St Annes", "Stoke-on-Trent")
SUB_UNITS = (
    *("Flat 2", "flat 02", "Apt 12B", "Room c", "Unit 3", "Block B", "Flat no 4", "Flats 1-3", "Units 1 to 4", "Flat1"),
    *(
        "Ground Floor Flat",
        "1st Flr Flt",
        "Top Flat",
        "Rear Flat",
        "First Floor Left",
        "GFF",
        "S/F",
        "Basement",
        "Flat",
    ),
    *("2/1", "Flat 2/1", "2F1", "GF1", "G/2", "Flat g12", "3", "a", "12b", "flat 2 no 3", "Studio", "Fl", "Flatno 3"),
)
NUMBERS = (
    *(
        "18",
        "018",
        "0",
        "18A",
        "18e",
        "18 a",
        "18 e",
        "18-20",
        "18 to 20",
        "18 to",
        "18 & 20",
        "18/3",
        "18a-c",
        "no 18",
    ),
    *("No. 18", "no", "12345", "1st", "\N{ARABIC-INDIC DIGIT THREE}", "\N{FULLWIDTH DIGIT ONE}8", "3 18"),
)
NAMES = (
    *("High Street", "St. Anne's Rd", "Station Road North", "The Green", "Broadway", "Meadow View", "Rose Cottage"),
    *(
        "Maple Court High Street",
        "Beech Apartments",
        "Upper St Johns",
        "L\N{LATIN SMALL LETTER O WITH CIRCUMFLEX}n Wen",
    ),
    *("Smith and Sons", "E Park Road", "Fyi Iaa", "Flat Iron Yard", "Ground Lane", "B4 Drive", "High\u0301 St", "To"),
)
PLACES = ("The Annexe", "Granny Flat at", "Rear of", "R/O", "Land adjoining", "Opposite", "Caravan at", "Site of")
ENDINGS = (*TOWNS, "FY1 1AA", "fy11aa", "FY1", "England", "United Kingdom", "Lancashire", "\N{EN DASH}", "")
units = st.one_of(
    st.integers(1, 60).map(str),
    st.sampled_from(["a", "b", "c", "12b", "ground", "first", "first left", "2/1", "0/1"]),
)
names = st.sampled_from(["", "high st", "high str", "mill ln", "park rd", "rose cott", "ivy cott"])
addresses = st.builds(
    AddressParts,
    st.frozensets(units, max_size=3),
    st.frozensets(st.integers(1, 60).map(str), max_size=3),
    names,
    names,
)


@given(a=addresses, b=addresses)
def test_it_does_not_matter_which_address_is_given_first(a: AddressParts, b: AddressParts) -> None:
    assert compare(a, b) == compare(b, a)


@given(address=addresses)
def test_an_address_is_the_same_as_itself_when_it_has_a_number_or_a_building(address: AddressParts) -> None:
    expected = {Level.SAME} if address.numbers or address.building else {Level.NEAR, Level.UNKNOWN}

    assert compare(address, address).level in expected


@given(a=addresses, b=addresses)
def test_addresses_that_are_the_same_lack_nothing_of_each_other(a: AddressParts, b: AddressParts) -> None:
    if compare(a, b).level is Level.SAME:
        assert a.sub_units - FLOORS == b.sub_units - FLOORS
        assert bool(a.numbers) == bool(b.numbers)


@given(text=st.lists(st.text(), max_size=4), town=st.none() | st.text(max_size=10))
def test_any_text_is_parsed_into_parts_that_survive_their_compact_form(text: list[str], town: str | None) -> None:
    address = parse_address(text, town)

    assert AddressParts.from_compact(address.to_compact()) == address


@given(
    number=st.integers(1, 999),
    letter=st.sampled_from("abcdfgh"),
    street=st.sampled_from(STREETS),
    case=st.sampled_from([str.upper, str.lower, str.title]),
)
def test_a_lettered_flat_is_the_same_in_every_dress(
    number: int, letter: str, street: str, case: Callable[[str], str]
) -> None:
    dressed = [
        parse_address([case(text)])
        for text in (
            f"Flat {letter}, {number} {street}",
            f"Flat {letter} {number} {street} FY1 1AA",
            f"{number}{letter} {street}",
            f"{number} {letter} {street}",
        )
    ]

    assert all(compare(dressed[0], other).level is Level.SAME for other in dressed)


@given(
    flat=st.integers(1, 99),
    number=st.integers(1, 999),
    street=st.sampled_from(STREETS),
    building=st.sampled_from(["", *BUILDINGS]),
    town=st.sampled_from(TOWNS),
)
def test_one_line_or_several_commas_or_none_give_the_same_parts(
    flat: int, number: int, street: str, building: str, town: str
) -> None:
    lines = [part for part in (f"Flat {flat}", building, f"{number} {street}", town, "FY1 1AA") if part]

    assert (
        parse_address(lines, town) == parse_address([", ".join(lines)], town) == parse_address([" ".join(lines)], town)
    )


@given(
    sub_unit=st.sampled_from(("", "", *SUB_UNITS)),
    word=st.just("") | st.sampled_from((*SUB_UNITS, *NUMBERS, *NAMES, *ENDINGS)) | st.text(max_size=3),
    number=st.sampled_from(("", *NUMBERS)),
    name=st.sampled_from(NAMES),
    ending=st.just("") | st.sampled_from(ENDINGS),
    joint=st.sampled_from((" ", ", ")),
    last_joint=st.sampled_from((" ", " ", " ", "-", "/", "")),
    case=st.sampled_from([str, str.upper, str.title]),
    town=st.sampled_from(("", *TOWNS)),
)
@settings(max_examples=1000)
def test_a_plain_address_read_the_short_way_is_what_it_is_the_long_way(
    sub_unit: str,
    word: str,
    number: str,
    name: str,
    ending: str,
    joint: str,
    last_joint: str,
    case: Callable[[str], str],
    town: str,
) -> None:
    said = (sub_unit, word, f"{number}{last_joint}{name}", ending)
    segments = without_ending(segments_of([case(joint.join(said))]), spelt(town))

    assert read_plain_parts(segments) in (None, read_parts(segments))


@given(
    words=st.lists(st.sampled_from((*SUB_UNITS, *NUMBERS, *NAMES, "flr", "g", "f", "no", "1")) | st.text(max_size=3)),
    joint=st.sampled_from(("", " ", "/", "-")),
)
@settings(max_examples=500)
def test_where_no_sub_unit_is_looked_for_none_is_found(words: list[str], joint: str) -> None:
    text = spelt(joint.join(words))
    patterns = [pattern for pattern, _ in (*floors._SHORT_FLOORS, *sub_unit_patterns._NAMING)]

    if not sub_unit_patterns.may_name_sub_unit(text):
        assert not any(pattern.search(text) for pattern in patterns)


@given(text=st.text(st.characters(categories=["Mn", "Mc"]) | st.sampled_from("aeoA-. "), max_size=60))
def test_marks_that_are_put_in_order_first_are_composed_to_the_same_text(text: str) -> None:
    assert unicodedata.normalize("NFKC", with_marks_in_order(text)) == unicodedata.normalize("NFKC", text)


@given(number=st.sampled_from(NUMBERS), name=st.sampled_from(NAMES), sub_unit=st.sampled_from(("", *SUB_UNITS)))
def test_a_street_that_was_read_is_read_again_as_it_is(number: str, name: str, sub_unit: str) -> None:
    street = parse_address([f"{sub_unit}, {number} {name}"]).street

    assert not street or parse_address([f"18 {street}"]).street == street


@given(words=st.lists(st.sampled_from((*SUB_UNITS, *NUMBERS, *NAMES, *PLACES, *ENDINGS)), max_size=6))
def test_an_address_is_the_same_as_itself_in_capitals_and_with_other_blanks(words: list[str]) -> None:
    lines = [" ".join(words)]

    assert parse_address([f"  {line}  ".upper().replace(" ", "  ") for line in lines]) == parse_address(lines)


@given(place=st.sampled_from(PLACES), number=st.integers(1, 999), street=st.sampled_from(STREETS))
def test_a_place_apart_from_a_house_is_never_the_house(place: str, number: int, street: str) -> None:
    house = parse_address([f"{number} {street}"])

    assert compare(parse_address([f"{place} {number} {street}"]), house).level is Level.NEAR
