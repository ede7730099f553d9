from enum import IntEnum
from typing import NamedTuple

from services.core.addresses.address_words import BUILDING_WORDS, DIRECTIONS, STREET_WORDS, WEAK_STREET_WORDS


class NameKind(IntEnum):
    BUILDING = 0
    UNTOLD = 1
    WEAK_STREET = 2
    STREET = 3


class Name(NamedTuple):
    # A name of unknown kind counts as a street.
    kind: NameKind
    building: str
    street: str


def read_name(words: list[str]) -> Name:
    # Words after the street are dropped.
    saint = building = weak = 0
    # The first word never decides the kind of the name: `court rd` is a street.
    for place in range(1, len(words)):
        word = words[place]
        if word in STREET_WORDS:
            # `st` means saint if another street word follows: `upr st johns rd`.
            if word != "st":
                return _street(words, building, place)
            saint = saint or place
        elif word in BUILDING_WORDS:
            building = building or place
        elif word in WEAK_STREET_WORDS:
            weak = weak or place
    if saint:
        return _street(words, building, saint)
    if building:
        return Name(NameKind.BUILDING, " ".join(words[: building + 1]), "")
    if weak:
        return Name(NameKind.WEAK_STREET, "", " ".join(words[: _with_direction(words, weak)]))
    return Name(NameKind.UNTOLD, "", " ".join(words))


def _street(words: list[str], building: int, end: int) -> Name:
    stop = _with_direction(words, end)
    # A building and a street are separate names only if a word stands between: `maple ct rd` is one street.
    if not 0 < building < end - 1:
        return Name(NameKind.STREET, "", " ".join(words[:stop]))
    return Name(NameKind.STREET, " ".join(words[: building + 1]), " ".join(words[building + 1 : stop]))


def _with_direction(words: list[str], end: int) -> int:
    # A direction after the street belongs to its name: `park rd north`.
    return end + 2 if end + 1 < len(words) and words[end + 1] in DIRECTIONS else end + 1
