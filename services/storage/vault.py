# A value is `key id length (1) | key id | nonce (12) | ciphertext and tag`.
# A value does not open in another row.

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json, to_json

from services.core.errors import PullcordError

# 96 bits, as NIST SP 800-38D recommends for GCM.
NONCE_BYTES = 12
KEY_BYTES = 32
KEY_ID_SIGNS = 16


class VaultError(PullcordError):
    """A value cannot be opened, or a vault key is invalid."""


class MissingKeyError(VaultError):
    """The vault key for a value is not loaded."""

    # Another process may have read a newer key file, so a retry can succeed.
    permanent = False


@dataclass(frozen=True, slots=True)
class VaultKeys:
    # A key has 32 bytes, and a key id has 1 to 16 characters.
    keys: Mapping[str, bytes] = field(repr=False)
    # The id of the key that seals new values.
    current: str


class KeySource(Protocol):
    def __call__(self, *, at_once: bool) -> VaultKeys | None:
        """Return None if the keys have not changed since the previous call."""
        # `at_once` makes the source check now.
        ...


class Vault:
    def __init__(
        self,
        keys: Mapping[str, bytes],
        current: str,
        random: Callable[[int], bytes] = os.urandom,
        source: KeySource | None = None,
    ) -> None:
        self._loaded = _load(VaultKeys(keys, current))
        self._random = random
        self._source = source
        self._renewing = Lock()

    @property
    def current(self) -> str:
        return self._loaded.current

    @property
    def heads(self) -> Mapping[str, bytes]:
        # Every value sealed under a key begins with these bytes.
        return {key_id: _head(key_id) for key_id in self._loaded.ciphers}

    def seal(self, place: bytes, value: Any) -> bytes:
        return self.seal_json(place, to_json(value))

    def seal_json(self, place: bytes, body: bytes) -> bytes:
        loaded = self._renewed(at_once=False)
        # A nonce is never used twice with one key. A repeated nonce would break the secrecy and integrity of GCM.
        nonce = self._random(NONCE_BYTES)
        return loaded.head + nonce + loaded.cipher.encrypt(nonce, body, place)

    def open(self, place: bytes, sealed: bytes) -> Any:
        """Raises VaultError if the key is missing or the value was changed or moved."""
        key_id, rest = _parted(sealed)
        # An unknown key id may be that of a new key, which another process uses already.
        cipher = self._loaded.ciphers.get(key_id) or self._renewed(at_once=True).ciphers.get(key_id)
        if cipher is None:
            raise MissingKeyError(f"no vault key {key_id!r}: add it to the keys to read what is sealed under it")
        try:
            return from_json(cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], place))
        except (InvalidTag, ValueError):
            raise VaultError(_ALTERED) from None

    def _renewed(self, *, at_once: bool) -> _LoadedKeys:
        if self._source is None:
            return self._loaded
        # A second thread waits here while the keys are read, so that it does not seal under the old key.
        with self._renewing:
            keys = self._source(at_once=at_once)
            if keys is not None:
                self._loaded = _load(keys)
            return self._loaded


# The keys are replaced as a whole, so that one value is never sealed with parts of two key sets.
@dataclass(frozen=True, slots=True)
class _LoadedKeys:
    current: str
    ciphers: Mapping[str, AESGCM]
    cipher: AESGCM
    head: bytes


def _load(given: VaultKeys) -> _LoadedKeys:
    # Wrong keys fail here, when they are loaded, and not at the first value.
    if given.current not in given.keys:
        raise VaultError(f"the current vault key {given.current!r} is not among the keys")
    for key_id, key in given.keys.items():
        if len(key) != KEY_BYTES or not 1 <= len(key_id) <= KEY_ID_SIGNS:
            form = f"an id has 1 to {KEY_ID_SIGNS} signs and a key {KEY_BYTES} bytes"
            raise VaultError(f"vault key {key_id!r}: {form}")
    ciphers = {key_id: AESGCM(key) for key_id, key in given.keys.items()}
    return _LoadedKeys(given.current, ciphers, ciphers[given.current], _head(given.current))


def _head(key_id: str) -> bytes:
    return bytes([len(key_id.encode())]) + key_id.encode()


_ALTERED = "a sealed value does not open: it was altered or moved"


def key_of(sealed: bytes) -> str:
    return _parted(sealed)[0]


def _parted(sealed: bytes) -> tuple[str, bytes]:
    # The first byte is the length of the key id.
    end = 1 + sealed[0] if sealed else 1
    return _read_id(sealed[1:end]), sealed[end:]


@lru_cache(maxsize=64)
def _read_id(written: bytes) -> str:
    key_id = written.decode(errors="replace")
    # The bytes of a value that was never sealed must not appear in an error as a key id.
    if not 1 <= len(key_id) <= KEY_ID_SIGNS or not key_id.isprintable() or "\ufffd" in key_id:
        raise VaultError(_ALTERED)
    return key_id


def place(table: str, key: bytes | int) -> bytes:
    return table.encode() + b"|" + (key if isinstance(key, bytes) else str(key).encode())
