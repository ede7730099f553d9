"""Reads the names of floors, and Scottish names of flats."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from services.core.addresses.reading.apart import APART
from services.core.addresses.spelling.vocabulary import FLAT, ORDINALS

Names = Callable[[re.Match[str]], Sequence[str]]

_FLOOR_NAMES: Final = {
    "grd": "ground",
    "lwr grd": "lower ground",
    "upr grd": "upper ground",
    "bsmt": "basement",
    "gdn": "garden",
    "lwr": "lower",
    "upr": "upper",
}
_STOREYS: Final = ("bsmt", "grd", *ORDINALS)
_FLOOR: Final = rf"lwr grd|upr grd|grd|bsmt|gdn|top|attic|loft|penthouse|mezzanine|upr|lwr|{'|'.join(ORDINALS)}"
_SIDE: Final = "left|right|front|rear|middle|centre|ctr"
_SIDES: Final = {"l": "left", "r": "right", "m": "middle", "c": "middle", "centre": "middle", "ctr": "middle"}
# The short forms of floors in Scottish names. The platform of a tenement is its ground floor.
_LETTERED_FLOORS: Final = {"g": "ground", "p": "ground", "b": "basement", "t": "top"}

# In `ground floor flat 2` the flat has two names. In `top flat 18 high st` the number is that of the house.
NO_NAME_AFTER: Final = r"(?! ?\d+[a-z]?(?:$| \d)| [a-z]\b)"
_STOP: Final = r"(?= \d|$)"

_SHORT_FLOOR: Final = re.compile(r"\b(?:lgff?|ugff?|gff?|g/f|fff|f/f|sff|s/f|tff|bff|\dflr)\b")
_SHORT_FLOORS: Final = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), words)
    for pattern, words in (
        ("lgff?", "lwr grd flr"),
        ("ugff?", "upr grd flr"),
        ("gff?|g/f", "grd flr"),
        ("fff|f/f", "first flr"),
        ("sff|s/f", "second flr"),
        ("tff", "top flr"),
        ("bff", "bsmt flr"),
        *((rf"{number}flr", f"{ordinal} flr") for number, ordinal in enumerate(ORDINALS[:9], 1)),
    )
)


def without_short_floors(text: str) -> str:
    """Replace short forms of floors by long forms, so that `gff` and `ground floor flat` give the same sub-unit."""
    if _SHORT_FLOOR.search(text):
        for pattern, words in _SHORT_FLOORS:
            text = pattern.sub(words, text)
    return text


def is_floor(unit: str) -> bool:
    return len(unit) > 1 and unit not in APART and unit.replace(" ", "").isalpha()


def _floor(match: re.Match[str]) -> list[str]:
    floor = _FLOOR_NAMES.get(match["floor"], match["floor"])
    side = match["side"] or match["only_side"]
    return [f"{floor} {_SIDES.get(side, side)}" if side else floor]


def _floor_alone(match: re.Match[str]) -> list[str]:
    floor = match["floor"] or match["alone"]
    return [_FLOOR_NAMES.get(floor, floor)]


def _floors(match: re.Match[str]) -> list[str]:
    named = re.findall(_FLOOR, match["floors"])
    first, last = (_STOREYS.index(name) if name in _STOREYS else -1 for name in (named[0], named[-1]))
    # `ground to second floors` includes the first floor.
    if re.search("-| to ", match["floors"]) and 0 <= first < last:
        named = list(_STOREYS[first : last + 1])
    return [_FLOOR_NAMES.get(name, name) for name in named]


def _side(match: re.Match[str]) -> list[str]:
    return [_SIDES.get(match["side"], match["side"])]


def _storey(match: re.Match[str]) -> list[str]:
    # `g` is the ground floor. `2f1` and `2/1` are the same flat.
    floor = match["floor"][0] if match["floor"][0].isalpha() else match["floor"]
    number = "0" if floor in ("g", "p") else floor if floor.isalpha() else str(int(floor))
    return [f"{number}/{int(match['flat'])}"]


def storey_side(floor: str, side: str) -> str:
    """Return the name of a Scottish flat in words: `3` and `l` give `third left`."""
    if floor.isdecimal():
        name = ("ground", *ORDINALS)[int(floor)] if int(floor) <= len(ORDINALS) else floor
    else:
        name = _LETTERED_FLOORS[floor]
    return f"{name} {_SIDES.get(side, side)}"


def _storey_side(match: re.Match[str]) -> list[str]:
    return [storey_side(match["floor"], match["side"])]


# The order matters. Each pattern removes the words that it reads, so that no later pattern reads them again.
FLOOR_PATTERNS: Final[tuple[tuple[re.Pattern[str], Names], ...]] = (
    (
        re.compile(
            rf"\b(?P<floors>(?:{_FLOOR})(?:(?: & |/|-| to )(?:{_FLOOR})){{1,5}}) flrs?\b"
            rf"(?: (?:{FLAT})\b{NO_NAME_AFTER})?"
        ),
        _floors,
    ),
    (
        re.compile(
            rf"\b(?P<floor>{_FLOOR})(?: flr\b(?: (?P<side>{_SIDE}|[lr])\b(?! of\b))?(?: (?:{FLAT})\b{NO_NAME_AFTER})?"
            rf"| (?P<only_side>{_SIDE}|[lr])(?: (?:{FLAT})\b)?{_STOP}| (?:{FLAT})\b{NO_NAME_AFTER})"
        ),
        _floor,
    ),
    # In Welsh the word for the floor comes first.
    (re.compile(rf"\b(?:(?:{FLAT}) )?flr (?P<floor>{_FLOOR})\b(?P<alone>)"), _floor_alone),
    (re.compile(rf"\bflr (?P<level>[1-9]){_STOP}"), lambda match: [ORDINALS[int(match["level"]) - 1]]),
    # The floor may stand alone, or after the word for the flat: `flat bsmt 45 baker st`.
    (
        re.compile(
            rf"(?:\b(?:{FLAT}) (?P<floor>{_FLOOR})|(?P<alone>\b(?:bsmt|attic|lwr grd)|^(?:grd|top|loft)|\bpenthouse\b"
            rf"{NO_NAME_AFTER})){_STOP}"
        ),
        _floor_alone,
    ),
    (re.compile(rf"\b(?P<side>{_SIDE}) (?:hand )?(?:{FLAT})\b{NO_NAME_AFTER}"), _side),
    (re.compile(rf"\b(?:{FLAT}) (?P<side>{_SIDE}){_STOP}"), _side),
    (re.compile(rf"\b(?:(?:{FLAT}) ?)?(?P<floor>\d{{1,2}}|[gpbt]f?)f(?P<flat>\d{{1,2}})\b"), _storey),
    (re.compile(rf"\b(?:(?:{FLAT}) ?)?(?P<floor>\d{{1,2}}|[gpbt])f(?P<side>[lrmc])\b"), _storey_side),
    (re.compile(rf"\b(?:(?:{FLAT}) ?)(?P<floor>\d|[gt])/?(?P<side>[lr]){_STOP}"), _storey_side),
    (re.compile(rf"\b(?:{FLAT}) (?P<floor>\d) (?P<side>left|right){_STOP}"), _storey_side),
    (re.compile(rf"\b(?P<floor>\d|[gt])/(?P<side>{_SIDE}|[lr])\b"), _storey_side),
    (re.compile(rf"\b(?:{FLAT}) ?(?P<floor>\d{{1,2}}|[gb])/(?P<flat>\d{{1,2}})\b"), _storey),
    (re.compile(r"\b(?P<floor>g)/?(?P<flat>\d{1,2})\b"), _storey),
)
