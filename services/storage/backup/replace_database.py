"""Replaces a SQLite database by another and moves the old one aside, while no process uses either."""

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

# Bytes that each process locks while it has the database open in write-ahead mode (SQLite's `os.h`).
SHARED_FIRST: Final = 0x40000002
SHARED_SIZE: Final = 510

# A database in write-ahead mode is three files.
SIDES: Final = ("", "-wal", "-shm")


@contextmanager
def unused(path: Path) -> Iterator[None]:
    """Keep other processes from a database while the block runs, if there is one. It may be damaged.

    Raises RefusedError if a process has it open.
    """
    if not path.exists():
        yield
        return
    # Opened without SQLite, which could not open a damaged file.
    descriptor = os.open(path, os.O_RDWR)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def put_in_place(draft: Path, path: Path, aside: Path) -> bool:
    """Move a database to `path`, and what is there to `aside`, which must be free. Returns True if something was moved.

    Raises RefusedError if a process has it open.
    """
    if aside.exists():
        raise RefusedError(f"{aside} is there already: try again in a moment")
    # Folded first, so that one rename moves all of the old database.
    _fold_log(path)
    with unused(path):
        replaced = path.exists()
        # Also a log without its database: SQLite would apply it to the new one.
        for side in SIDES:
            if _beside(path, side).exists():
                _beside(path, side).rename(_beside(aside, side))
        draft.rename(path)
        # Without this a power cut could leave neither database in place.
        sync_folder(path.parent)
    return replaced


def _fold_log(path: Path) -> None:
    with unused(path):
        pass
    if path.exists():
        with suppress(sqlite3.Error):
            # An unreadable file is moved aside as it is.
            make_one_file(path)


def _beside(path: Path, side: str) -> Path:
    return path.with_name(path.name + side)


def _lock(descriptor: int) -> None:
    try:
        # Does not wait: a running service keeps its lock until it is stopped.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
    except OSError:
        raise RefusedError(
            "the database is in use: stop `pullcord serve` and every other process that works with it first"
        ) from None
