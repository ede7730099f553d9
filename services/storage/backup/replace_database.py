"""Puts a SQLite database in the place of another, which is moved aside, while nobody uses either."""

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

SHARED_FIRST: Final = 0x40000002
SHARED_SIZE: Final = 510
"""The bytes of a database file that every process with it open in write-ahead mode keeps locked (SQLite's `os.h`)."""

SIDES: Final = ("", "-wal", "-shm")
"""A database in write-ahead mode is three files."""


@contextmanager
def unused(path: Path) -> Iterator[None]:
    """Keep everybody else from a database while the block runs, if there is one; it need not be whole.

    Raises RefusedError where a process has it open.
    """
    if not path.exists():
        yield
        return
    descriptor = os.open(path, os.O_RDWR)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def put_in_place(draft: Path, path: Path, aside: Path) -> bool:
    """Move a database to `path`; what is there is moved to `aside`, which must be free. Returns whether something was.

    A log without its database is moved too: SQLite would take it for the new one's.

    Raises RefusedError where a process has it open.
    """
    if aside.exists():
        raise RefusedError(f"{aside} is there already: try again in a moment")
    _fold_log(path)
    with unused(path):
        replaced = path.exists()
        for side in SIDES:
            if _beside(path, side).exists():
                _beside(path, side).rename(_beside(aside, side))
        draft.rename(path)
        sync_folder(path.parent)
    return replaced


def _fold_log(path: Path) -> None:
    """Have the database that is there be one file, if it can be read at all: then one renaming moves all of it."""
    with unused(path):
        pass
    if path.exists():
        with suppress(sqlite3.Error):
            make_one_file(path)


def _beside(path: Path, side: str) -> Path:
    return path.with_name(path.name + side)


def _lock(descriptor: int) -> None:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
    except OSError:
        raise RefusedError(
            "the database is in use: stop `pullcord serve` and every other process that works with it first"
        ) from None
