from __future__ import annotations

import pytest

from services.core.addresses.address import AddressParts, parse_address
from services.core.addresses.reading.endings import without_ending
from services.core.addresses.reading.plain import read_plain_parts
from services.core.addresses.spelling.words import segments_of
from tests.support.checks.work_steps import steps_of
from tests.unit.core.addresses.reading import parts

FLAT_A = parts("a", "18", "high street")


@pytest.mark.parametrize(
    "lines",
    [
        ["Flat A, 18 High Street"],
        ["Flat A", "18 High Street", "Blackpool", "FY1 1AA"],
        ["FLAT A 18 HIGH ST. BLACKPOOL FY1 1AA"],
        ["18A High Street"],
        ["18 A High Street"],
        ["18a, High Street", "Blackpool"],
        ["Flat A", "18", "High Street"],
        ["18 High Street", "Flat A"],
        ["Apartment A", "No. 18 High Str", "", "England"],
        ["Flat  A - 18 High Street; Blackpool; FY1 IAA"],
    ],
)
def test_a_lettered_flat_is_read_in_all_its_dress(lines: list[str]) -> None:
    assert parse_address(lines, "Blackpool") == FLAT_A


@pytest.mark.parametrize(
    ("words", "sub_units"),
    [
        ("Flat 1", "1"),
        ("Flat 01", "1"),
        ("Flat No 1", "1"),
        ("Flatno 1", "1"),
        ("Apt 12B", "12b"),
        ("Apartment 12b", "12b"),
        ("Unit 3", "3"),
        ("Room 4", "4"),
        ("Studio 2", "2"),
        ("Flat 3, Block B", "3|b"),
        ("Flats 1-3", "1|2|3"),
        ("Flats 1-c", "1|c"),
        ("Ground Floor Flat", "ground"),
        ("GFF", "ground"),
        ("Grd Flr Flat", "ground"),
        ("Flat Ground Floor", "ground"),
        ("Ground Floor", "ground"),
        ("Ground Floor Flat 2", "ground|2"),
        ("First Floor Flat", "first"),
        ("1st Floor Flat", "first"),
        ("FFF", "first"),
        ("2nd Flr Flat", "second"),
        ("First Floor Left", "first left"),
        ("Basement Flat", "basement"),
        ("Lower Ground Floor Flat", "lower ground"),
        ("Top Flat", "top"),
        ("Top Floor Flat", "top"),
        ("Garden Flat", "garden"),
        ("Upper Maisonette", "upper"),
        ("Rear Flat", "rear"),
        ("2/1", "2/1"),
        ("2F1", "2/1"),
        ("Flat 2/1", "2/1"),
        ("GF1", "0/1"),
        ("3", "3"),
    ],
)
@pytest.mark.parametrize("joint", [", ", " "])
def test_sub_units_are_named_apart_from_the_number_of_the_house(words: str, sub_units: str, joint: str) -> None:
    assert parse_address([f"{words}{joint}18 High Street"]) == parts(sub_units, "18", "high street")


@pytest.mark.parametrize(
    ("written", "numbers", "sub_units"),
    [
        ("18", "18", ""),
        ("018", "18", ""),
        ("18-20", "18 20", ""),
        ("18 - 20", "18 20", ""),
        ("18\N{EN DASH}20", "18 20", ""),
        ("18 to 20", "18 20", ""),
        ("18 & 20", "18 20", ""),
        ("18/20", "18 20", ""),
        ("18-24", "18 20 22 24", ""),
        ("18-21", "18 19 20 21", ""),
        ("20-18", "18 20", ""),
        ("1-999", "1 999", ""),
        ("18a-c", "18", "a|b|c"),
        ("18a-18c", "18", "a|b|c"),
        ("18/3", "18", "3"),
        ("18/2F1", "18", "2/1"),
    ],
)
def test_house_numbers_are_a_set_that_holds_every_number_of_a_range(written: str, numbers: str, sub_units: str) -> None:
    assert parse_address([f"{written} High Street"]) == parts(sub_units, numbers, "high street")


@pytest.mark.parametrize(
    ("line", "street"),
    [
        ("18 High Street", "high street"),
        ("18 Station Rd North", "station road north"),
        ("18 St Anne's Road", "saint annes road"),
        ("18 Saint Annes Rd.", "saint annes road"),
        ("18 Upper St John\N{RIGHT SINGLE QUOTATION MARK}s Road", "upper saint johns road"),
        ("18 High St St Annes on Sea", "high street"),
        ("18 1st Avenue", "first avenue"),
        ("18 Avenue Road", "avenue road"),
        ("18 Court Road", "court road"),
        ("18 East Street", "east street"),
        ("18 Garden Street", "garden street"),
        ("18 Broadway", "broadway"),
        ("18 Broadway, Palmers Green", "broadway"),
        ("18 The Green", "green"),
        ("High Street 18", "high street"),
        ("18 High Street Stoke Lacy Herefordshire", "high street"),
    ],
)
def test_the_street_is_found_and_what_stands_after_it_left_out(line: str, street: str) -> None:
    assert parse_address([line]) == parts("", "18", street)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Rose Cottage", parts(building="rose cottage")),
        ("Rose Cottage, Mill Lane, Little Snoring", parts("", "", "mill lane", "rose cottage")),
        ("Rose Cottage Mill Lane", parts("", "", "mill lane", "rose cottage")),
        ("The Old Rectory, Church Lane", parts("", "", "church lane", "old rectory")),
        ("The Gables, 18 High Street", parts("", "18", "high street", "gables")),
        ("Flat 3 Maple Court 18 High Street Blackpool", parts("3", "18", "high street", "maple court")),
        ("Room 4, Maple House, 18 High Street", parts("4", "18", "high street", "maple house")),
        ("Flat 12B Maple Court", parts("12b", building="maple court")),
        ("Flat 3, Broadway", parts("3", building="broadway")),
    ],
)
def test_a_building_is_told_from_the_street(line: str, expected: AddressParts) -> None:
    assert parse_address([line]) == expected


@pytest.mark.parametrize(
    "line", ["Flat 18, Maple Court, High Street", "18 Maple Court, High Street", "18 Maple Court High Street"]
)
def test_a_number_within_a_building_is_a_dwelling_with_or_without_the_word_flat(line: str) -> None:
    assert parse_address([line]) == parts("18", "", "high street", "maple court")


def test_a_number_within_a_building_does_not_replace_a_flat_that_is_named() -> None:
    assert parse_address(["Flat A, 18 Maple Court, High Street"]) == parts("a", "18", "high street", "maple court")


def test_a_range_of_flats_within_a_building_holds_odd_and_even() -> None:
    assert parse_address(["1-4 Maple House"]).numbers == {"1", "2", "3", "4"}


@pytest.mark.parametrize("line", ["Flat 1, 18 Victoria Par", "Flat 1, 18 Victoria P"])
def test_an_address_cut_at_a_fields_length_keeps_what_is_left(line: str) -> None:
    cut = parse_address([line])

    assert cut.sub_units == {"1"}
    assert cut.numbers == {"18"}
    assert cut.street.startswith("victoria p")


@pytest.mark.parametrize(
    "ending", ["FY1 1AA", "fy11aa", "Blackpool FY1 1AA", "Blackpool, Lancashire", "United Kingdom", "FY1 1AA, UK"]
)
def test_postcode_town_and_nation_at_the_end_are_left_out(ending: str) -> None:
    assert parse_address(["18 Broadway", ending], "Blackpool") == parts("", "18", "broadway")


def test_a_town_on_the_line_of_the_street_is_left_out() -> None:
    assert parse_address(["18 Broadway St Annes FY8 1AA"], "Saint Annes") == parts("", "18", "broadway")


@pytest.mark.parametrize("lines", [[], [""], [" ", ","], ["FY1 1AA"]])
def test_an_address_without_words_has_no_parts(lines: list[str]) -> None:
    assert parse_address(lines) == AddressParts()


def test_parts_come_back_unchanged_from_their_compact_form() -> None:
    address = parse_address(["Flat 3, Block B, Maple House, 18-20 High Street"])

    assert AddressParts.from_compact(address.to_compact()) == address
    assert address.to_compact() == [["3", "b"], ["18", "20"], "high street", "maple house"]


@pytest.mark.parametrize(
    "lines",
    [
        ["12 High Street"],
        ["12A HIGH ST."],
        ["Flat 2", "18 Maple Road"],
        ["Flat 4, 12 Sea View Road", "Blackpool", "FY1 1AA"],
        ["Flat 12B", "Maple Court", "18 Saint Anne's Road"],
        ["First Floor Flat", "31 Alder Grove"],
        ["Flat 2/1", "31 Alder Grove"],
        ["Flat 3 Maple Court 18 High Street"],
        ["Rose Cottage"],
    ],
)
def test_the_forms_that_most_addresses_have_are_read_the_short_way(lines: list[str]) -> None:
    assert read_plain_parts(without_ending(segments_of(lines), "blackpool")) is not None


@pytest.mark.parametrize(
    "segment",
    [
        "18 a high st",
        "18 to b high st",
        "18 to 20 high st",
        "no 18 high st",
        "flatno 3 high st",
        "flat g12 high st",
        "flat 12345 high st",
        "first flr flat high st",
        "gff high st",
        "18",
    ],
)
def test_a_segment_that_only_looks_plain_is_read_the_long_way(segment: str) -> None:
    assert read_plain_parts([segment]) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "ending"),
    [
        ("1,", ""),
        ("1 ", "High Street"),
        ("1 & ", "High Street"),
        (" ", "1 High Street"),
        ("- ", "1 High Street"),
        ("Leeds ", "Leeds"),
        ("FY1 1AA ", "FY1 1AA"),
        ("FY1, ", "FY1"),
        ("High Street ", ""),
        ("Flats 1-999 ", ""),
        ("first & ", ""),
        ("The Annexe at ", "1 High Street"),
        ("Rear of ", "1 High Street"),
        ("1 1/2 ", "High Street"),
        ("3L ", "High Street"),
        ("Rose Farm Ivy ", "Lane"),
        ("Flat ", "1 High Street"),
        ("St Anne ", "Road"),
        ("Kingsway ", ""),
        ("c/o ", "1 High Street"),
        ("\N{COMBINING GRAVE ACCENT BELOW}\N{COMBINING ACUTE ACCENT}", ""),
    ],
)
def test_the_work_grows_no_faster_than_the_text(words: str, ending: str) -> None:
    def steps(length: int) -> int:
        text = words * (length // len(words)) + ending
        return steps_of(lambda: parse_address([text], "Leeds"))

    # Twice the text may take 2.5 times the steps, because of rounding, after a fixed number of steps at the start.
    assert steps(20_000) <= 2.5 * steps(10_000) + 2_000
