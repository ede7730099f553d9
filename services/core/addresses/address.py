"""Reading a UK address into the parts that can be compared: sub-units, numbers, street, building.

What stands after the street (locality, county) is left out: inside one postcode it tells nothing apart.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple, Self

from services.core.addresses.address_endings import without_ending
from services.core.addresses.address_names import NameKind
from services.core.addresses.address_numbers import HouseNumber
from services.core.addresses.address_plain import read_plain_parts
from services.core.addresses.address_sections import AddressPart, read_parts
from services.core.addresses.address_words import segments_of, spelt

_WEAK: Final = 1
# How surely a part is the street, by its name's kind: without a number and with one.
_STREETNESS: Final = {
    NameKind.BUILDING: (0, 0),
    NameKind.UNTOLD: (0, _WEAK + 1),
    NameKind.WEAK_STREET: (_WEAK, _WEAK + 1),
    NameKind.STREET: (_WEAK + 2, _WEAK + 3),
}


class AddressParts(NamedTuple):
    """The parts of one address, each in one spelling; a part that the address does not have is empty.

    `sub_units` name the dwelling within a building (`1`, `12b`, `a`, `ground`, `2/1`). `numbers` are house numbers in
    digits, a range written out. `street` and `building` are names in short spelling (`high st`, `maple ct`).
    """

    sub_units: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    street: str = ""
    building: str = ""

    def to_compact(self) -> list[str | list[str]]:
        """The parts as plain JSON: sub-units, numbers, street, building."""
        return [sorted(self.sub_units), sorted(self.numbers), self.street, self.building]

    @classmethod
    def from_compact(cls, compact: Sequence[str | Sequence[str]]) -> Self:
        """The parts that `to_compact` gave."""
        sub_units, numbers, street, building = compact
        return cls(frozenset(sub_units), frozenset(numbers), str(street), str(building))


def parse_address(lines: Sequence[str], post_town: str | None = None) -> AddressParts:
    """The parts of an address given as one line or several, with or without commas.

    A postcode, a nation's name and the post town are left out wherever they end the address.
    """
    segments = without_ending(segments_of(lines), spelt(post_town) if post_town else "")
    units, parts = read_plain_parts(segments) or read_parts(segments)
    place = _street_place(parts)
    street, outside = (None, parts) if place is None else (parts[place], parts[:place])
    numbers = _place_numbers(units, street, outside)
    building = _building(street, outside)
    street_name = street.name.street if street else ""
    return AddressParts(frozenset(units), frozenset(numbers), _bare(street_name), _bare(building))


def _building(street: AddressPart | None, outside: list[AddressPart]) -> str:
    for part in outside:
        if text := part.text:
            return text
    return street.before or street.name.building if street else ""


def _bare(name: str) -> str:
    """The name without its article, which one list writes and another leaves out."""
    return name.removeprefix("the ")


def _street_place(parts: list[AddressPart]) -> int | None:
    """Where the street stands. Without any number a weak word is a house's: `meadow view`, `westmoor`."""
    place, best, is_numbered = None, 0, False
    for index, (numbers, _, name) in enumerate(parts):
        score = _STREETNESS[name.kind][bool(numbers)] if name.street else 0
        is_numbered = is_numbered or bool(numbers)
        if score > best:
            place, best = index, score
    return place if best > _WEAK or is_numbered else None


def _place_numbers(units: set[str], street: AddressPart | None, outside: list[AddressPart]) -> set[str]:
    """The house numbers; what is numbered within a building joins `units`, which holds what was named outright."""
    within, houses = _told_apart(street, outside)
    numbers: set[str] = set()
    for house in houses:
        numbers.update(house.numbers)
    for number in within:
        is_dwelling = not units and not number.sub_units and len(number.numbers) == 1
        (units if is_dwelling else numbers).update(number.numbers)
    for number in (*within, *houses):
        units.update(number.sub_units)
    return numbers


def _told_apart(street: AddressPart | None, outside: list[AddressPart]) -> tuple[list[HouseNumber], list[HouseNumber]]:
    """Numbers within a building, and numbers of houses. `3 18 high st` has the word "flat" left out."""
    within: list[HouseNumber] = []
    houses: list[HouseNumber] = []
    for part in outside:
        if part.numbers:
            (within if part.text else houses).extend(part.numbers)
    if street is None:
        return within, houses
    if street.name.building:
        return within + street.numbers, houses
    for number, following in pairwise(street.numbers):
        (within if following.start - number.end <= 1 else houses).append(number)
    return within, houses + street.numbers[-1:]
