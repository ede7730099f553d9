from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from services.core.errors import RefusedError
from services.storage.backup.backup import make_one_file
from services.storage.backup.files import sync_folder

# Each process locks these bytes while it has the database open in write-ahead mode (SQLite's `os.h`).
SHARED_FIRST: Final = 0x40000002
SHARED_SIZE: Final = 510

# A database in write-ahead mode has three files, with these endings.
SIDES: Final = ("", "-wal", "-shm")


@contextmanager
def unused(path: Path) -> Iterator[None]:
    """Lock the database until the block ends. Raises RefusedError if another process has the database open."""
    if not path.exists():
        yield
        return
    # The file is opened without SQLite, because SQLite could not open a damaged file.
    descriptor = os.open(path, os.O_RDWR)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def put_in_place(draft: Path, path: Path, aside: Path) -> bool:
    """Move the database at `path` to `aside`, and then `draft` to `path`.

    Return False if `path` had no database. Raises RefusedError if `aside` exists or a process uses the database.
    """
    if aside.exists():
        raise RefusedError(f"{aside} is there already: try again in a moment")
    # The log is moved into the main file first, so that one rename moves all of the old database.
    _fold_log(path)
    with unused(path):
        replaced = path.exists()
        # A log without its database is moved too, because SQLite would apply it to the new database.
        for side in SIDES:
            if _beside(path, side).exists():
                _beside(path, side).rename(_beside(aside, side))
        draft.rename(path)
        # Without this sync a power cut could leave neither database in place.
        sync_folder(path.parent)
    return replaced


def _fold_log(path: Path) -> None:
    with unused(path):
        pass
    if path.exists():
        with suppress(sqlite3.Error):
            # If SQLite cannot read the file, the file is moved aside unchanged.
            make_one_file(path)


def _beside(path: Path, side: str) -> Path:
    return path.with_name(path.name + side)


def _lock(descriptor: int) -> None:
    try:
        # The call does not wait for the lock: a running service keeps its lock until it is stopped.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
    except OSError:
        raise RefusedError(
            "the database is in use: stop `pullcord serve` and every other process that works with it first"
        ) from None
