"""Telling the name of a street from the name of a building."""

from enum import IntEnum
from typing import NamedTuple

from services.core.address_words import BUILDING_WORDS, DIRECTIONS, STREET_WORDS, WEAK_STREET_WORDS


class NameKind(IntEnum):
    """What the words of a name say it is."""

    BUILDING = 0
    UNTOLD = 1
    WEAK_STREET = 2
    STREET = 3


class Name(NamedTuple):
    """A name cut into a building and a street, of which one may be empty.

    A name that does not tell is a street here.
    """

    kind: NameKind
    building: str
    street: str


def read_name(words: list[str]) -> Name:
    """The building and the street in the words of one part of an address; words after the street are left out."""
    if end := _street_end(words):
        start = _building_end(words, end - 1)
        building = " ".join(words[:start]) if start else ""
        return Name(NameKind.STREET, building, " ".join(words[start : _with_direction(words, end)]))
    if end := _building_end(words, len(words)):
        return Name(NameKind.BUILDING, " ".join(words[:end]), "")
    for place in range(1, len(words)):
        if words[place] in WEAK_STREET_WORDS:
            return Name(NameKind.WEAK_STREET, "", " ".join(words[: _with_direction(words, place)]))
    return Name(NameKind.UNTOLD, "", " ".join(words))


def _street_end(words: list[str]) -> int:
    """The place of the word that ends the street, 0 when there is none.

    `st` is a saint's while another such word follows: `upr st johns rd`.
    """
    saint = 0
    for place in range(1, len(words)):
        if words[place] in STREET_WORDS:
            if words[place] != "st":
                return place
            saint = saint or place
    return saint


def _building_end(words: list[str], stop: int) -> int:
    """How many words before `stop` the building's name takes, 0 when there is none."""
    for place in range(1, stop):
        if words[place] in BUILDING_WORDS:
            return place + 1
    return 0


def _with_direction(words: list[str], end: int) -> int:
    return end + 2 if end + 1 < len(words) and words[end + 1] in DIRECTIONS else end + 1
