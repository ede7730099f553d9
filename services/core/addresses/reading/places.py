"""Reads the town and the localities at the end of an address."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Final

from services.core.addresses.reading.names import NAME_JOINT
from services.core.addresses.spelling.short_forms import KIND_WORDS, LONG, written_out

# More places are noise: county, nation, delivery notes.
_MOST_PLACES: Final = 3
_MOST_NAMES: Final = 2
_SHORTEST_PLACE: Final = 3


def place_words(segments: Sequence[str], town: str, street: str, building: str) -> tuple[str, ...]:
    """Return the last word of the post town and of each other place, the surest first.

    Without commas, nothing shows where the name of a place begins. So `leigh on sea` gives `sea`.
    """
    words = dict.fromkeys(_last_words(segments, town, {street, *building.split(NAME_JOINT)}))
    return tuple([word for word in words if _may_be_place(word)][:_MOST_PLACES])


def _last_words(segments: Sequence[str], town: str, own: Collection[str]) -> Iterator[str]:
    if town:
        yield _last_word(town)
    # At the end of an address without a post town, a name that is read as the street may be the town.
    if segments and not (town and _is_own(segments[-1], own)):
        yield _last_word(segments[-1])
    # The first segment is the home itself.
    names = (one for one in reversed(segments[1:]) if _is_name(one) and not _is_own(one, own))
    yield from map(_last_word, islice(names, _MOST_NAMES))


def _last_word(name: str) -> str:
    return name.replace("-", " ").split()[-1]


def _is_own(segment: str, own: Collection[str]) -> bool:
    whole = written_out(segment)
    return any(name and whole.endswith(name) for name in own)


def _is_name(segment: str) -> bool:
    return not any(map(str.isdecimal, segment))


def _may_be_place(word: str) -> bool:
    return len(word) >= _SHORTEST_PLACE and word.isalpha() and LONG.get(word, word) not in KIND_WORDS
