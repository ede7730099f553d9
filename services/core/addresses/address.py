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
# Score of a name as the street, by its kind. The first score is for a name without a number, the second for a name
# with a number.
_STREETNESS: Final = {
    NameKind.BUILDING: (0, 0),
    NameKind.UNTOLD: (0, _WEAK + 1),
    NameKind.WEAK_STREET: (_WEAK, _WEAK + 1),
    NameKind.STREET: (_WEAK + 2, _WEAK + 3),
}


class AddressParts(NamedTuple):
    # A missing part is empty.
    # The names of a dwelling in a building, such as `12b`, `ground` or `2/1`.
    sub_units: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    street: str = ""
    building: str = ""

    def to_compact(self) -> list[str | list[str]]:
        # Sorted, so that equal addresses give equal JSON.
        return [sorted(self.sub_units), sorted(self.numbers), self.street, self.building]

    @classmethod
    def from_compact(cls, compact: Sequence[str | Sequence[str]]) -> Self:
        sub_units, numbers, street, building = compact
        return cls(frozenset(sub_units), frozenset(numbers), str(street), str(building))


def parse_address(lines: Sequence[str], post_town: str | None = None) -> AddressParts:
    # A postcode, a nation or the post town at the end of the address is ignored.
    segments = without_ending(segments_of(lines), spelt(post_town) if post_town else "")
    # The plain reader is fast but reads only common forms. The full reader reads all other addresses.
    units, parts = read_plain_parts(segments) or read_parts(segments)
    place = _street_place(parts)
    # A part after the street is the locality or the county, and is dropped here.
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
    # One list writes the word "the" in a name and another list leaves it out.
    return name.removeprefix("the ")


def _street_place(parts: list[AddressPart]) -> int | None:
    place, best, is_numbered = None, 0, False
    for index, (numbers, _, name) in enumerate(parts):
        score = _STREETNESS[name.kind][bool(numbers)] if name.street else 0
        is_numbered = is_numbered or bool(numbers)
        if score > best:
            place, best = index, score
    # Without a number, a weak street word ends the name of a house: `meadow view`, `westmoor`.
    return place if best > _WEAK or is_numbered else None


def _place_numbers(units: set[str], street: AddressPart | None, outside: list[AddressPart]) -> set[str]:
    within, houses = _told_apart(street, outside)
    numbers: set[str] = set()
    for house in houses:
        numbers.update(house.numbers)
    for number in within:
        # A lone number in a building is the flat, unless the address names a sub-unit already.
        is_dwelling = not units and not number.sub_units and len(number.numbers) == 1
        (units if is_dwelling else numbers).update(number.numbers)
    for number in (*within, *houses):
        units.update(number.sub_units)
    return numbers


def _told_apart(street: AddressPart | None, outside: list[AddressPart]) -> tuple[list[HouseNumber], list[HouseNumber]]:
    within: list[HouseNumber] = []
    houses: list[HouseNumber] = []
    for part in outside:
        # A number beside the name of a building belongs to the building. Other numbers belong to the street.
        if part.numbers:
            (within if part.text else houses).extend(part.numbers)
    if street is None:
        return within, houses
    if street.name.building:
        return within + street.numbers, houses
    # Two numbers in a row are flat and house: `3 18 high st` leaves out the word "flat".
    for number, following in pairwise(street.numbers):
        (within if following.start - number.end <= 1 else houses).append(number)
    return within, houses + street.numbers[-1:]
