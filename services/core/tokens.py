"""Keyed tokens: what lets two records find each other without either showing whom it is about.

A token is the first 128 bits of HMAC-SHA-256 over the kind and the canonical value. Without the key it can be neither
reversed nor recomputed; with it, equal values give equal tokens, which is all that exact matching needs.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from enum import IntEnum

TOKEN_BYTES = 16
KEY_BYTES = 32


class TokenKind(IntEnum):
    """What a token stands for. The numbers are stored and part of the hash: never renumber them."""

    TELEPHONE = 1
    """An E.164 number."""
    UPRN = 2
    """A Unique Property Reference Number, up to 12 digits, no leading zeros."""
    POSTCODE = 3
    """A full postcode, upper case, one space."""
    AREA = 4
    """A postcode sector or outward code, as an area notice names them."""


class Tokeniser:
    """Makes the tokens of one deployment.

    `key` is at least 32 bytes and secret: whoever has it can test guesses of telephone numbers against the stream.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"a token key has at least {KEY_BYTES} bytes")
        # Its copies go on from the key as it was taken in once: half the time of a line's tokens.
        self._keyed = hmac.new(key, digestmod="sha256")

    def token(self, kind: TokenKind, value: str) -> bytes:
        """The 16 byte token of a canonical value."""
        return self._hashed(_PREFIX[kind] + value.encode())

    def record_key(self, feed_id: str, reference: str) -> bytes:
        """The 16 byte key under which a feed's own reference is looked up: the reference itself stays sealed."""
        return self._hashed(b"\x00" + feed_id.encode() + b"\x00" + reference.encode())

    def digest(self, content: bytes) -> bytes:
        """The 16 byte digest by which equal content is recognised; keyed, for a plain one could be guessed at."""
        return self._hashed(b"\xfe" + content)

    def link_code(self, reference: str) -> str:
        """The unguessable part of a link that acts on `reference` (22 characters, safe in a URL)."""
        return _base64(self._hashed(b"\xff" + reference.encode()))

    def _hashed(self, message: bytes) -> bytes:
        keyed = self._keyed.copy()
        keyed.update(message)
        return keyed.digest()[:TOKEN_BYTES]


_PREFIX = {kind: bytes([kind]) for kind in TokenKind}
_DIGIT = {kind: str(int(kind)) for kind in TokenKind}


def on_the_stream(tokens: Iterable[tuple[TokenKind, bytes]]) -> tuple[str, ...]:
    """Tokens as they travel in events: the kind's number, then 22 characters of URL-safe base64."""
    return tuple([_DIGIT[kind] + _base64(token) for kind, token in tokens])


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw)[:22].decode()
