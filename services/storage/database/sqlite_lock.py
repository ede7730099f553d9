"""Waits for the write lock of SQLite."""
# SQLite itself soon asks only every 100 ms, so two processes that write in turns would stand idle for as long.

from __future__ import annotations

import sqlite3
from time import monotonic, sleep
from typing import Any, Final

from sqlalchemy import Connection

# Seconds between two tries [P].
_AGAIN: Final = 0.005


def begin_writing(connection: Connection, most_milliseconds: int) -> None:
    """Begin a transaction with the write lock. Wait for the lock at most `most_milliseconds`."""
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        if not _began(driver, monotonic() + most_milliseconds / 1000):
            # By way of SQLAlchemy, so that the error is of its kind.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={most_milliseconds}")


def _began(driver: Any, until: float) -> bool:
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            # The low byte is the primary code.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() >= until:
                return False
            sleep(_AGAIN)
        else:
            return True
