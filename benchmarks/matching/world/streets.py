"""Builds streets. A postcode has about 14 homes, fewer in a lane, and more in a sheltered block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from benchmarks.matching.world.homes import Home
from benchmarks.matching.world.names import building_name, house_name, lane_names, localities, street_names

_UNIT_LETTERS: Final = "ABDEFGHJLNPQRSTUWXYZ"
_UNITS: Final = len(_UNIT_LETTERS) ** 2
_POSTCODES_A_DISTRICT: Final = 10 * _UNITS
_POSTCODES_A_TOWN: Final = 800
# No real UPRN begins with 9999.
_FIRST_UPRN: Final = 999_910_000_001
_UPRNS_A_TOWN: Final = 100_000
_FIRST_DISTRICT: Final = 20
_METRES: Final = 120
_LOCALITY_SHARE = 0.35

_LETTERS: Final = ("Flat A", "Flat B", "Flat C")
_FLOORS: Final = ("Ground Floor Flat", "First Floor Flat", "Second Floor Flat")
_NUMBERED: Final = ("Flat 1", "Flat 2", "Flat 3")
_STOREYS: Final = tuple(f"Flat {floor}/{side}" for floor in range(4) for side in (1, 2))
_EDINBURGH: Final = tuple(f"{floor}F{side}" for floor in range(1, 5) for side in (1, 2))


@dataclass(frozen=True, slots=True)
class Street:
    name: str
    usrn: str
    town: str
    locality: str
    at: tuple[int, int]


class Town:
    """Hands out what is unique in a town: street names, postcodes and UPRNs."""

    def __init__(self, index: int, name: str, source: Random) -> None:
        self.name, self._index, self._source = name, index, source
        self._postcodes = (_postcode(place) for place in count(index * _POSTCODES_A_TOWN))
        self._uprns = count(_FIRST_UPRN + index * _UPRNS_A_TOWN)
        self._places = count()
        self._names, self._lanes = street_names(source), lane_names(source)
        self._localities = localities(source)

    def postcode(self) -> str:
        return next(self._postcodes)

    def street(self, *, rural: bool = False) -> Street:
        place = next(self._places)
        locality = self._source.choice(self._localities) if self._source.random() < _LOCALITY_SHARE else ""
        at = (400_000 + self._index * 10_000 + place % 40 * _METRES, 400_000 + place // 40 * _METRES)
        name = (self._lanes if rural else self._names).pop()
        return Street(name, str(self._index * 1_000 + place + 1), self.name, locality, at)

    def home(self, street: Street, postcode: str, number: str = "", name: str = "", flat: str = "") -> Home:
        return self._home(street, postcode, number, name, flat, "")

    def flats(self, building: Home, flats: Iterator[str] | tuple[str, ...], street: Street) -> Iterator[Home]:
        for flat in flats:
            yield self._home(street, building.postcode, building.number, building.name, flat, building.uprn)

    def _home(self, street: Street, postcode: str, number: str, name: str, flat: str, building: str) -> Home:
        return Home(
            str(next(self._uprns)),
            street.usrn,
            street.name,
            self.name,
            postcode,
            street.locality,
            number,
            name,
            flat,
            building,
            street.at,
        )


def _postcode(place: int) -> str:
    # The last district of the area FY is FY8.
    district, place = divmod(place, _POSTCODES_A_DISTRICT)
    sector, unit = divmod(place, _UNITS)
    first, second = divmod(unit, len(_UNIT_LETTERS))
    return f"FY{_FIRST_DISTRICT + district} {sector}{_UNIT_LETTERS[first]}{_UNIT_LETTERS[second]}"


def houses(town: Town, source: Random) -> Iterator[Home]:
    street = town.street()
    for first in (1, 2):
        # Each side of the street has its own numbers and postcodes.
        numbers = count(first, 2)
        for _ in range(source.choice((1, 1, 2))):
            postcode = town.postcode()
            for _ in range(source.randint(12, 16)):
                yield from _house(town, street, postcode, next(numbers), source)


def _house(town: Town, street: Street, postcode: str, number: int, source: Random) -> Iterator[Home]:
    dice = source.random()
    if dice < 0.02:
        yield town.home(street, postcode, f"{number}-{number + 2}")
        return
    yield town.home(street, postcode, str(number), house_name(source) if dice < 0.05 else "")
    if dice > 0.97:
        yield town.home(street, postcode, f"{number}A")


def lane(town: Town, source: Random) -> Iterator[Home]:
    street, postcode = town.street(rural=True), town.postcode()
    for number in range(1, source.randint(8, 13)):
        named = source.random() < 0.8
        yield town.home(street, postcode, "" if named else str(number), house_name(source) if named else "")


def converted(town: Town, source: Random) -> Iterator[Home]:
    street = town.street()
    flats = source.choice((_LETTERS, _FLOORS, _NUMBERED))
    for half in range(2):
        postcode = town.postcode()
        for number in range(1 + half, 11, 2):
            building = town.home(street, postcode, str(number))
            yield building
            yield from town.flats(building, flats[: source.randint(2, 3)], street)


def block(town: Town, source: Random) -> Iterator[Home]:
    street = town.street()
    word = source.choice(("Flat", "Flat", "Flat", "Apartment"))
    for number in range(10, 10 + 20 * source.randint(1, 3), 20):
        building = town.home(street, town.postcode(), str(number), building_name(source))
        yield building
        yield from town.flats(building, (f"{word} {flat}" for flat in range(1, source.randint(12, 18))), street)


def tenement(town: Town, source: Random) -> Iterator[Home]:
    street = town.street()
    flats = source.choice((_STOREYS, _EDINBURGH))
    for pair in range(source.randint(1, 3)):
        postcode = town.postcode()
        for number in (1 + 4 * pair, 3 + 4 * pair):
            building = town.home(street, postcode, str(number))
            yield building
            yield from town.flats(building, flats, street)


def sheltered(town: Town, source: Random, flats: int) -> Iterator[Home]:
    street = town.street()
    building = town.home(street, town.postcode(), str(source.randint(1, 60)), building_name(source))
    yield building
    yield from town.flats(building, (f"Flat {flat}" for flat in range(1, flats + 1)), street)


StreetKind = Callable[[Town, Random], Iterator[Home]]
# The weight of each kind among the streets.
STREETS: Final[tuple[tuple[StreetKind, int], ...]] = (
    (houses, 50),
    (lane, 12),
    (converted, 9),
    (block, 12),
    (tenement, 7),
)
