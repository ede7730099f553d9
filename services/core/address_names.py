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


def read_name(text: str) -> Name:
    """The building and the street in the words of one part of an address; words after the street are left out."""
    words = text.split()
    if (end := _street_end(words)) is not None:
        start = _building_end(words[: end - 1])
        return Name(NameKind.STREET, " ".join(words[:start]), " ".join(words[start : _with_direction(words, end)]))
    if end := _building_end(words):
        return Name(NameKind.BUILDING, " ".join(words[:end]), "")
    weak = next((place for place, word in enumerate(words) if place and word in WEAK_STREET_WORDS), None)
    if weak is not None:
        return Name(NameKind.WEAK_STREET, "", " ".join(words[: _with_direction(words, weak)]))
    return Name(NameKind.UNTOLD, "", text)


def _street_end(words: list[str]) -> int | None:
    """The place of the word that ends the street.

    `st` is a saint's while another such word follows: `upr st johns rd`.
    """
    places = [place for place, word in enumerate(words) if place and word in STREET_WORDS]
    sure = [place for place in places if words[place] != "st"]
    return next(iter(sure or places), None)


def _building_end(words: list[str]) -> int:
    """How many words the building's name takes, 0 when there is none."""
    return next((place + 1 for place, word in enumerate(words) if place and word in BUILDING_WORDS), 0)


def _with_direction(words: list[str], end: int) -> int:
    return end + 2 if words[end + 1 : end + 2] and words[end + 1] in DIRECTIONS else end + 1
