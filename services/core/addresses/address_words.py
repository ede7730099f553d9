import re
import unicodedata
from collections.abc import Iterable
from itertools import chain, groupby
from typing import Final

# Words are shortened because `st` may be street or saint. With the short form, no rule has to choose.
_SPELLINGS: Final = {
    "&": "and",
    "apts": "apartments",
    "ave": "avenue av aven",
    "bldg": "building",
    "bldgs": "buildings",
    "blvd": "boulevard",
    "bsmt": "basement",
    "cl": "close clo",
    "cott": "cottage cot",
    "cotts": "cottages",
    "cres": "crescent cresent cr crs",
    "ct": "court crt",
    "dr": "drive drv",
    "flr": "floor fl",
    "flts": "flats",
    "gdn": "garden",
    "gdns": "gardens gdens",
    "gr": "grove grv gro",
    "grd": "ground gnd grnd",
    "hse": "house",
    "hts": "heights",
    "ldg": "lodge",
    "ln": "lane",
    "lwr": "lower",
    "mans": "mansions",
    "mt": "mount",
    "no": "number nos num",
    "pde": "parade",
    "pk": "park",
    "pl": "place",
    "prom": "promenade",
    "rd": "road",
    "sq": "square",
    "st": "street str strt saint",
    "ter": "terrace terr tce",
    "upr": "upper",
    "vls": "villas",
    "wlk": "walk",
    "wy": "way",
    "first": "1st",
    "second": "2nd",
    "third": "3rd",
    "fourth": "4th",
    "fifth": "5th",
    "sixth": "6th",
    "seventh": "7th",
    "eighth": "8th",
    "ninth": "9th",
    "tenth": "10th",
}
_SHORT: Final = {word: short for short, words in _SPELLINGS.items() for word in words.split()}
# Helps to recognise a word that was cut off: `stree` is the beginning of `street`, the long form of `st`.
LONG_FORMS: Final = {short: words.split()[0] for short, words in _SPELLINGS.items()}

# fmt: off
# The last word of a street's name. A weak street word may also end the name of a locality.
STREET_WORDS: Final = frozenset({
    "ave", "blvd", "cl", "cres", "dr", "gate", "gr", "ln", "mews", "pde", "pl", "prom", "rd", "row", "sq", "st",
    "ter", "wlk", "wy"
})
WEAK_STREET_WORDS: Final = frozenset({
    "bank", "croft", "dene", "end", "fold", "gdns", "green", "hill", "mt", "pk", "quay", "rise", "side", "vale",
    "view"
})
# The last word of a building's name.
BUILDING_WORDS: Final = frozenset({
    "apts", "bldg", "bldgs", "cott", "cotts", "ct", "farm", "flts", "hall", "hse", "hts", "ldg", "manor", "mans",
    "point", "tower", "towers", "vls"
})
# fmt: on
DIRECTIONS: Final = frozenset({"north", "south", "east", "west"})
NATIONS: Final = frozenset({"uk", "england", "scotland", "wales", "northern ireland", "united kingdom"})

# Two letters side by side occur in names, but not in numbers such as `18a` or `2/1`.
WORDY: Final = re.compile("[a-z]{2}")

_BREAK: Final = re.compile(r"[,;|\n\r\t]")
# These are removed without a gap, so that `st. john's` and `st johns` are equal.
_SILENT: Final = re.compile(r"['’`.]")  # noqa: RUF001 - the apostrophe that word processors write
# The lookbehind lets a match start only at the first blank. A match tried from every blank takes quadratic time.
_DASH: Final = re.compile(r"(?:(?<!\s)\s+)?[-\u2010-\u2015\u2212]\s*")
# A stray character becomes a blank, because it may stand between two words.
_STRAY: Final = re.compile(r"[^\w\s/&-]|_")
_WORD: Final = re.compile(r"[^\W\d]\w*|(?<!\d)\d{1,2}(?:st|nd|rd|th)\b|&")
_SEPARATORS: Final = " -/&"
# Normal fields have at most 200 characters. Longer texts get the protection in `_composed`.
_LONG: Final = 256


def segments_of(lines: Iterable[str]) -> list[str]:
    return [plain for part in _BREAK.split("\n".join(lines)) if part and (plain := spelt(part))]


def spelt(text: str) -> str:
    """Return the text in lower case, with short forms such as `st` for `street`.

    Only hyphens, slashes and ampersands remain as punctuation.
    """
    text = (text if text.isascii() else _composed(text)).casefold()
    # Most texts are plain words and skip these substitutions.
    if not _is_words(text):
        text = _STRAY.sub(" ", _DASH.sub("-", _SILENT.sub("", text))).replace("&", " & ")
        if not _is_words(text):
            return " ".join(_WORD.sub(_short, text).strip(_SEPARATORS).split())
    words = [
        _SHORT.get(word, word) if word.isalpha() or word.isdecimal() else _WORD.sub(_short, word)
        for word in text.split()
    ]
    return " ".join(words).strip(_SEPARATORS)


def _is_words(text: str) -> bool:
    # True if the text has only letters, digits and blanks (U+0020).
    return text.replace(" ", "").isalnum()


def _short(word: re.Match[str]) -> str:
    return _SHORT.get(word[0], word[0])


def _composed(text: str) -> str:
    # NFKC needs quadratic time to sort a long run of marks. A hostile field could abuse this.
    return unicodedata.normalize("NFKC", text if len(text) < _LONG else with_marks_in_order(text))


def with_marks_in_order(text: str) -> str:
    # `unicodedata.normalize` needs quadratic time for a long run of unsorted marks, and linear time for sorted marks.
    apart = text.translate({ord(character): unicodedata.normalize("NFKD", character) for character in set(text)})
    if not any(map(unicodedata.combining, set(apart))):
        return apart
    runs = groupby(apart, lambda character: unicodedata.combining(character) > 0)
    return "".join(chain.from_iterable(sorted(run, key=unicodedata.combining) if marks else run for marks, run in runs))
