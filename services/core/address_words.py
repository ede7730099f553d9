"""The words of UK addresses, and the one spelling of each."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

# Words are shortened, not written out: `st` may be a street or a saint, and only the short form need not be told apart.
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
# For telling that a word was cut: `stree` is the beginning of no spelling but the long one of `st`.
LONG_FORMS: Final = {short: words.split()[0] for short, words in _SPELLINGS.items()}

# fmt: off
# The last word of a street's name. A weak one may as well end the name of a locality.
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

_BREAK: Final = re.compile(r"[,;|\n\r\t]")
_SILENT: Final = re.compile(r"['’`.]")  # noqa: RUF001 - the apostrophe that word processors write
_DASH: Final = re.compile(r"\s*[-\u2010-\u2015\u2212]\s*")
_STRAY: Final = re.compile(r"[^\w\s/&-]|_")
_WORD: Final = re.compile(r"[^\W\d]\w*|(?<!\d)\d{1,2}(?:st|nd|rd|th)\b|&")


def segments_of(lines: Iterable[str]) -> list[str]:
    """The parts of an address between line ends, commas and semicolons, each in its one spelling."""
    return [plain for line in lines for part in _BREAK.split(line) if (plain := spelt(part))]


def spelt(text: str) -> str:
    """The text in lower case without punctuation, each word in its one spelling."""
    text = _SILENT.sub("", unicodedata.normalize("NFKC", text).casefold())
    text = _STRAY.sub(" ", _DASH.sub("-", text)).replace("&", " & ")
    return " ".join(_WORD.sub(lambda word: _SHORT.get(word[0], word[0]), text).strip(" -/&").split())
