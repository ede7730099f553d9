"""Without the vault keys, all encrypted personal data is lost for good."""

from __future__ import annotations

import fcntl
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, ValidationError, model_validator

from services.core.errors import PullcordError
from services.storage.backup.files import sync_folder
from services.storage.vault import KEY_BYTES, KEY_ID_SIGNS


class KeysError(PullcordError):
    """The keys are missing or faulty, or cannot be changed as requested."""


def _decoded(value: object) -> bytes:
    raw = value if isinstance(value, bytes) else b64decode(str(value), validate=True)
    if len(raw) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return raw


Key = Annotated[bytes, PlainValidator(_decoded), PlainSerializer(lambda raw: b64encode(raw).decode())]


class Keyring(BaseModel):
    """`current` is the id of the vault key that encrypts. All vault keys decrypt."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    current: str
    vault: dict[str, Key]
    token: Key

    @model_validator(mode="after")
    def _current_is_there(self) -> Self:
        if self.current not in self.vault:
            raise ValueError("`current` names no vault key")
        if not all(1 <= len(key_id) <= KEY_ID_SIGNS for key_id in self.vault):
            raise ValueError(f"the id of a vault key has 1 to {KEY_ID_SIGNS} signs")
        return self


def new_keyring() -> Keyring:
    return Keyring(current="k1", vault={"k1": os.urandom(KEY_BYTES)}, token=os.urandom(KEY_BYTES))


def with_new_key(keyring: Keyring) -> Keyring:
    # An id is never used again: an old backup may hold values that name this id.
    number = 1 + max((int(name[1:]) for name in keyring.vault if name[1:].isdecimal()), default=0)
    return keyring.model_copy(update={"vault": {**keyring.vault, f"k{number}": os.urandom(KEY_BYTES)}})


def with_newest_current(keyring: Keyring) -> Keyring:
    """Return the keyring with its newest vault key current. If this key is current already, first add a newer key."""
    *_, newest = keyring.vault
    # If the newest key is already current, a newer key is added first.
    if newest == keyring.current:
        return with_newest_current(with_new_key(keyring))
    return keyring.model_copy(update={"current": newest})


def without_key(keyring: Keyring, key_id: str) -> Keyring:
    """Raises KeysError if the key is current or does not exist."""
    if key_id not in keyring.vault:
        raise KeysError(f"there is no vault key of this id: there are {', '.join(keyring.vault)}")
    if key_id == keyring.current:
        raise KeysError("this is the key that seals: make another current first, with `pullcord vault rotate`")
    return keyring.model_copy(update={"vault": {name: key for name, key in keyring.vault.items() if name != key_id}})


def parse_keyring(text: str) -> Keyring:
    try:
        return Keyring.model_validate_json(text)
    # The text of the error is left out, because it may hold a key.
    except ValidationError:
        raise KeysError(
            "the keys are not of the form of `pullcord init`: current, vault (id to base64 of 32 bytes), token"
        ) from None


def read_keyring(path: Path) -> Keyring:
    """Raises KeysError if the file is missing or faulty."""
    try:
        return parse_keyring(path.read_text())
    except OSError as error:
        raise KeysError(f"cannot read the keys at {path} ({error.strerror}): run `pullcord init` first") from None


def change_keyring(path: Path, change: Callable[[Keyring], Keyring]) -> Keyring:
    """Raises KeysError if another process is changing the file."""
    with _alone_in(path.parent):
        changed = change(read_keyring(path))
        write_keyring(path, changed)
    return changed


def write_keyring(path: Path, keyring: Keyring) -> None:
    # Only the owner can read the file. If this function is interrupted, the old file stays complete.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    # A process that was killed may have left a draft.
    draft.unlink(missing_ok=True)
    # The mode is set from the start: before a later chmod, others could read the file.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(keyring.model_dump_json(indent=2))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    # If two processes changed the keys at once, one new key would be lost, with all that it encrypted.
    # The folder is locked, since the file itself is replaced.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        # Do not wait for the lock: a person who changes keys should learn that somebody else does so too.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise KeysError("the keys are being changed by somebody else: try again in a moment") from None
