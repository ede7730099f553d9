import re
from typing import Final

from services.core.addresses.spelling.vocabulary import BUILDING_WORDS

_CARE_OF: Final = re.compile(r"^(?:c/o|care of|fao|attn)\b ?")


def without_care_of(segments: list[str]) -> list[str]:
    """Drop the name of a person or firm after `c/o`. It is no part of the place."""
    kept: list[str] = []
    for segment in segments:
        rest = _CARE_OF.sub("", segment, count=1)
        if rest != segment:
            rest = _from_number(rest)
        kept += [rest] if rest else []
    return kept


def _from_number(text: str) -> str:
    words = text.split()
    # `c/o rose hse` names a building, and `c/o smith 12 high st` goes on with the house.
    if not BUILDING_WORDS.isdisjoint(words):
        return text
    first = next((place for place, word in enumerate(words) if word[0].isdecimal()), len(words))
    return " ".join(words[first:])
