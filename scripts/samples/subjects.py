from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from random import Random
from typing import Final

from scripts.samples.homes import Home, Town
from scripts.samples.numbers import Numbers
from scripts.samples.services import Service
from scripts.samples.writing import reworded


class Relation(StrEnum):
    # The line has the same number.
    NUMBER = "number"
    # The line has another number and the same UPRN.
    UPRN = "uprn"
    # The line has another number, no UPRN, and the same address in other words.
    ADDRESS = "address"
    # The line has another number, no UPRN, and the same building without the flat.
    NEAR = "near"
    # The line has another number and the UPRN of the home next door. The two addresses contradict each other.
    NEIGHBOUR = "neighbour"
    # The line is in another flat of the same building, which is no match.
    OTHER_FLAT = "other_flat"
    # The line has no relation to a register.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Subject:
    relation: Relation
    home: Home
    number: str
    # May be empty.
    uprn: str
    lines: list[str]


# The number of lines with each relation. The communal line of each scheme comes on top.
COUNTS: Final = {
    Relation.UPRN: 60,
    Relation.ADDRESS: 42,
    Relation.NEAR: 18,
    Relation.NEIGHBOUR: 4,
    Relation.OTHER_FLAT: 18,
    Relation.NUMBER: 202,
}

_ALIKE: Final = frozenset({"as delivered", "upper case", "short forms", "one line", "suffix", "flat called Apt"})
_WITHOUT_NUMBER: Final = frozenset({"building name only", "street missing", "range"})
_COUNCIL_TOWN_LINES: Final = 240
_UPRN_SHARE: Final = 0.55


def related(services: list[Service], towns: dict[str, Town], numbers: Numbers, random: Random) -> list[Subject]:
    # Each scheme gives its shared line. Some other homes give one line each.
    left = {one.home: one for one in services if not one.scheme}
    unclear = _unclear(services)
    subjects = _communal(services)
    for relation, size in COUNTS.items():
        fits, describe = _WAYS[relation]
        avoided = unclear if relation is Relation.OTHER_FLAT else set()
        chosen = random.sample([one for one in left.values() if fits(one) and one.home.postcode not in avoided], size)
        for one in chosen:
            del left[one.home]
            subjects.append(describe(one, towns[one.home.town], numbers, random))
    return subjects


def unrelated(
    services: list[Service], towns: dict[str, Town], size: int, numbers: Numbers, random: Random
) -> list[Subject]:
    # Some of the lines are in the councils' towns.
    taken = {one.home for one in services}
    unclear = _unclear(services)
    council_towns = {one.home.town for one in services}
    near = [random.sample(_houses(towns[name], taken, unclear), _COUNCIL_TOWN_LINES) for name in sorted(council_towns)]
    far = [home for name, town in towns.items() if name not in council_towns for home in chain(*town.buildings())]
    homes = [*chain(*near), *random.sample(far, size - len(council_towns) * _COUNCIL_TOWN_LINES)]
    random.shuffle(homes)
    return [_line(Relation.NONE, home, numbers.landline(home.town), random) for home in homes]


def _unclear(services: list[Service]) -> set[str]:
    # In these postcodes a register entry has no house number, so it nearly matches every other address.
    return {one.home.postcode for one in services if not one.home.number or one.address_style in _WITHOUT_NUMBER}


def _communal(services: list[Service]) -> list[Subject]:
    # The provider knows the building of a communal line, but not its flats.
    schemes = {one.line: replace(one.home, flat="") for one in services if one.line and one.scheme}
    return [Subject(Relation.NUMBER, home, line, "", home.lines) for line, home in schemes.items()]


def _houses(town: Town, taken: set[Home], unclear: set[str]) -> list[Home]:
    # Homes in unclear postcodes are left out, because they would be near matches.
    houses = [homes[0] for homes in town.buildings() if len(homes) == 1]
    return [home for home in houses if home.number and home not in taken and home.postcode not in unclear]


def _line(relation: Relation, home: Home, number: str, random: Random) -> Subject:
    return Subject(relation, home, number, home.uprn if random.random() < _UPRN_SHARE else "", home.lines)


def _by_number(one: Service, random: Random) -> Subject:
    return _line(Relation.NUMBER, one.home, one.line or "", random)


def _same_uprn(one: Service, _: Town, numbers: Numbers, __: Random) -> Subject:
    return Subject(Relation.UPRN, one.home, numbers.landline(one.home.town), one.home.uprn, one.home.lines)


def _same_address(one: Service, _: Town, numbers: Numbers, __: Random) -> Subject:
    return Subject(Relation.ADDRESS, one.home, numbers.landline(one.home.town), "", reworded(one.home))


def _without_flat(one: Service, _: Town, numbers: Numbers, __: Random) -> Subject:
    building = replace(one.home, flat="")
    return Subject(Relation.NEAR, building, numbers.landline(one.home.town), "", building.lines)


def _next_door(one: Service, _: Town, numbers: Numbers, __: Random) -> Subject:
    neighbour = replace(one.home, number=str(int(one.home.number) + 100))
    return Subject(Relation.NEIGHBOUR, neighbour, numbers.landline(one.home.town), one.home.uprn, neighbour.lines)


def _other_flat(one: Service, town: Town, numbers: Numbers, random: Random) -> Subject:
    building = next(homes for homes in town.buildings() if one.home in homes)
    other = random.choice([home for home in building if home != one.home])
    return Subject(Relation.OTHER_FLAT, other, numbers.landline(other.town), other.uprn, other.lines)


def _shows_flat(one: Service) -> bool:
    return bool(one.home.flat) and one.known_by_postcode and one.address_style in _ALIKE


# For each relation: a test if a service fits, and a function that makes the line as the provider knows it.
_WAYS: Final[dict[Relation, tuple[Callable[[Service], bool], Callable[[Service, Town, Numbers, Random], Subject]]]] = {
    Relation.NUMBER: (
        lambda one: one.line is not None and one.known_by_number,
        lambda one, _, __, random: _by_number(one, random),
    ),
    Relation.UPRN: (lambda one: one.known_by_uprn, _same_uprn),
    Relation.ADDRESS: (lambda one: one.known_by_postcode and one.address_style in _ALIKE, _same_address),
    Relation.NEAR: (_shows_flat, _without_flat),
    Relation.NEIGHBOUR: (
        lambda one: one.known_by_uprn and bool(one.home.number) and not one.home.flat and one.address_style in _ALIKE,
        _next_door,
    ),
    Relation.OTHER_FLAT: (_shows_flat, _other_flat),
}
