"""Reads places beside a house that are not the house: an annexe, a caravan, or the land behind the house."""

import re
from typing import Final

# `annexe rd` and `annexe hse` are names.
_NO_NAME: Final = r"(?! (?:rd|st|ln|hse|ct|cott|cl|ave|pk|site|est|club|inn|yd|wy)\b)"
_OF: Final = r"(?: (?:at|of|to|off|on|by)\b)?"
_RELATIONS: Final = "adjoining|opposite|rear|behind|next|beside|r/o"
_PLACES: Final = (
    ("annexe", rf"\b(?:the )?(?:granny |self contained )?annexe\b{_NO_NAME}{_OF}|\b(?:the )?granny flat\b{_OF}"),
    (
        "caravan",
        rf"\b(?:the )?(?:static caravan|touring caravan|mobile home|caravan|pk home)\b{_NO_NAME}(?: (?:at|on)\b)?",
    ),
    ("site", r"\b(?:proposed |former )?(?:development|bldg) site(?: (?:at|of|adjoining|on)\b)?|^site (?:at|of)\b"),
    (
        "land",
        rf"^(?:the )?land\b(?: & buildings?)?(?: (?:at|of|off|on|to|by|between)\b|(?= (?:{_RELATIONS})\b)|(?= \d)|$)",
    ),
    (
        "rear of",
        r"\b(?:(?:at|to|in) )?(?:the )?(?:rear|back) of\b|\br/o\b|\bro(?= \d)|\bbehind\b|\brear(?= \d|$)|\brear of\b",
    ),
    ("adjoining", r"\b(?:adjoining|next to|beside)\b(?: to\b)?"),
    ("opposite", r"\bopposite\b(?: to\b)?"),
)
_PATTERNS: Final = tuple((name, re.compile(pattern)) for name, pattern in _PLACES)
APART: Final = frozenset(name for name, _ in _PLACES)
# The cheap test of these words comes first. Without one of them, none of the patterns matches.
APART_WORDS: Final = frozenset(
    {"annexe", "granny", "caravan", "home", "site", "land", "rear", "back", "behind", "ro", "next", "beside"}
    | {"adjoining", "opposite"}
)


def take_places_apart(text: str) -> tuple[set[str], str]:
    """Return the places beside the house, such as `annexe`, and the rest of the text."""
    if APART_WORDS.isdisjoint(text.split()) and "r/o" not in text:
        return set(), text
    found = set()
    for name, pattern in _PATTERNS:
        text, times = pattern.subn(" ", text)
        if times:
            found.add(name)
    return found, " ".join(text.split()) if found else text


_BOAT: Final = re.compile(
    rf"^(?:the )?(?:nb|mv|narrow ?boat|house ?boat|canal boat|boat|barge|widebeam|yacht)\b{_NO_NAME}(?: |$)"
)


def without_kind_of_boat(text: str) -> str:
    """Return the name of a boat without its kind. Some lists write `NB Kingfisher`, and others `Kingfisher`."""
    return _BOAT.sub("", text)
