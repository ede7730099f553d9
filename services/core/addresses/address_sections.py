"""Cuts an address into parts, each with its house numbers and names, and collects the sub-units."""

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
    """A part without its sub-units: house numbers, the words before the first, the name after the last."""

    numbers: list[HouseNumber]
    before: str
    name: Name

    @property
    def text(self) -> str:
        return self.before or self.name.building or self.name.street


def read_parts(segments: Iterable[str]) -> tuple[set[str], list[AddressPart]]:
    """Return the sub-units that an address names outright, and its parts in order.

    The segments are those of `segments_of`, without the ending of the address.
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
    slashes = [match for rest in rests if "/" in rest for match in _SLASH.finditer(rest)]
    # No other house number: `18/3` is then flat 3 of number 18.
    if not slashes or sum(len(house_numbers(rest, of_building=False)) for rest in rests) == len(slashes):
        return units, rests
    # A house number stands beside it: `2/1` is then a flat.
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
        # A number alone takes the name from the next segment: `18`, `high st`.
        is_open = not WORDY.search(rest)
    return [" ".join(rests) for rests in joined]


def _read_part(rest: str) -> AddressPart:
    numbers = house_numbers(rest, of_building=not BUILDING_WORDS.isdisjoint(rest.split()))
    if not numbers:
        # Nothing to divide the words: all of them are the name.
        return AddressPart(numbers, "", read_name(rest.split()))
    before, after = rest[: numbers[0].start].strip(), rest[numbers[-1].end :].strip(" -/&")
    return (
        AddressPart(numbers, before, read_name(after.split()))
        # Without a name after the number, the name stands before it: `high st 18`.
        if after
        else AddressPart(numbers, "", read_name(before.split()))
    )
