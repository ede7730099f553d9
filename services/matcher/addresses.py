"""Compares two addresses with the same postcode."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.core.addresses.address import AddressParts
from services.core.addresses.reading.flat_or_house import UNNAMED_FLAT
from services.matcher.comparing.beside import is_beside_the_home
from services.matcher.comparing.names import Likeness, like_buildings, like_streets
from services.matcher.comparing.sub_units import UnitLikeness, like_units


class Level(StrEnum):
    # CLASH means that house numbers or sub-units contradict each other.
    SAME = "same"
    NEAR = "near"
    CLASH = "clash"
    UNKNOWN = "unknown"


class AddressReason(StrEnum):
    SUB_UNITS_AGREE = "sub_units_agree"
    SUB_UNITS_CLASH = "sub_units_clash"
    SUB_UNIT_MISSING = "sub_unit_missing"
    SUB_UNITS_ALIKE = "sub_units_alike"
    SUB_UNITS_NAMED_OTHERWISE = "sub_units_named_otherwise"
    NUMBERS_AGREE = "numbers_agree"
    NUMBERS_CLASH = "numbers_clash"
    NUMBER_MISSING = "number_missing"
    NUMBER_IN_A_RANGE = "number_in_a_range"  # `7` beside `5-7`, which may be the home next door
    NUMBER_IN_ANOTHER_PLACE = "number_in_another_place"
    STREETS_AGREE = "streets_agree"
    STREETS_ALIKE = "streets_alike"
    STREETS_DIFFER = "streets_differ"
    BUILDINGS_AGREE = "buildings_agree"
    BUILDINGS_ALIKE = "buildings_alike"
    BUILDINGS_DIFFER = "buildings_differ"
    ONE_IS_BESIDE_THE_HOME = "one_is_beside_the_home"  # a shop or an outbuilding with the number of the house


@dataclass(frozen=True, slots=True)
class Agreement:
    level: Level
    reasons: tuple[AddressReason, ...] = ()  # one for each part that at least one of the two addresses has


_SURE: Final = (
    None,
    AddressReason.NUMBERS_AGREE,
    AddressReason.STREETS_AGREE,
    AddressReason.SUB_UNITS_AGREE,
    AddressReason.BUILDINGS_AGREE,
)
_NUMBERS_MEET: Final = (AddressReason.NUMBERS_AGREE, AddressReason.NUMBER_IN_A_RANGE)
_UNNAMED: Final = frozenset({UNNAMED_FLAT})
# In the order of `Likeness`.
_STREETS: Final = (AddressReason.STREETS_DIFFER, AddressReason.STREETS_ALIKE, AddressReason.STREETS_AGREE)
_BUILDINGS: Final = (AddressReason.BUILDINGS_DIFFER, AddressReason.BUILDINGS_ALIKE, AddressReason.BUILDINGS_AGREE)
_SUB_UNITS: Final = {
    UnitLikeness.AGREE: AddressReason.SUB_UNITS_AGREE,
    UnitLikeness.ALIKE: AddressReason.SUB_UNITS_ALIKE,
    UnitLikeness.NAMED_OTHERWISE: AddressReason.SUB_UNITS_NAMED_OTHERWISE,
    UnitLikeness.CLASH: AddressReason.SUB_UNITS_CLASH,
}


def compare(a: AddressParts, b: AddressParts) -> Agreement:
    if a.street != b.street:
        a, b = _with_name_apart(a, b), _with_name_apart(b, a)
    street = _streets(a.street, b.street)
    if _in_another_place(a, b, street) or _in_another_place(b, a, street):
        building = _buildings(a.building, b.building, None)
        return _agreement(Level.NEAR, None, AddressReason.NUMBER_IN_ANOTHER_PLACE, street, building)
    # Compared only after the check above, because the same number in two parts is no clash.
    units = _sub_units(a.sub_units, b.sub_units)
    numbers = _numbers(a.numbers, b.numbers)
    building = _buildings(a.building, b.building, units)
    return _agreement(_level(units, numbers, street, building), units, numbers, street, building)


def _with_name_apart(address: AddressParts, other: AddressParts) -> AddressParts:
    # Without a comma, `Rosedene Mill Lane` is read as a street. The other address may show where the name ends.
    name = other.building
    if not name or address.building or not address.street.startswith(name) or address.street == name:
        return address
    rest = address.street[len(name) :]
    return address._replace(building=name, street=rest.strip()) if rest.startswith(" ") else address


def _agreement(level: Level, *found: AddressReason | None) -> Agreement:
    return Agreement(level, tuple(filter(None, found)))


def _level(
    units: AddressReason | None,
    numbers: AddressReason | None,
    street: AddressReason | None,
    building: AddressReason | None,
) -> Level:
    if units is AddressReason.SUB_UNITS_CLASH or numbers is AddressReason.NUMBERS_CLASH:
        return Level.CLASH
    # Two addresses are the same only if every part agrees, or is missing from both.
    sure = units in _SURE and numbers in _SURE and street in _SURE and building in _SURE
    if numbers in _NUMBERS_MEET:
        return Level.SAME if sure else Level.NEAR
    if building is AddressReason.BUILDINGS_AGREE:
        return Level.SAME if sure else Level.NEAR
    if building is AddressReason.BUILDINGS_ALIKE:
        return Level.NEAR
    if building is AddressReason.BUILDINGS_DIFFER:
        return Level.UNKNOWN
    return (
        Level.NEAR if units is AddressReason.SUB_UNITS_AGREE or _one_dwelling_named(numbers, street) else Level.UNKNOWN
    )


def _one_dwelling_named(numbers: AddressReason | None, street: AddressReason | None) -> bool:
    # True if the street agrees and only one address has a house number.
    return street is AddressReason.STREETS_AGREE and numbers is AddressReason.NUMBER_MISSING


def _numbers(a: frozenset[str], b: frozenset[str]) -> AddressReason | None:
    if not (a or b):
        return None
    if not (a and b):
        return AddressReason.NUMBER_MISSING
    if a == b:
        return AddressReason.NUMBERS_AGREE
    if a.isdisjoint(b):
        return AddressReason.NUMBERS_CLASH
    # A range such as 12-14 is read as several numbers. The home is mostly that of the first one.
    return AddressReason.NUMBERS_AGREE if _first(a) == _first(b) else AddressReason.NUMBER_IN_A_RANGE


def _first(numbers: frozenset[str]) -> str:
    return min(numbers, key=lambda number: (len(number), number))


def _sub_units(a: frozenset[str], b: frozenset[str]) -> AddressReason | None:
    if a == b:
        return AddressReason.SUB_UNITS_AGREE if a and a != _UNNAMED else None
    if UNNAMED_FLAT in a or UNNAMED_FLAT in b:
        return _sub_units(a - _UNNAMED, b - _UNNAMED)
    return _SUB_UNITS[like_units(a, b)] if a and b else AddressReason.SUB_UNIT_MISSING


def _in_another_place(a: AddressParts, b: AddressParts, street: AddressReason | None) -> bool:
    # True if the house number of `a` is the flat of `b`: `18 Maple` is `Flat 18, Maple Court, 5 High Street`.
    if a.numbers.isdisjoint(b.sub_units) or not a.numbers.isdisjoint(b.numbers):
        return False
    if UNNAMED_FLAT in a.sub_units or not b.numbers or street is None:
        return True
    return bool(b.building) and like_buildings(a.street, b.building) is Likeness.SAME


def _streets(a: str, b: str) -> AddressReason | None:
    if a == b:
        return AddressReason.STREETS_AGREE if a else None
    return _STREETS[like_streets(a, b)] if a and b else None


def _buildings(a: str, b: str, units: AddressReason | None) -> AddressReason | None:
    if a == b:
        return AddressReason.BUILDINGS_AGREE if a else None
    if a and b:
        of_one_flat = units is AddressReason.SUB_UNITS_AGREE
        return _BUILDINGS[like_buildings(a, b, of_one_flat=of_one_flat)]
    # With the same flat, a shop is only where the flat is.
    is_beside = units is not AddressReason.SUB_UNITS_AGREE and is_beside_the_home(a or b)
    return AddressReason.ONE_IS_BESIDE_THE_HOME if is_beside else None
