"""Compares two addresses with the same postcode."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rapidfuzz import fuzz

from services.core.addresses.address import AddressParts
from services.core.addresses.address_words import LONG_FORMS

# This limit is policy of the comparison: names agree with one wrong letter in eight.
_NAMES_AGREE: Final = 85.0
# If the beginning of a name is shorter than this, it does not show that the name was cut off.
_SHORTEST_CUT_NAME: Final = 4
_SHORTEST_JOINED_NAME: Final = 6


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
    SUB_UNITS_NAMED_OTHERWISE = "sub_units_named_otherwise"
    NUMBERS_AGREE = "numbers_agree"
    NUMBERS_CLASH = "numbers_clash"
    NUMBER_MISSING = "number_missing"
    NUMBER_IN_ANOTHER_PLACE = "number_in_another_place"
    STREETS_AGREE = "streets_agree"
    STREETS_DIFFER = "streets_differ"
    BUILDINGS_AGREE = "buildings_agree"
    BUILDINGS_DIFFER = "buildings_differ"


@dataclass(frozen=True, slots=True)
class Agreement:
    level: Level
    reasons: tuple[AddressReason, ...] = ()  # one for each part that at least one of the two addresses has


_FLOOR: Final = "floor"
# With one of these reasons, addresses are NEAR at best.
_DOUBTS: Final = frozenset(
    {
        AddressReason.SUB_UNIT_MISSING,
        AddressReason.SUB_UNITS_NAMED_OTHERWISE,
        AddressReason.NUMBER_MISSING,
        AddressReason.STREETS_DIFFER,
    }
)


def compare(a: AddressParts, b: AddressParts) -> Agreement:
    street = _names(a.street, b.street, AddressReason.STREETS_AGREE, AddressReason.STREETS_DIFFER)
    building = _names(a.building, b.building, AddressReason.BUILDINGS_AGREE, AddressReason.BUILDINGS_DIFFER)
    if _in_another_place(a, b, street) or _in_another_place(b, a, street):
        return _agreement(Level.NEAR, None, AddressReason.NUMBER_IN_ANOTHER_PLACE, street, building)
    # Compared only after the check above, because the same number in two parts is no clash.
    units = _sub_units(a.sub_units, b.sub_units)
    numbers = _numbers(a.numbers, b.numbers)
    return _agreement(_level(units, numbers, street, building), units, numbers, street, building)


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
    sure = units not in _DOUBTS and numbers not in _DOUBTS and street not in _DOUBTS
    if numbers is AddressReason.NUMBERS_AGREE:
        # One number, two building names and no street to decide: perhaps two houses of one postcode.
        other_place = street is None and building is AddressReason.BUILDINGS_DIFFER
        return Level.SAME if sure and not other_place else Level.NEAR
    if building is AddressReason.BUILDINGS_AGREE:
        return Level.SAME if sure else Level.NEAR
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
    # One common number is enough, because a range such as 12-14 is read as several numbers.
    return AddressReason.NUMBERS_CLASH if a.isdisjoint(b) else AddressReason.NUMBERS_AGREE


def _sub_units(a: frozenset[str], b: frozenset[str]) -> AddressReason | None:
    if a == b:
        return AddressReason.SUB_UNITS_AGREE if a else None
    if not (a and b):
        return AddressReason.SUB_UNIT_MISSING
    in_a, in_b = _by_manner(a), _by_manner(b)
    if any(_contradict(in_a[manner], in_b[manner]) for manner in in_a.keys() & in_b.keys()):
        return AddressReason.SUB_UNITS_CLASH
    # `Flat 3` and `Flat 3, first floor` agree: the floor adds to the name and contradicts nothing.
    only_floor_added = bool(a & b) and in_a | {_FLOOR: set()} == in_b | {_FLOOR: set()}
    return AddressReason.SUB_UNITS_AGREE if only_floor_added else AddressReason.SUB_UNITS_NAMED_OTHERWISE


def _contradict(names: set[str], others: set[str]) -> bool:
    # `a` and `c` are two flats, because both are letters. `a` and `ground` may be one flat, so names of different kinds
    # never contradict each other.
    return names.isdisjoint(_with_wider(others)) and others.isdisjoint(_with_wider(names))


def _with_wider(names: set[str]) -> set[str]:
    # `first left` and `first` may mean the same flat, so each name is also taken without its last words.
    return names | {name[:end] for name in names for end, character in enumerate(name) if character == " "}


def _by_manner(units: frozenset[str]) -> dict[str, set[str]]:
    manners: dict[str, set[str]] = {}
    for unit in units:
        manners.setdefault(_manner(unit), set()).add(unit)
    return manners


def _manner(unit: str) -> str:
    if len(unit) == 1 and unit.isalpha():
        return "letter"
    # Scottish tenements: `2/1` is the second floor, first flat.
    if "/" in unit:
        return "storey"
    return _FLOOR if unit.isalpha() or " " in unit else "number"


def _in_another_place(a: AddressParts, b: AddressParts, street: AddressReason | None) -> bool:
    # True if the house number of `a` is the flat of `b`: `18 Maple` is `Flat 18, Maple Court, 5 High Street`.
    if a.numbers.isdisjoint(b.sub_units) or not a.numbers.isdisjoint(b.numbers):
        return False
    return not b.numbers or street is None or (bool(b.building) and _names_agree(a.street, b.building))


def _names(a: str, b: str, agree: AddressReason, differ: AddressReason) -> AddressReason | None:
    if not (a and b):
        return None
    return agree if _names_agree(a, b) else differ


def _names_agree(a: str, b: str) -> bool:
    return a == b or fuzz.ratio(a, b) >= _NAMES_AGREE or _is_cut(a, b) or _is_cut(b, a)


def _is_cut(short: str, name: str) -> bool:
    # True if `short` is `name` without its blanks, or was cut off by a field that was too short.
    if len(short) >= _SHORTEST_JOINED_NAME and name.replace(" ", "").startswith(short.replace(" ", "")):
        return True
    words, whole = short.split(), name.split()
    last = len(words) - 1
    if len(short) < _SHORTEST_CUT_NAME or last >= len(whole) or words[:last] != whole[:last]:
        return False
    # The last word may be an abbreviation in one address and cut off in the other.
    return any(form.startswith(words[last]) for form in (whole[last], LONG_FORMS.get(whole[last], "")))
