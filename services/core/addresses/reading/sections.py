import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

from services.core.addresses.reading.care_of import without_care_of
from services.core.addresses.reading.flat_or_house import with_the_flat_or_the_house
from services.core.addresses.reading.floors import storey_side
from services.core.addresses.reading.names import Name, read_name
from services.core.addresses.reading.numbers import HouseNumber, house_numbers, with_halves
from services.core.addresses.reading.units import take_sub_units
from services.core.addresses.spelling.vocabulary import BUILDING_WORDS
from services.core.addresses.spelling.words import WORDY

# Scottish flats: `2/1` is the first flat on the second floor, and `2l` is the flat on its left.
_STOREY: Final = re.compile(
    r"(?<![\w/])(?:(?P<floor>\d{1,2})/(?P<flat>\d{1,2})|(?P<level>\d)(?P<side>[lr])(?= \d|$))(?![\w/])"
)
# This cheap test rejects most texts.
_MAY_BE_STOREY: Final = re.compile(r"[0-9][/lr]")


class AddressPart(NamedTuple):
    numbers: list[HouseNumber]
    # The text before the first number.
    before: str
    # The name after the last number.
    name: Name

    @property
    def text(self) -> str:
        return self.before or self.name.building or self.name.street


def read_parts(segments: Iterable[str]) -> tuple[set[str], list[AddressPart]]:
    # A letter behind a house number (`18a`) is part of the number and is no sub-unit.
    units, whole = with_the_flat_or_the_house(without_care_of([*segments]))
    rests: list[str] = []
    for segment in whole:
        named, rest = take_sub_units(with_halves(segment))
        units |= named
        rests += [rest] if rest else []
    units, rests = _without_storeys(units, rests)
    return units, [_read_part(part) for rest in _joined(rests) for part in _apart(rest)]


def _without_storeys(units: set[str], rests: list[str]) -> tuple[set[str], list[str]]:
    storeys = [match for rest in rests if _MAY_BE_STOREY.search(rest) for match in _STOREY.finditer(rest)]
    if not storeys:
        return units, rests
    is_alone = sum(len(house_numbers(rest, of_building=False)) for rest in rests) == len(storeys)
    # If the address has no other house number, `18/3` is flat 3 of number 18. But no house has the number 0.
    if is_alone and not all(storey["floor"] == "0" for storey in storeys):
        return units, rests
    # If the address has another house number, `2/1` is a flat.
    bare = (" ".join(_STOREY.sub(" ", rest).split()) for rest in rests)
    return units | set(map(_storey, storeys)), [rest for rest in bare if rest]


def _storey(match: re.Match[str]) -> str:
    floor, flat, level, side = match.groups()
    return storey_side(level, side) if side else f"{int(floor)}/{int(flat)}"


def _joined(rests: list[str]) -> list[str]:
    joined: list[list[str]] = []
    is_open = False
    for rest in rests:
        if is_open:
            joined[-1].append(rest)
        else:
            joined.append([rest])
        # A number alone belongs to the name in the next segment: `18`, `high st`.
        is_open = not WORDY.search(rest)
    return [" ".join(rests) for rests in joined]


def _apart(rest: str) -> list[str]:
    """Divide a text before each number that follows a number and a name, as in `9 maple ct 10 high st`."""
    numbers = house_numbers(rest, of_building=False)
    starts = [number.start for before, number in pairwise(numbers) if WORDY.search(rest, before.end, number.start)]
    bounds = [0, *starts, len(rest)]
    return [rest[start:end].strip() for start, end in pairwise(bounds)]


def _read_part(rest: str) -> AddressPart:
    numbers = house_numbers(rest, of_building=not BUILDING_WORDS.isdisjoint(rest.split()))
    if not numbers:
        # Without a number, all words are the name.
        return AddressPart(numbers, "", read_name(rest.split()))
    before, after = rest[: numbers[0].start].strip(), rest[numbers[-1].end :].strip(" -/&")
    return (
        AddressPart(numbers, before, read_name(after.split()))
        # If no name follows the number, the name is before the number: `high st 18`.
        if after
        else AddressPart(numbers, "", read_name(before.split()))
    )
