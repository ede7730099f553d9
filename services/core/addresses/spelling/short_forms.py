from typing import Final

from services.core.addresses.spelling.vocabulary import (
    BUILDING_WORDS,
    DIRECTIONS,
    STREET_WORDS,
    WEAK_STREET_WORDS,
)

# Each word is read in a short form, because `st` may be street or saint. `written_out` decides once the name is known.
_SPELLINGS: Final = {
    "&": "and",
    "apts": "apartments",
    "ave": "avenue av aven avn",
    "bglw": "bungalow bung",
    "blk": "block",
    "bldg": "building",
    "bldgs": "buildings",
    "blvd": "boulevard bvd",
    "brg": "bridge",
    "bsmt": "basement bst",
    "cl": "close clo cls clse",
    "cott": "cottage cot",
    "cotts": "cottages",
    "cres": "crescent cresent cr crs",
    "crft": "croft cft",
    "csway": "causeway cswy",
    "ct": "court crt",
    "ctr": "centre center cntr",
    "ctyd": "courtyard",
    "dr": "drive drv",
    "est": "estate",
    "esp": "esplanade espl",
    "farm": "fm frm",
    "flat": "flt fflat flatlet",
    "flr": "floor fl llawr",
    "flrs": "floors fls flrs",
    "flts": "flats fflatiau",
    "gdn": "garden",
    "gdns": "gardens gdens",
    "gr": "grove grv gro",
    "grd": "ground gnd grnd gwaelod",
    "grn": "green",
    "gt": "great",
    "hse": "house",
    "hts": "heights hgts",
    "ldg": "lodge ldge lge",
    "ln": "lane",
    "lwr": "lower",
    "mans": "mansions",
    "mdw": "meadow",
    "mdws": "meadows",
    "mews": "mws",
    "mkt": "market",
    "mt": "mount",
    "no": "number nos num",
    "orch": "orchard",
    "pass": "passage psge",
    "pde": "parade",
    "pk": "park",
    "pl": "place",
    "prom": "promenade",
    "rd": "road",
    "sq": "square",
    "st": "street str strt saint",
    "stn": "station sta",
    "ter": "terrace terr tce trc",
    "unit": "uned",
    "upr": "upper uppr",
    "vls": "villas",
    "vw": "view",
    "whf": "wharf",
    "wlk": "walk",
    "wy": "way",
    "yd": "yard",
    "annexe": "annex",
    "adjoining": "adjacent adj",
    "opposite": "opp",
    "caravan": "carafan",
    "left": "lhs",
    "right": "rhs",
    "first": "1st cyntaf",
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
SHORT: Final = {word: short for short, words in _SPELLINGS.items() for word in words.split()}
# These words are whole words already.
# fmt: off
_WHOLE: Final = frozenset({
    "adjoining", "annexe", "caravan", "eighth", "farm", "fifth", "first", "flat", "flrs", "fourth", "left", "mews",
    "ninth", "no", "opposite", "right", "second", "seventh", "sixth", "tenth", "third", "unit"
})
# fmt: on
LONG: Final = {short: words.split()[0] for short, words in _SPELLINGS.items() if short not in _WHOLE}
# The words that say what kind of street or building a name is of.
KIND_WORDS: Final = frozenset(
    LONG.get(word, word) for words in (STREET_WORDS, WEAK_STREET_WORDS, BUILDING_WORDS) for word in words
) | {"street"}


def written_out(name: str) -> str:
    """Replace short forms in the name of a street or a building: `st annes rd` gives `saint annes road`."""
    return in_long_form(name.split())


def in_long_form(words: list[str]) -> str:
    """Join the words of a name, and replace short forms."""
    # At the end of a longer name, `st` is always the street.
    if "st" in words and (len(words) == 1 or words.index("st") != len(words) - 1):
        words = _with_saints(words)
    return " ".join([_long_form(word, word) for word in words])


def _with_saints(words: list[str]) -> list[str]:
    # `st` is the street at the end of a name, before a direction and before the kind of another street. In other places
    # it is a saint: `st annes rd`, `upr st`, `high st north`, `church st mews`.
    after = [*words[1:], "st"]
    return [
        "saint" if word == "st" and (not place or following not in _AFTER_STREET) else word
        for place, (word, following) in enumerate(zip(words, after, strict=True))
    ]


_AFTER_STREET: Final = DIRECTIONS | STREET_WORDS
_long_form: Final = LONG.get
