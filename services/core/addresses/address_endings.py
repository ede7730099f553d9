"""What ends an address and tells no dwelling from another: its postcode, its nation, its post town."""

from typing import Final

from services.core.addresses.address_words import NATIONS, WORDY
from services.core.addresses.postcode import read_area, read_postcode

_LONGEST_NATION: Final = max(len(nation.split()) for nation in NATIONS)
# In letters and digits.
_LONGEST_POSTCODE: Final = 7
# What `read_postcode` takes for a digit.
_LIKE_DIGITS: Final = frozenset("0123456789oi")


def without_ending(segments: list[str], town: str) -> list[str]:
    """The segments without the postcode, nation and `town` that end them, however often each is given.

    A segment that is nothing but a town or a nation goes wherever it stands, save the first, which may be a building.
    """
    kept = segments[:1]
    for segment in segments[1:]:
        if segment != town and segment not in NATIONS:
            kept.append(segment)
    town_words = town.split()
    while kept:
        words = kept[-1].split()
        if not _cut(words, town_words, alone=len(kept) == 1):
            break
        kept.pop()
        if words:
            return [*kept, " ".join(words)]
    return kept


def _cut(words: list[str], town: list[str], *, alone: bool) -> bool:
    """Take every ending away from the words of a segment, and tell whether there was one."""
    size = len(words)
    while words and (ending := _ending_size(words, town, alone=alone)):
        del words[-ending:]
    return len(words) < size


def _ending_size(words: list[str], town: list[str], *, alone: bool) -> int:
    """How many words at the end are a postcode, an area of postcodes, a nation or the town."""
    if _may_end_in_postcode(words):
        for ending in (words[-2:], words[-1:]):
            if _is_postcode(" ".join(ending)):
                return len(ending)
    if not alone and (_is_nation(words) or _is_area(words)):
        return len(words)
    return len(town) if len(words) > len(town) and words[-len(town) :] == town else 0


def _may_end_in_postcode(words: list[str]) -> bool:
    """A cheap refusal of nearly all: a postcode's third character from the end is a digit, or may be meant for one."""
    ending = "".join(words[-2:])
    if not ending.isalnum():
        ending = "".join(filter(str.isalnum, ending))
    return ending[-3:-2] in _LIKE_DIGITS or not ending.isascii()


def _is_postcode(text: str) -> bool:
    return WORDY.search(text) is not None and not text.isalpha() and read_postcode(text) is not None


def _is_nation(words: list[str]) -> bool:
    return len(words) <= _LONGEST_NATION and " ".join(words) in NATIONS


def _is_area(words: list[str]) -> bool:
    size = 0
    for word in reversed(words):
        size += len(word) if word.isalnum() else sum(map(str.isalnum, word))
        if size > _LONGEST_POSTCODE:
            return False
    return read_area(" ".join(words)) is not None
