import re
from collections.abc import Sequence
from functools import partial
from string import ascii_lowercase
from typing import Final

from services.core.addresses.reading.apart import APART_WORDS, take_places_apart, without_kind_of_boat
from services.core.addresses.reading.floors import FLOOR_PATTERNS, Names, without_short_floors
from services.core.addresses.spelling.vocabulary import FLAT

# Words that stand before the name of a sub-unit. They are joined as alternatives for a pattern.
UNIT_WORDS: Final = (
    f"{FLAT}|unit|room|rm|bedroom|studio|suite|bedsit|penthouse|chalet|cabin|pod|block|blk|plot|pitch|berth|mooring|"
    "static caravan|caravan|mobile home|pk home|boat|houseboat|narrowboat"
)

# A text names a sub-unit only if it has one of these words, a letter alone at its start or right before a digit, or a
# slash.
# fmt: off
NAMING_WORDS: Final = frozenset({
    "apts", "attic", "attn", "barge", "bff", "bsmt", "care", "fao", "fff", "flr", "flrs", "flts", "front", "gf",
    "gff", "left", "lgf", "lgff", "loft", "middle", "mv", "nb", "right", "rooms", "sff", "tff", "top", "ugf",
    "ugff", "units", "widebeam", "yacht"
}).union(
    APART_WORDS,
    f"{UNIT_WORDS}|{UNIT_WORDS.replace('|', 'no|')}no".replace(" ", "|").split("|"),
    (f"{floor}f{side}" for floor in "gpbt0123456789" for side in "lrmc"),
    (f"{floor}flr" for floor in range(1, 10)),
)
# fmt: on
_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WRITTEN: Final = {word: str(number) for number, word in enumerate(_NUMBERS, 1)}

# Built once for all calls, because a sender may write very long ranges of flats.
_DIGITS: Final = tuple(map(str, range(1000)))


def _unit(match: re.Match[str]) -> list[str]:
    name = match["name"].replace("-", "").replace("/", "")
    # `flat 02` and `flat 2` are the same.
    return [_WRITTEN.get(name, name).lstrip("0") or "0"]


def _units(match: re.Match[str]) -> Sequence[str]:
    ends = match["first"], match["last"]
    numbers = sum(end.isdecimal() for end in ends)
    # `flats 1-c` is no range: nothing stands between a number and a letter.
    if numbers == 1:
        return ends
    if not numbers:
        # The sender may write the larger end of a range first.
        first, last = sorted(ends)
        return _between(match, ascii_lowercase, ascii_lowercase.index(first), ascii_lowercase.index(last))
    low, high = sorted(map(int, ends))
    return _between(match, _DIGITS, low, high)


def _between(match: re.Match[str], names: Sequence[str], first: int, last: int) -> Sequence[str]:
    return (names[first], names[last]) if "&" in match[0] else names[first : last + 1]


# The order matters. Each pattern removes the words that it reads, so that no later pattern reads them again.
_NAMING: Final[tuple[tuple[re.Pattern[str], Names], ...]] = (
    *FLOOR_PATTERNS,
    (
        re.compile(
            r"\b(?:flts|apts|units|rooms) (?:no )?(?:(?P<first>\d{1,3}|[a-z])(?:-| to | & )(?P<last>\d{1,3}|[a-z]))\b"
        ),
        _units,
    ),
    # In `flat 1-18 high st` the second number is that of the house.
    (
        re.compile(rf"\b(?:{FLAT}|unit|room) (?P<first>\d{{1,3}})(?:-| to | & )(?P<last>\d{{1,3}})(?= \d|$)"),
        _units,
    ),
    (
        re.compile(
            rf"\b(?:{UNIT_WORDS})"
            rf"(?: ?(?:no )?(?=\d)| )(?P<name>\d{{1,4}}(?:[-/]?[a-z])?|[a-z]\d{{0,3}}|{'|'.join(_NUMBERS)})\b-?"
        ),
        _unit,
    ),
    # A lone letter before the house number is a flat: `a 12 high st`.
    (re.compile(r"^(?P<name>[a-z])(?: (?=\d)|$)"), _unit),
)
_JOINT: Final = re.compile(r"[^\W\d][\d-]|-[^\W\d]|/")
_NAMELESS: Final = re.compile(rf"\b(?:the )?(?:{FLAT})\b(?: (?:above|over|at)\b)?|(?<!\w)[-/]|[-/](?!\w)")
# In `the basement flat, 45 baker st` the article is left over.
_ARTICLE: Final = re.compile(r"^the(?: (?=\d)|$)")


def may_name_sub_unit(text: str) -> bool:
    # This cheap test rejects most texts before the patterns in `_NAMING` run.
    return not NAMING_WORDS.isdisjoint(text.split()) or _JOINT.search(text) is not None or text[1:2] in ("", " ")


def take_sub_units(text: str) -> tuple[set[str], str]:
    """Return the sub-units, and the rest of the text. `flat a` gives the sub-unit `a`, and `2f1` gives `2/1`."""
    if not may_name_sub_unit(text):
        return set(), _tidy(text) if "-" in text else text
    text = without_short_floors(text)
    units: set[str] = set()
    for pattern, names in _NAMING:
        text = pattern.sub(partial(_taken, units, names), text)
    apart, text = take_places_apart(" ".join(text.split()))
    return units | apart, _ARTICLE.sub("", _tidy(without_kind_of_boat(text)))


def _tidy(text: str) -> str:
    # Dashes and slashes between a sub-unit and a number are left over, and so is the word "flat" without a name.
    return " ".join(_NAMELESS.sub(" ", text).split())


def _taken(units: set[str], names: Names, match: re.Match[str]) -> str:
    units.update(names(match))
    return " "
