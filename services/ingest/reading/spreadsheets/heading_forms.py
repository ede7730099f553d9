"""All functions are pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PARTS: Final = re.compile(r"[/|]| - ")
# Words that say the same. "Home Tel No" is "home telephone number".
_SAME: Final = {
    "telephone": "tel",
    "phone": "tel",
    "number": "no",
    "numbers": "no",
    "num": "no",
    "nr": "no",
    "nos": "no",
    "reference": "ref",
    "identifier": "id",
    "addr": "address",
}
_LEFT_OUT: Final = frozenset({"or", "and", "the", "neu"})
# A part with one of these makes the heading one of two values, as in "Start / End date".
_ANOTHER: Final = frozenset({"start", "begin", "from", "old", "previous", "original", "former"})
_MOST_WORDS: Final = 12
_MOST_PARTS: Final = 4


def plain_letters(text: str) -> str:
    # Nearly all headings are plain, and this function is called many times.
    if text.isascii():
        return text
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def loose_key(text: str) -> str:
    """Return a key that ignores small words and differences between synonyms.

    "Home telephone number" gives `hometelno`.
    """
    words = (word.casefold() for word in _WORDS.findall(plain_letters(text)))
    return "".join(_SAME.get(word, word) for word in words if word not in _LEFT_OUT)


def parts_of(text: str) -> list[str]:
    """Split a heading with several names for one value, such as "Phone / Telephone".

    Return an empty list for any other heading.
    """
    parts = [part for part in map(str.strip, _PARTS.split(text)) if part]
    words = {word.casefold() for word in _WORDS.findall(text)}
    return parts if 1 < len(parts) <= _MOST_PARTS and words.isdisjoint(_ANOTHER) else []


def splits_of(text: str) -> Iterator[tuple[str, str]]:
    words = text.split()
    if len(words) <= _MOST_WORDS:
        for at in range(1, len(words)):
            yield " ".join(words[:at]), " ".join(words[at:])
