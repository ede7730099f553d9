import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from services.core.addresses.address_names import Name, read_name
from services.core.addresses.address_numbers import HouseNumber, house_numbers
from services.core.addresses.address_units import take_sub_units
from services.core.addresses.address_words import BUILDING_WORDS, WORDY

# Scottish floor and flat: `2/1` is the first flat on the second floor.
_SLASH: Final = re.compile(r"(?<![\w/])(?P<floor>\d{1,2})/(?P<flat>\d{1,2})(?![\w/])")


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
    units: set[str] = set()
    rests: list[str] = []
    for segment in segments:
        named, rest = take_sub_units(segment)
        units |= named
        rests += [rest] if rest else []
    units, rests = _without_slashes(units, rests)
    return units, [_read_part(rest) for rest in _joined(rests)]


def _without_slashes(units: set[str], rests: list[str]) -> tuple[set[str], list[str]]:
    slashes = [match for rest in rests if "/" in rest for match in _SLASH.finditer(rest)]
    # If the address has no other house number, `18/3` is flat 3 of number 18.
    if not slashes or sum(len(house_numbers(rest, of_building=False)) for rest in rests) == len(slashes):
        return units, rests
    # If the address has another house number, `2/1` is a flat.
    named = {f"{int(match['floor'])}/{int(match['flat'])}" for match in slashes}
    bare = (" ".join(_SLASH.sub(" ", rest).split()) for rest in rests)
    return units | named, [rest for rest in bare if rest]


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
