"""All functions are pure."""

from __future__ import annotations

import re
from typing import Final

from services.core.ids import ALPHABET
from services.core.tokens import Tokeniser

# Ids of up to 40 bits: 8 signs of the alphabet for each of the two.
_HALF_BYTES: Final = 5
_LARGEST: Final = 1 << 8 * _HALF_BYTES
# Four rounds of a Feistel network with a keyed hash make a permutation that looks random (Luby and Rackoff, 1988).
_ROUNDS: Final = 4
_SIGNS: Final = 16
_FORM: Final = re.compile(rf"(?:M-)?((?:[{ALPHABET}]{{4}}-?){{4}})")
_HIDDEN: Final = re.compile(rf"[{ALPHABET}]{{{_SIGNS}}}")
_VALUES: Final = {sign: value for value, sign in enumerate(ALPHABET)}


# The uses of hidden pairs of ids. No pair of one use can be read as a pair of another.
OF_MATCH: Final = 0
OF_HISTORY: Final = 1


def match_reference(tokeniser: Tokeniser, notice: int, entry: int) -> str:
    signs = hide_ids(tokeniser, OF_MATCH, notice, entry)
    return "M-" + "-".join(signs[start : start + 4] for start in range(0, _SIGNS, 4))


def read_match_reference(tokeniser: Tokeniser, text: str) -> tuple[int, int] | None:
    """Return the ids of the notice and of the register entry. Return None if the text has the wrong form."""
    form = _FORM.fullmatch(text.strip().upper())
    return None if form is None else _read(tokeniser, OF_MATCH, form[1].replace("-", ""))


def hide_ids(tokeniser: Tokeniser, use: int, left: int, right: int) -> str:
    """Return a text that hides two ids.

    Only `read_ids` with the same `tokeniser` and `use` gives back the ids.
    """
    if not (0 <= left < _LARGEST and 0 <= right < _LARGEST):
        raise ValueError("an id is beyond 40 bits")
    for number in range(_ROUNDS):
        left, right = right, left ^ _round(tokeniser, use, number, right)
    whole = left << 8 * _HALF_BYTES | right
    # Each sign stands for 5 bits, the highest bits first.
    return "".join(ALPHABET[whole >> 5 * place & 31] for place in reversed(range(_SIGNS)))


def read_ids(tokeniser: Tokeniser, use: int, signs: str) -> tuple[int, int] | None:
    """Return the two ids that `hide_ids` has hidden in `signs`.

    Return None if `signs` has the wrong form. Invented `signs` give meaningless ids.
    """
    return _read(tokeniser, use, signs) if _HIDDEN.fullmatch(signs) else None


def _read(tokeniser: Tokeniser, use: int, signs: str) -> tuple[int, int]:
    whole = 0
    for sign in signs:
        whole = whole << 5 | _VALUES[sign]
    left, right = whole >> 8 * _HALF_BYTES, whole % _LARGEST
    for number in reversed(range(_ROUNDS)):
        left, right = right ^ _round(tokeniser, use, number, left), left
    return left, right


def _round(tokeniser: Tokeniser, use: int, number: int, half: int) -> int:
    hashed = tokeniser.scramble(bytes([use * _ROUNDS + number]) + half.to_bytes(_HALF_BYTES))
    return int.from_bytes(hashed[:_HALF_BYTES])
