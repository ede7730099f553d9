from enum import IntEnum
from typing import Final, NamedTuple

from services.core.addresses.spelling.short_forms import in_long_form
from services.core.addresses.spelling.vocabulary import (
    BUILDING_WORDS,
    DIRECTIONS,
    LEADING_STREET_WORDS,
    PARK_KINDS,
    PARKS,
    QUALIFIERS,
    SAINTS,
    STREET_WORDS,
    WEAK_STREET_WORDS,
)


class NameKind(IntEnum):
    BUILDING = 0
    UNKNOWN = 1
    WEAK_STREET = 2
    STREET = 3


class Name(NamedTuple):
    # Both names are in the long form. The name of a building may be several names.
    # A name of unknown kind counts as a street.
    kind: NameKind
    building: str
    street: str


# Stands between the names of a building: `rose wing, maple hse`.
NAME_JOINT: Final = ", "
# More names of a building are noise, and would take long to compare.
MOST_NAMES: Final = 3
# Plain numbers, because the members of an enumeration are slow to compare.
_BUILDING, _WEAK_STREET, _STREET, _LEADING, _SAINT = range(5)
# What a word tells about its name. One look-up for each word is faster than one for each set of words.
_WORD_KINDS: Final[dict[str, int]] = {
    **dict.fromkeys(WEAK_STREET_WORDS, _WEAK_STREET),
    **dict.fromkeys(BUILDING_WORDS, _BUILDING),
    **dict.fromkeys(STREET_WORDS, _STREET),
    **dict.fromkeys(LEADING_STREET_WORDS, _LEADING),
    "st": _SAINT,
}
_word_kind: Final = _WORD_KINDS.get
_ENDS_OF_STREETS: Final = (_STREET, _SAINT)
_BUILDING_NAME, _UNKNOWN_NAME, _STREET_NAME = NameKind.BUILDING, NameKind.UNKNOWN, NameKind.STREET
_LETTERS: Final = {direction[0]: direction for direction in DIRECTIONS}
_ENDS_IN_STREET: Final = ("way", "gate")
_SHORTEST_JOINED_STREET: Final = 6


def read_name(words: list[str]) -> Name:
    # Words after the street are dropped.
    kinds = [_word_kind(word) for word in words]
    unknown = kinds.count(None)
    if unknown == len(words):
        return Name(_UNKNOWN_NAME, "", in_long_form(words))
    # Most names tell their kind with their last word alone.
    if unknown and unknown == len(words) - 1:
        if kinds[-1] in _ENDS_OF_STREETS:
            return Name(_STREET_NAME, "", in_long_form(words))
        if kinds[-1] == _BUILDING:
            return Name(_BUILDING_NAME, in_long_form(words), "")
    return _read_mixed(words, kinds)


def _read_mixed(words: list[str], kinds: list[int | None]) -> Name:
    end, buildings = _street_end(words, kinds), _building_ends(words, kinds)
    if _LEADING in kinds[:-1]:
        place = kinds.index(_LEADING)
        if not 0 < end < place:
            return _leading(words, place)
    if end:
        return _street(words, buildings, end)
    if buildings:
        return Name(_BUILDING_NAME, in_long_form(words[: buildings[0] + 1]), "")
    if _WEAK_STREET in kinds[1:]:
        stop = _with_direction(words, kinds.index(_WEAK_STREET, 1))
        return Name(NameKind.WEAK_STREET, "", in_long_form(words[:stop]))
    return Name(_UNKNOWN_NAME, "", in_long_form(words))


# The first word never decides the kind of a name: `court rd` is a street. So these functions return zero for "none".
def _street_end(words: list[str], kinds: list[int | None]) -> int:
    saint = 0
    for place in range(1, len(words)):
        if kinds[place] == _STREET or (kinds[place] == _SAINT and _ends_street(words, place)):
            return place
        if kinds[place] == _SAINT and not saint and not _is_saint(words, place):
            saint = place
    return saint


def _building_ends(words: list[str], kinds: list[int | None]) -> list[int]:
    # The last word of each building, of several such as `old farm cott` and `manor farm`.
    ends: list[int] = []
    for place in range(1, len(words)):
        is_park = words[place] in PARKS and words[place - 1] in PARK_KINDS
        if is_park or kinds[place] == _BUILDING:
            # `old farm cott` and `sea farm caravan pk` are one name.
            first = place - 2 if is_park else place - 1
            ends[-1:] = [place] if ends and ends[-1] >= first else [*ends[-1:], place]
    return ends


def without_locality(name: str) -> str:
    """Drop the words after a street name of one word, such as `kingsway`. Keep a direction after the street name."""
    words = name.split()
    for place, word in enumerate(words):
        if len(word) >= _SHORTEST_JOINED_STREET and word.endswith(_ENDS_IN_STREET):
            return " ".join(words[: _with_direction(words, place)])
    return name


def _leading(words: list[str], place: int) -> Name:
    # In Welsh and in Gaelic the kind of the street comes first: `heol y bont`. Only an article stands before it.
    first = place - 1 if place and len(words[place - 1]) <= 2 else place  # noqa: PLR2004 - such as `yr` or `an`
    return Name(NameKind.STREET, in_long_form(words[:first]), in_long_form(words[first:]))


def _is_saint(words: list[str], place: int) -> bool:
    return place + 1 < len(words) and words[place + 1].removesuffix("s") in SAINTS


def _ends_street(words: list[str], place: int) -> bool:
    # True if another name follows the street: `fruit st pudding ln`. In `church st mews` and in `upr st keverne rd` the
    # name goes on, and only the rest of the name decides.
    if place + 1 == len(words) or _is_saint(words, place) or QUALIFIERS.issuperset(words[:place]):
        return False
    return _WORD_KINDS.get(words[place + 1]) not in (_STREET, _SAINT)


def _street(words: list[str], buildings: list[int], end: int) -> Name:
    stop = _with_direction(words, end)
    names: list[str] = []
    first = 0
    for last in buildings:
        # A building and a street are separate names only if a word stands between: `maple ct rd` is one street.
        if last < end - 1 and len(names) < MOST_NAMES:
            names.append(in_long_form(words[first : last + 1]))
            first = last + 1
    street = words[first:stop]
    if stop > end + 1:
        street[-1] = _LETTERS.get(street[-1], street[-1])
    return Name(_STREET_NAME, NAME_JOINT.join(names), in_long_form(street))


def _with_direction(words: list[str], end: int) -> int:
    # A direction after the street belongs to its name: `park rd north`, and at the very end also `park rd n`.
    if end + 1 == len(words):
        return end + 1
    after = words[end + 1]
    return end + 2 if after in DIRECTIONS or (end + 2 == len(words) and after in _LETTERS) else end + 1
