from collections.abc import Sequence
from typing import NamedTuple, Self

from services.core.addresses.reading.endings import without_ending
from services.core.addresses.reading.places import place_words
from services.core.addresses.reading.placing import building_name, place_numbers, street_name, street_place
from services.core.addresses.reading.plain import read_plain_parts
from services.core.addresses.reading.sections import read_parts
from services.core.addresses.spelling.words import segments_of, spelt


class AddressParts(NamedTuple):
    # A missing part is empty.
    # The names of a dwelling in a building, such as `12b`, `ground` or `2/1`, or of a place beside it: `annexe`.
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


class AddressReading(NamedTuple):
    parts: AddressParts
    # The last words of the town and of the localities.
    places: tuple[str, ...]


def parse_address(lines: Sequence[str], post_town: str | None = None) -> AddressParts:
    return read_postal_address(lines, post_town).parts


def read_postal_address(lines: Sequence[str], post_town: str | None = None) -> AddressReading:
    town = spelt(post_town) if post_town else ""
    # A postcode, a nation or the post town at the end of the address is ignored.
    segments = without_ending(segments_of(lines), town)
    # The plain reader is fast but reads only common forms. The full reader reads all other addresses.
    units, parts = read_plain_parts(segments) or read_parts(segments)
    place = street_place(parts)
    # A part after the street is the locality or the county, and is dropped here.
    street, outside = (None, parts) if place is None else (parts[place], parts[:place])
    numbers = place_numbers(units, street, outside)
    address = AddressParts(frozenset(units), frozenset(numbers), street_name(street), building_name(street, outside))
    return AddressReading(address, place_words(segments, town, address.street, address.building))
