"""The short way through the plain forms of an address, which most addresses have: `flat 2`, `maple ct`, `18 high st`.

A plain segment is a sub-unit (`flat 2`, `room b`), then a house number in digits, then a name of words without digits;
each may be missing. It is read by one pattern in place of some twenty, and to the same end:

- The patterns of `take_sub_units` need a digit beside a letter, a stroke, a dash, or one of `NAMING_WORDS`. A plain
  segment has such a word only in front of its sub-unit, so the one pattern that reads that word reads it and no more.
- The only digits left are those at the start. What may follow a house number, a letter or a joint, cannot follow here:
  the next word has two letters or more, and is not `to`.
- Every part holds a word, so no number waits for the name in the next part.

Where one segment is not plain, the whole address goes the long way, `read_parts`.
"""

import re
from collections.abc import Iterable
from typing import Final

from services.core.address_names import read_name
from services.core.address_numbers import HouseNumber
from services.core.address_sections import Part
from services.core.address_units import NAMING_WORDS, UNIT_WORDS

_PLAIN: Final = re.compile(
    rf"(?:(?:{UNIT_WORDS}) (?P<unit>[0-9]{{1,4}}[a-z]?|[a-z])(?: |$))?"
    r"(?:(?P<number>[0-9]{1,4}) (?!to\b))?"
    r"(?P<name>(?=[a-z]{2})[^\W\d_]++(?: [^\W\d_]++)*+)?"
)


def read_plain_parts(segments: Iterable[str]) -> tuple[set[str], list[Part]] | None:
    """What `read_parts` gives, or None where a segment is not plain."""
    units: set[str] = set()
    parts: list[Part] = []
    for segment in segments:
        match = _PLAIN.fullmatch(segment)
        if match is None:
            return None
        unit, number, name = match.groups()
        if unit:
            units.add(unit.lstrip("0") or "0")
        if name:
            words = name.split()
            if not NAMING_WORDS.isdisjoint(words):
                return None
            numbers = [HouseNumber((number.lstrip("0") or "0",), (), 0, len(number))] if number else []
            parts.append(Part(numbers, "", read_name(words)))
    return units, parts
