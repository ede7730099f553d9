"""Cutting an address into parts: what each says of sub-units, house numbers and names."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from services.core.addresses.address_names import Name, read_name
from services.core.addresses.address_numbers import HouseNumber, house_numbers
from services.core.addresses.address_units import take_sub_units
from services.core.addresses.address_words import BUILDING_WORDS, WORDY

_SLASH: Final = re.compile(r"(?<![\w/])(?P<floor>\d{1,2})/(?P<flat>\d{1,2})(?![\w/])")


class AddressPart(NamedTuple):
    """A part without its sub-units: house numbers, the words before the first, the name after the last."""

    numbers: list[HouseNumber]
    before: str
    name: Name

    @property
    def text(self) -> str:
        return self.before or self.name.building or self.name.street


def read_parts(segments: Iterable[str]) -> tuple[set[str], list[AddressPart]]:
    """The sub-units that an address names outright, and its parts in order.

    The segments are those of `segments_of`, without what ends the address.
    """
    units: set[str] = set()
    rests: list[str] = []
    for segment in segments:
        named, rest = take_sub_units(segment)
        units |= named
        rests += [rest] if rest else []
    units, rests = _without_slashes(units, rests)
    return units, [_read_part(rest) for rest in _joined(rests)]


def _without_slashes(units: set[str], rests: list[str]) -> tuple[set[str], list[str]]:
    """Scottish `2/1` is a flat where a house number stands beside it; alone, `18/3` is flat 3 of number 18."""
    slashes = [match for rest in rests if "/" in rest for match in _SLASH.finditer(rest)]
    if not slashes or sum(len(house_numbers(rest, of_building=False)) for rest in rests) == len(slashes):
        return units, rests
    named = {f"{int(match['floor'])}/{int(match['flat'])}" for match in slashes}
    bare = (" ".join(_SLASH.sub(" ", rest).split()) for rest in rests)
    return units | named, [rest for rest in bare if rest]


def _joined(rests: list[str]) -> list[str]:
    """The parts, a number that stands alone joined to the name after it: `18`, `high st`."""
    joined: list[list[str]] = []
    is_open = False
    for rest in rests:
        if is_open:
            joined[-1].append(rest)
        else:
            joined.append([rest])
        is_open = not WORDY.search(rest)
    return [" ".join(rests) for rests in joined]


def _read_part(rest: str) -> AddressPart:
    numbers = house_numbers(rest, of_building=not BUILDING_WORDS.isdisjoint(rest.split()))
    if not numbers:
        return AddressPart(numbers, "", read_name(rest.split()))
    before, after = rest[: numbers[0].start].strip(), rest[numbers[-1].end :].strip(" -/&")
    return (
        AddressPart(numbers, before, read_name(after.split()))
        if after
        else AddressPart(numbers, "", read_name(before.split()))
    )
