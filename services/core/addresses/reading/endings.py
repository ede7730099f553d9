from typing import Final

from services.core.addresses.postcode import read_area, read_postcode
from services.core.addresses.spelling.vocabulary import NATIONS
from services.core.addresses.spelling.words import WORDY

_LONGEST_NATION: Final = max(len(nation.split()) for nation in NATIONS)
# The length of a postcode without its space.
_LONGEST_POSTCODE: Final = 7
# The characters that `read_postcode` accepts as digits: it also reads the letters O and I as digits.
_LIKE_DIGITS: Final = frozenset("0123456789oi")


def without_ending(segments: list[str], town: str) -> list[str]:
    # The first segment stays even if it is only a town or a nation, because it may name a building.
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
        # If words are left in this segment, the ending of the address is complete.
        if words:
            return [*kept, " ".join(words)]
    return kept


def _cut(words: list[str], town: list[str], *, alone: bool) -> bool:
    size = len(words)
    # One segment may hold several endings: `fy3 8aa uk blackpool`.
    while words and (ending := _ending_size(words, town, alone=alone)):
        del words[-ending:]
    return len(words) < size


def _ending_size(words: list[str], town: list[str], *, alone: bool) -> int:
    if _may_end_in_postcode(words):
        # A postcode is two words if it is written with its space, and one word without it.
        for ending in (words[-2:], words[-1:]):
            if _is_postcode(" ".join(ending)):
                return len(ending)
    # A lone segment is the whole address, so it is kept.
    if not alone and (_is_nation(words) or _is_area(words)):
        return len(words)
    # The town never removes a whole segment, because a segment that is only the town's name may name a building.
    return len(town) if len(words) > len(town) and words[-len(town) :] == town else 0


def _may_end_in_postcode(words: list[str]) -> bool:
    ending = "".join(words[-2:])
    if not ending.isalnum():
        ending = "".join(filter(str.isalnum, ending))
    # A cheap test that rejects nearly every segment: the inward code starts with a digit.
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
