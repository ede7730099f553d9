from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic

import structlog

from services.runtime.maintenance.keyring import Keyring, KeysError, read_keyring
from services.storage.vault import VaultKeys

log = structlog.get_logger()

# Seconds between two checks of the file. This must be less than `reseal.KNOWN_WITHIN`.
LOOK_EVERY = 1.0


class KeyFile:
    """Reads the keys again when the keys file changes.

    Raises KeysError if the file is faulty at the start.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = monotonic) -> None:
        self._path = path
        self._clock = clock
        self._looked_at = clock()
        self._stamp = _stamp(path)
        self.keyring = read_keyring(path)

    def __call__(self, *, at_once: bool) -> VaultKeys | None:
        now = self._clock()
        # A `stat` call for each sealed value would cost more than the encryption.
        if not at_once and now - self._looked_at < LOOK_EVERY:
            return None
        self._looked_at = now
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        return self._read_again()

    def _read_again(self) -> VaultKeys | None:
        try:
            found = read_keyring(self._path)
        except KeysError:
            # The earlier keys stay in use.
            log.error("keys_not_read")
            return None
        # Another token key means another deployment: the tokens it makes would match nothing here.
        if found.token != self.keyring.token:
            log.error("keys_of_another_deployment")
            return None
        self.keyring = found
        log.info("keys_read_again")
        return vault_keys(found)


def vault_keys(keyring: Keyring) -> VaultKeys:
    return VaultKeys(keyring.vault, keyring.current)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    # Inode, time and size: a file that was replaced has another inode.
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
