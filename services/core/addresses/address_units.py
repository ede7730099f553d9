import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

_FLOOR_NAMES: Final = {
    "grd": "ground",
    "lwr grd": "lower ground",
    "bsmt": "basement",
    "gdn": "garden",
    "lwr": "lower",
    "upr": "upper",
}
_FLOOR: Final = (
    "lwr grd|grd|bsmt|gdn|top|attic|upr|lwr|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
)
_SIDE: Final = "left|right|front|rear"
_FLAT: Final = "flat|flt|apartment|appartment|apt|appt|maisonette"
# Words that stand before the name of a sub-unit. They are joined as alternatives for a pattern.
UNIT_WORDS: Final = f"{_FLAT}|unit|room|rm|studio|suite|bedsit|chalet|block|blk"

# A text names a sub-unit only if it has one of these words, a letter right before a digit, a slash or a dash.
NAMING_WORDS: Final = frozenset(
    f"{UNIT_WORDS}|{UNIT_WORDS.replace('|', 'no|')}no|flr|flts|apts|units|rooms|lgf|lgff|gf|gff|fff|sff|tff".split("|")
)

# In `ground floor flat 2` the flat has two names. In `top flat 18 high st` the number is that of the house.
_NO_NAME_AFTER: Final = r"(?! ?\d+[a-z]?(?:$| \d)| [a-z]\b)"

_SHORT_FLOOR: Final = re.compile(r"\b(?:lgff?|gff?|g/f|fff|f/f|sff|s/f|tff)\b")
_SHORT_FLOORS: Final = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), words)
    for pattern, words in (
        ("lgff?", "lwr grd flr"),
        ("gff?|g/f", "grd flr"),
        ("fff|f/f", "first flr"),
        ("sff|s/f", "second flr"),
        ("tff", "top flr"),
    )
)

# Built once for all calls, because a sender may write very long ranges of flats.
_DIGITS: Final = tuple(map(str, range(1000)))
_Names = Callable[[re.Match[str]], Sequence[str]]


def _floor(match: re.Match[str]) -> list[str]:
    floor = _FLOOR_NAMES.get(match["floor"], match["floor"])
    return [f"{floor} {match['side']}" if match["side"] else floor]


def _storey(match: re.Match[str]) -> list[str]:
    # `g` is the ground floor. `2f1` and `2/1` are the same flat.
    floor = "0" if match["floor"].startswith("g") else match["floor"]
    return [f"{int(floor)}/{int(match['flat'])}"]


def _unit(match: re.Match[str]) -> list[str]:
    # `flat 02` and `flat 2` are the same.
    return [match["name"].lstrip("0") or "0"]


def _units(match: re.Match[str]) -> Sequence[str]:
    # The sender may write the larger number of a range first.
    first, last = sorted((int(match["first"]), int(match["last"])))
    return (_DIGITS[first], _DIGITS[last]) if "&" in match[0] else _DIGITS[first : last + 1]


# The order matters. Each pattern removes the words that it reads, so that no later pattern reads them again.
_NAMING: Final[tuple[tuple[re.Pattern[str], _Names], ...]] = (
    (
        re.compile(
            rf"\b(?P<floor>{_FLOOR})(?: flr\b(?: (?P<side>{_SIDE})\b)?(?: (?:{_FLAT})\b{_NO_NAME_AFTER})?"
            rf"| (?:{_FLAT})\b{_NO_NAME_AFTER})"
        ),
        _floor,
    ),
    (re.compile(rf"\b(?P<name>{_SIDE}) (?:{_FLAT})\b{_NO_NAME_AFTER}"), _unit),
    (re.compile(rf"\b(?:(?:{_FLAT}) ?)?(?P<floor>\d{{1,2}}|gf?)f(?P<flat>\d{{1,2}})\b"), _storey),
    (re.compile(rf"\b(?:{_FLAT}) ?(?P<floor>\d{{1,2}}|g)/(?P<flat>\d{{1,2}})\b"), _storey),
    (re.compile(r"\b(?P<floor>g)/?(?P<flat>\d{1,2})\b"), _storey),
    (
        re.compile(r"\b(?:flts|apts|units|rooms) (?:no )?(?P<first>\d{1,3})(?:-| to | & )(?P<last>\d{1,3})\b"),
        _units,
    ),
    (
        re.compile(
            rf"\b(?:{UNIT_WORDS})"
            r"(?: ?(?:no )?(?=\d)| )(?P<name>\d{1,4}[a-z]?|[a-z]\d{0,3})\b-?"
        ),
        _unit,
    ),
)
_JOINT: Final = re.compile(r"[^\W\d]\d|[-/]")
_NAMELESS: Final = re.compile(rf"\b(?:{_FLAT})\b|(?<!\w)[-/]|[-/](?!\w)")


def may_name_sub_unit(text: str) -> bool:
    # This cheap test rejects most texts before the patterns in `_NAMING` run.
    return not NAMING_WORDS.isdisjoint(text.split()) or _JOINT.search(text) is not None


def take_sub_units(text: str) -> tuple[set[str], str]:
    """Return the sub-units, and the rest of the text. `flat a` gives the sub-unit `a`, and `2f1` gives `2/1`."""
    if not may_name_sub_unit(text):
        return set(), text
    # Short forms are written out first, so that `gff` and `ground floor flat` give the same sub-unit.
    if _SHORT_FLOOR.search(text):
        for pattern, words in _SHORT_FLOORS:
            text = pattern.sub(words, text)
    units: set[str] = set()
    for pattern, names in _NAMING:
        text = pattern.sub(partial(_taken, units, names), text)
    return units, " ".join(_NAMELESS.sub(" ", text).split())


def _taken(units: set[str], names: _Names, match: re.Match[str]) -> str:
    units.update(names(match))
    return " "
