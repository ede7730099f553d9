"""What ends an address and tells no dwelling from another: its postcode, its nation, its post town."""

from typing import Final

from services.core.address_words import NATIONS, WORDY
from services.core.postcode import read_area, read_postcode

# Letters and digits of a postcode. The third from its end is a digit, or a letter that is read as one.
_SHORTEST_POSTCODE: Final = 5
_LONGEST_POSTCODE: Final = 7
_LIKE_DIGITS: Final = frozenset("0123456789oi")


def without_ending(segments: list[str], town: str) -> list[str]:
    """The segments without the postcode, nation and `town` that end them, however often each is given.

    A segment that is nothing but a town or a nation goes wherever it stands, save the first, which may be a building.
    """
    kept = [segment for place, segment in enumerate(segments) if not place or _tells(segment, town)]
    town_words = town.split()
    while kept:
        words = kept[-1].split()
        if not _cut(words, town_words, alone=len(kept) == 1):
            break
        kept.pop()
        if words:
            return [*kept, " ".join(words)]
    return kept


def _tells(segment: str, town: str) -> bool:
    return segment != town and segment not in NATIONS


def _cut(words: list[str], town: list[str], *, alone: bool) -> bool:
    """Take every ending away from the words of a segment, and tell whether there was one."""
    size = len(words)
    while words and (ending := _ending_size(words, town, alone=alone)):
        del words[-ending:]
    return len(words) < size


def _ending_size(words: list[str], town: list[str], *, alone: bool) -> int:
    """How many words at the end are a postcode, an area of postcodes, a nation or the town."""
    for ending in (words[-2:], words[-1:]):
        if _is_postcode(ending):
            return len(ending)
    if not alone and _is_area_or_nation(words):
        return len(words)
    return len(town) if len(words) > len(town) and words[-len(town) :] == town else 0


def _is_postcode(words: list[str]) -> bool:
    tight = "".join(words)
    if not tight.isalnum():
        tight = "".join(filter(str.isalnum, tight))
    if len(tight) > _LONGEST_POSTCODE or (tight.isascii() and not _may_be_postcode(tight)):
        return False
    text = " ".join(words)
    return WORDY.search(text) is not None and not text.isalpha() and read_postcode(text) is not None


def _may_be_postcode(tight: str) -> bool:
    return len(tight) >= _SHORTEST_POSTCODE and tight[-3] in _LIKE_DIGITS


def _is_area_or_nation(words: list[str]) -> bool:
    size = 0
    for word in reversed(words):
        size += len(word) if word.isalnum() else sum(map(str.isalnum, word))
        if size > _LONGEST_POSTCODE:
            return words == ...
    text = " ".join(words)
    return text in NATIONS or read_area(text) is not None
