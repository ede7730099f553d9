"""The vault: AES-256-GCM for whatever could say whom a row is about.

A sealed value is `key id length (1) | key id | nonce (12) | ciphertext and tag`. The associated data names the table
and the row, so a value copied to another row does not open. Old keys stay for reading until `reseal` has moved every
row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json, to_json

from services.core.errors import PullcordError

NONCE_BYTES = 12
KEY_BYTES = 32
KEY_ID_SIGNS = 16


class VaultError(PullcordError):
    """A value cannot be opened: its key is missing, or it was altered or moved."""


class MissingKeyError(VaultError):
    """The key a value is sealed under is not held. Nothing is wrong with the value: once the key is there, it opens."""

    permanent = False


class Vault:
    """Seals and opens. `keys` maps key ids (1-16 signs) to 32 byte keys; `current` names the one that seals."""

    def __init__(self, keys: Mapping[str, bytes], current: str, random: Callable[[int], bytes] = os.urandom) -> None:
        if current not in keys:
            raise VaultError(f"the current vault key {current!r} is not among the keys")
        for key_id, key in keys.items():
            if len(key) != KEY_BYTES or not 1 <= len(key_id) <= KEY_ID_SIGNS:
                form = f"an id has 1 to {KEY_ID_SIGNS} signs and a key {KEY_BYTES} bytes"
                raise VaultError(f"vault key {key_id!r}: {form}")
        self.current = current
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._cipher = self._ciphers[current]
        self.head = bytes([len(current.encode())]) + current.encode()
        """How every value sealed under the current key begins."""
        self._random = random

    def seal(self, place: bytes, value: Any) -> bytes:
        """Seal a JSON value for one place (see `place`)."""
        return self.seal_json(place, to_json(value))

    def seal_json(self, place: bytes, body: bytes) -> bytes:
        """Seal what is JSON already."""
        nonce = self._random(NONCE_BYTES)
        return self.head + nonce + self._cipher.encrypt(nonce, body, place)

    def open(self, place: bytes, sealed: bytes) -> Any:
        """The value sealed for that place.

        Raises VaultError when the key is not held or the value was altered or moved.
        """
        key_id, rest = _key_id(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise MissingKeyError(f"no vault key {key_id!r}: add it to the keys to read older rows")
        try:
            return from_json(cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], place))
        except (InvalidTag, ValueError):
            raise VaultError(_ALTERED) from None


_ALTERED = "a sealed value does not open: it was altered or moved"


def _key_id(sealed: bytes) -> tuple[str, bytes]:
    """Which key sealed a value, and the rest of it. What was never sealed must not be taken for an id and shown."""
    end = 1 + sealed[0] if sealed else 1
    key_id = sealed[1:end].decode(errors="replace")
    if not 1 <= len(key_id) <= KEY_ID_SIGNS or not key_id.isprintable() or "\ufffd" in key_id:
        raise VaultError(_ALTERED)
    return key_id, sealed[end:]


def place(table: str, key: bytes | int) -> bytes:
    """The associated data of a sealed column: its table and its row."""
    return table.encode() + b"|" + (key if isinstance(key, bytes) else str(key).encode())
