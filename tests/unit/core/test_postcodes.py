from __future__ import annotations

import pytest

from services.core.addresses.postcode import PostcodeMend, PostcodeReading, areas_of, outward, read_area, read_postcode

SWAPPED = frozenset({PostcodeMend.LETTERS_AND_DIGITS_SWAPPED})


@pytest.mark.parametrize(
    "text",
    [
        "FY3 8AA",
        "fy38aa",
        " FY3  8AA ",
        "FY3-8AA",
        "FY3 8AA.",
        "F Y 3 8 A A",
        "FY3\N{NO-BREAK SPACE}8AA",
        "\uff26\uff39\uff13 \uff18\uff21\uff21",
    ],
)
def test_a_postcode_is_read_in_any_case_and_spacing(text: str) -> None:
    assert read_postcode(text) == PostcodeReading("FY3 8AA")


@pytest.mark.parametrize(
    "text", ["M1 1AA", "M60 1NW", "CR2 6XH", "DN55 1PT", "W1A 1HQ", "EC1A 1BB", "BT1 1AA", "GY1 1AA", "L1 0AA"]
)
def test_every_shape_of_postcode_is_read_as_it_stands(text: str) -> None:
    assert read_postcode(text) == PostcodeReading(text)


@pytest.mark.parametrize(
    ("text", "postcode"),
    [
        ("FY3 OAA", "FY3 0AA"),
        ("FYI 8AA", "FY1 8AA"),
        ("S015 1AA", "SO15 1AA"),
        ("0X1 1AA", "OX1 1AA"),
        ("1P1 IAA", "IP1 1AA"),
        ("MIO 1AA", "M10 1AA"),
    ],
)
def test_o_and_0_i_and_1_are_told_apart_by_their_place(text: str, postcode: str) -> None:
    assert read_postcode(text) == PostcodeReading(postcode, SWAPPED)


@pytest.mark.parametrize(
    "text", ["", "FY3", "FY3 8", "QQ1 1AA", "FY3 8CA", "FY3 8A0", "Blackpool", "12 FY3 8AA", "FY3 8AAA", "A" * 100_000]
)
def test_what_is_no_postcode_is_none(text: str) -> None:
    assert read_postcode(text) is None


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("fy3 8aa", "FY3 8AA"),
        ("fy3 8", "FY3 8"),
        (" FY3   8 ", "FY3 8"),
        ("sw1a1", "SW1A 1"),
        ("fy3", "FY3"),
        ("FY38", "FY38"),
        ("E1", "E1"),
        ("FYI", "FY1"),
        ("Blackpool", None),
        ("FY", None),
        ("", None),
        ("FY3 88", None),
    ],
)
def test_an_area_notice_may_name_a_postcode_a_sector_or_an_outward_code(text: str, area: str | None) -> None:
    assert read_area(text) == area


def test_a_postcode_lies_in_its_sector_and_its_outward_code() -> None:
    assert areas_of("SW1A 1AA") == ("SW1A 1AA", "SW1A 1", "SW1A")
    assert outward("SW1A 1AA") == "SW1A"


@pytest.mark.parametrize("area", ["FY3 8AA", "FY3 8", "FY3"])
def test_an_area_covers_the_postcodes_within_it(area: str) -> None:
    assert area in areas_of("FY3 8AA")


@pytest.mark.parametrize("postcode", ["FY38 8AA", "FY30 8AA", "FY4 8AA"])
def test_an_outward_code_does_not_cover_one_that_merely_begins_alike(postcode: str) -> None:
    assert "FY3" not in areas_of(postcode)


def test_a_sector_does_not_cover_the_next() -> None:
    assert "FY3 8" not in areas_of("FY3 9AA")
