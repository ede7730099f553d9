import re
from collections.abc import Iterable
from string import ascii_lowercase
from typing import Final

from services.core.addresses.reading.names import NameKind, read_name
from services.core.addresses.reading.numbers import HouseNumber
from services.core.addresses.reading.sections import AddressPart
from services.core.addresses.reading.units import NAMING_WORDS, take_sub_units

_NAME: Final = r"(?=[a-z]{2})[^\W\d_]++(?: [^\W\d_]++)*+"
# The most common of the words before a sub-unit. A longer list makes every segment slower to read.
_UNIT_WORDS: Final = "flat|apartment|apt|unit|room|studio|block"
# A plain segment has up to four things in this order: a sub-unit, a name, a house number, a second name.
# A number always has a second name. The full reader would find nothing more in a plain segment:
# - A second sub-unit would need a word of `NAMING_WORDS`, a slash, a dash, or a letter before a digit.
# - `flat 3l` and `flat 3r` would be flats on the left and on the right.
# - A longer house number would be `18 a`, `18 to 20` or `no 18`. The pattern matches none of these.
# - Only a number without a name would be joined to the next segment.
_PLAIN: Final = re.compile(
    rf"(?:(?:{_UNIT_WORDS}) (?P<unit>[0-9]{{1,4}}[a-km-qs-z]?|[a-z])(?: |$))?"
    rf"(?:(?P<before>{_NAME})(?: (?<!\bno )|$))?"
    rf"(?:(?P<number>[0-9]{{1,4}})(?P<suffix>[a-z])? (?!to\b)(?P<name>{_NAME}))?"
)
_FLOORS: Final = ("grd", "lwr grd", "bsmt", "gdn", "top", "upr", "lwr", "first", "second", "third", "fourth", "rear")
_STOREYS: Final = tuple(f"{floor}/{flat}" for floor in range(10) for flat in range(1, 10))
_UNITS: Final = (*map(str, range(1, 100)), *ascii_lowercase, *_STOREYS)


def _read_ahead() -> dict[str, set[str]]:
    segments = [f"{floor} {words}" for floor in _FLOORS for words in ("flr flat", "flr", "flat")]
    segments += [f"flat {unit}" for unit in _UNITS]
    # Built with the full reader, so that both readers agree.
    return {segment: units for segment in segments for units, rest in [take_sub_units(segment)] if not rest}


# The sub-units of the most common segments that hold nothing but a sub-unit.
_KNOWN: Final = _read_ahead()


def read_plain_parts(segments: Iterable[str]) -> tuple[set[str], list[AddressPart]] | None:
    """Return the sub-units and the other parts of simple segments.

    Return None if a segment is not simple. The caller must then use `read_parts`.
    """
    units: set[str] = set()
    parts: list[AddressPart] = []
    for segment in segments:
        if segment in _KNOWN:
            units |= _KNOWN[segment]
            continue
        match = _PLAIN.fullmatch(segment)
        if match is None:
            return None
        unit, before, number, suffix, name = match.groups("")
        if unit:
            units.add(unit.lstrip("0") or "0")
        # Without a number, the only name of the segment is in the group `before`.
        if not number:
            before, name = "", before
        elif before in _KNOWN:
            # A floor stands right before the house number: `top flr flat 18 high st`.
            units |= _KNOWN[before]
            before = ""
        if name:
            words = name.split()
            # A word such as `flat` inside a name needs the full reader.
            if not NAMING_WORDS.isdisjoint(words) or (before and not NAMING_WORDS.isdisjoint(before.split())):
                return None
            named = read_name(words)
            # In `flat 74 high st` the number may be that of the house. Only the full reader looks into it.
            if unit and not number and named.kind is NameKind.STREET:
                return None
            parts.append(AddressPart(_house_number(before, number, suffix) if number else [], before, named))
    return units, parts


def _house_number(before: str, number: str, suffix: str) -> list[HouseNumber]:
    # The positions are the same as those of `house_numbers`, because callers compare positions.
    start = len(before) + 1 if before else 0
    end = start + len(number) + len(suffix)
    return [HouseNumber((number.lstrip("0") or "0",), (suffix,) if suffix else (), start, end)]
