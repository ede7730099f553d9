"""The keys of a deployment: the vault's, by id, and the one that makes tokens.

Losing them loses the persons for good.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, ValidationError, model_validator

from services.core.errors import PullcordError
from services.storage.vault import KEY_BYTES


class KeysError(PullcordError):
    """The keys are missing or not of the form they must have."""


def _decoded(value: object) -> bytes:
    raw = value if isinstance(value, bytes) else b64decode(str(value), validate=True)
    if len(raw) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return raw


Key = Annotated[bytes, PlainValidator(_decoded), PlainSerializer(lambda raw: b64encode(raw).decode())]


class Keyring(BaseModel):
    """What the keys file holds. `current` is the vault key that seals; the others only open."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    current: str
    vault: dict[str, Key]
    token: Key

    @model_validator(mode="after")
    def _current_is_there(self) -> Self:
        if self.current not in self.vault:
            raise ValueError("`current` names no vault key")
        return self


def new_keyring() -> Keyring:
    """Fresh keys from the system's randomness."""
    return Keyring(current="k1", vault={"k1": os.urandom(KEY_BYTES)}, token=os.urandom(KEY_BYTES))


def with_new_vault_key(keyring: Keyring) -> Keyring:
    """The same with one more vault key, which seals from now on."""
    number = 1 + max((int(name[1:]) for name in keyring.vault if name[1:].isdecimal()), default=0)
    name = f"k{number}"
    return Keyring(current=name, vault={**keyring.vault, name: os.urandom(KEY_BYTES)}, token=keyring.token)


def parse_keyring(text: str) -> Keyring:
    """Raises KeysError; the text of the error holds no key."""
    try:
        return Keyring.model_validate_json(text)
    except ValidationError:
        raise KeysError(
            "the keys are not of the form of `pullcord init`: current, vault (id to base64 of 32 bytes), token"
        ) from None


def read_keyring(path: Path) -> Keyring:
    """Raises KeysError when the file is missing or faulty."""
    try:
        return parse_keyring(path.read_text())
    except OSError as error:
        raise KeysError(f"cannot read the keys at {path} ({error.strerror}): run `pullcord init` first") from None


def write_keyring(path: Path, keyring: Keyring) -> None:
    """Write the keys so that only the owner can read them; the old file stays whole if this is cut off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(keyring.model_dump_json(indent=2))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
