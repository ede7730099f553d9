from typing import Final

from services.core.addresses.spelling.vocabulary import BUILDING_WORDS

_CARE_OF: Final = ("c/o ", "care of ", "fao ", "attn ")


def without_care_of(segments: list[str]) -> list[str]:
    """Drop the name of a person or firm after `c/o`, because this name is no part of the place."""
    if not any(segment.startswith(_CARE_OF) for segment in segments):
        return segments
    kept = (_from_number(_place(segment)) if segment.startswith(_CARE_OF) else segment for segment in segments)
    return [segment for segment in kept if segment]


def _place(segment: str) -> str:
    for words in _CARE_OF:
        segment = segment.removeprefix(words)
    return segment


def _from_number(text: str) -> str:
    words = text.split()
    # `c/o rose hse` names a building, and `c/o smith 12 high st` goes on with the house.
    if not BUILDING_WORDS.isdisjoint(words):
        return text
    first = next((place for place, word in enumerate(words) if word[0].isdecimal()), len(words))
    return " ".join(words[first:])
