"""Reading a UK address into the parts that can be compared: sub-units, numbers, street, building.

What stands after the street (locality, county) is left out: inside one postcode it tells nothing apart.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, Self

from services.core.address_names import Name, NameKind, read_name
from services.core.address_numbers import HouseNumber, house_numbers
from services.core.address_units import take_sub_units
from services.core.address_words import BUILDING_WORDS, NATIONS, segments_of, spelt
from services.core.postcode import read_area, read_postcode

_STROKE: Final = re.compile(r"(?<![\w/])(?P<floor>\d{1,2})/(?P<flat>\d{1,2})(?![\w/])")
_WORDY: Final = re.compile("[a-z]{2}")
_WEAK: Final = 1


@dataclass(frozen=True, slots=True)
class AddressParts:
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


class _Part(NamedTuple):
    """A part without its sub-units: house numbers, the words before the first, the name after the last."""

    numbers: list[HouseNumber]
    before: str
    name: Name

    @property
    def text(self) -> str:
        return self.before or self.name.building or self.name.street


def parse_address(lines: Sequence[str], post_town: str | None = None) -> AddressParts:
    """The parts of an address given as one line or several, with or without commas.

    A postcode, a nation's name and the post town are left out wherever they end the address.
    """
    units, rests = _without_sub_units(_without_ending(segments_of(lines), spelt(post_town or "")))
    parts = [_read_part(rest) for rest in _joined(rests)]
    place = _street_place(parts)
    street = parts[place] if place is not None else None
    outside = parts if street is None else parts[:place]
    numbers = _place_numbers(units, street, outside)
    building = next((part.text for part in outside if part.text), "")
    if street is not None:
        building = building or street.before or street.name.building
    street_name = street.name.street if street else ""
    return AddressParts(frozenset(units), frozenset(numbers), _bare(street_name), _bare(building))


def _bare(name: str) -> str:
    """The name without its article, which one list writes and another leaves out."""
    return name.removeprefix("the ")


def _without_ending(segments: list[str], town: str) -> list[str]:
    kept = [segment for place, segment in enumerate(segments) if not place or segment not in {town, *NATIONS}]
    while kept and (shorter := _shortened(kept[-1], town, alone=len(kept) == 1)) != kept[-1]:
        kept[-1:] = [shorter] if shorter else []
    return kept


def _shortened(segment: str, town: str, *, alone: bool) -> str:
    words = segment.split()
    for count in (2, 1):
        ending = " ".join(words[-count:])
        if _WORDY.search(ending) and not ending.isalpha() and read_postcode(ending):
            return " ".join(words[:-count])
    if not alone and (segment in NATIONS or read_area(segment)):
        return ""
    return segment.removesuffix(f" {town}") if town else segment


def _without_sub_units(segments: Iterable[str]) -> tuple[set[str], list[str]]:
    units: set[str] = set()
    rests: list[str] = []
    for segment in segments:
        named, rest = take_sub_units(segment)
        units |= named
        rests += [rest] if rest else []
    return _without_strokes(units, rests)


def _without_strokes(units: set[str], rests: list[str]) -> tuple[set[str], list[str]]:
    """Scottish `2/1` is a flat where a house number stands beside it; alone, `18/3` is flat 3 of number 18."""
    strokes = [match for rest in rests for match in _STROKE.finditer(rest)]
    if not strokes or sum(len(house_numbers(rest, of_building=False)) for rest in rests) == len(strokes):
        return units, rests
    named = {f"{int(match['floor'])}/{int(match['flat'])}" for match in strokes}
    bare = (" ".join(_STROKE.sub(" ", rest).split()) for rest in rests)
    return units | named, [rest for rest in bare if rest]


def _joined(rests: list[str]) -> list[str]:
    """The parts, a number that stands alone joined to the name after it: `18`, `high st`."""
    joined: list[str] = []
    for rest in rests:
        if joined and not _WORDY.search(joined[-1]):
            joined[-1] += " " + rest
        else:
            joined.append(rest)
    return joined


def _read_part(rest: str) -> _Part:
    numbers = house_numbers(rest, of_building=not BUILDING_WORDS.isdisjoint(rest.split()))
    if not numbers:
        return _Part(numbers, "", read_name(rest))
    before, after = rest[: numbers[0].start].strip(), rest[numbers[-1].end :].strip(" -/&")
    return _Part(numbers, before, read_name(after)) if after else _Part(numbers, "", read_name(before))


def _street_place(parts: list[_Part]) -> int | None:
    """Where the street stands. Without any number a weak word is a house's: `meadow view`, `westmoor`."""
    scores = [_streetness(part) for part in parts]
    least = _WEAK if any(part.numbers for part in parts) else _WEAK + 1
    best = max(scores, default=0)
    return scores.index(best) if best >= least else None


def _streetness(part: _Part) -> int:
    """How surely a part is the street: by its last word, by its number, by both. 0: it is not."""
    numbered, kind = bool(part.numbers), part.name.kind
    if kind is NameKind.STREET:
        return _WEAK + 2 + numbered
    if kind is NameKind.BUILDING or not part.name.street:
        return 0
    if numbered:
        return _WEAK + 1
    return _WEAK if kind is NameKind.WEAK_STREET else 0


def _place_numbers(units: set[str], street: _Part | None, outside: list[_Part]) -> set[str]:
    """The house numbers; what is numbered within a building joins `units`, which holds what was named outright."""
    within, houses = _told_apart(street, outside)
    numbers = {digits for house in houses for digits in house.numbers}
    for number in within:
        is_dwelling = not units and not number.sub_units and len(number.numbers) == 1
        (units if is_dwelling else numbers).update(number.numbers)
    units.update(suffix for number in (*within, *houses) for suffix in number.sub_units)
    return numbers


def _told_apart(street: _Part | None, outside: list[_Part]) -> tuple[list[HouseNumber], list[HouseNumber]]:
    """Numbers within a building, and numbers of houses. `3 18 high st` has the word "flat" left out."""
    within = [number for part in outside if part.text for number in part.numbers]
    houses = [number for part in outside if not part.text for number in part.numbers]
    if street is None:
        return within, houses
    if street.name.building:
        return within + street.numbers, houses
    flats = [first for first, second in pairwise(street.numbers) if second.start - first.end <= 1]
    return within + flats, houses + [number for number in street.numbers if number not in flats]
