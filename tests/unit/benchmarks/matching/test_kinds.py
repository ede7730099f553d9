from __future__ import annotations

from typing import Any

import pytest

from benchmarks.matching.figures.kinds import Numbers, Uprns, kind_of
from benchmarks.matching.world.addresses import AddressDirt
from benchmarks.matching.world.dirt import UprnDirt
from benchmarks.matching.world.numbers import NumberDirt
from tests.unit.benchmarks.matching.labels import label

BARE = {"numbers": (), "uprn": ""}


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ({"uprn": ""}, "number agrees"),
        ({"numbers": ("01632 960009", "01632 960001")}, "number agrees"),
        ({"numbers": ()}, "number missing, UPRN agrees"),
        ({"numbers": (), "uprn": "2", "uprn_dirt": UprnDirt.NEIGHBOUR}, "number missing, neighbour's UPRN"),
        ({"numbers": ("01632 960010",), "number_dirt": NumberDirt.SWAPPED}, "digits wrong or swapped, UPRN agrees"),
        ({"numbers": ("07700 900001",), "number_dirt": NumberDirt.ANOTHER, "uprn": ""}, "another number, UPRN missing"),
        (BARE, "addresses only"),
    ],
)
def test_a_pair_is_named_by_what_tells_its_rows_apart(entry: dict[str, Any], name: str) -> None:
    assert kind_of(label(**entry), label()).name == name


def test_the_buildings_uprn_is_named_even_if_both_have_it() -> None:
    both = label(uprn="9", uprn_dirt=UprnDirt.BUILDING)
    assert kind_of(both, both).uprns is Uprns.BUILDING


def test_rows_of_two_homes_have_a_kind_too() -> None:
    kind = kind_of(label(), label(home="other", numbers=("01632 960002",), uprn="2"))
    assert (kind.numbers, kind.uprns) == (Numbers.OTHER, Uprns.OTHER)


def test_only_addresses_can_tell_if_each_identifier_is_missing_on_a_side() -> None:
    assert kind_of(label(numbers=()), label(uprn="")).addresses_only
    assert not kind_of(label(numbers=()), label()).addresses_only


def test_the_graver_difference_of_the_two_addresses_counts() -> None:
    kind = kind_of(label(address_dirt=AddressDirt.TEXT), label(address_dirt=AddressDirt.SUB_UNIT))
    assert kind.address is AddressDirt.SUB_UNIT
