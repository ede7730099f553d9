"""No message contains a value from a file or the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from errno import EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final

from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from services.core.errors import PullcordError
from services.runtime.settings import Settings
from services.storage.database.faults import DatabaseFault, fault_of

# The exit code of a command that could not do its work, for example because of a wrong option.
REFUSED: Final = 2

# The exit code of a fault in Pullcord itself.
FAULT: Final = 3

EXPLAINED: Final = (
    PullcordError,
    OSError,
    SQLAlchemyError,
    sqlite3.Error,
    UnicodeError,
    ValidationError,
    SettingsError,
)

NOT_UTF_8: Final = "a text that was typed or read is not UTF-8: set LC_ALL=C.UTF-8, or PYTHONUTF8=1, and try again"

# Reasons why a port cannot be opened.
NOT_LISTENING: Final = (EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT)

_SQLITE: Final[Mapping[int | None, str]] = {
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_CANTOPEN: "its folder must be there, and must be writable",
    sqlite3.SQLITE_BUSY: "another process is at it",
}


def explain(error: Exception) -> str:
    return next((say(error) for kind, say in _SENTENCES if isinstance(error, kind)), unexpected(error))


def _system(error: OSError) -> str:
    # Errors in the name of a host have negative numbers.
    if error.errno in NOT_LISTENING or (error.errno or 0) < 0:
        return f"this machine cannot listen there ({error.strerror}): see PULLCORD_HOST and PULLCORD_PORT"
    # Only the error text of the operating system, without a traceback.
    return f"{error.filename or 'the file'}: {error.strerror or type(error).__name__}"


def _sqlite(error: sqlite3.Error) -> str:
    # A copy of a database is made without SQLAlchemy.
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    remedy = _SQLITE.get(getattr(error, "sqlite_errorcode", None), "see its disk")
    return f"the database or its copy cannot be used ({name}): {remedy}"


def unexpected(error: Exception) -> str:
    # Only frames of Pullcord's own code, since these are what a bug report needs.
    frames = [frame for frame in extract_tb(error.__traceback__) if "services" in Path(frame.filename).parts]
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return (
        f"Pullcord met a fault it did not expect ({type(error).__name__}{place}). What was not finished was not "
        "kept. Please report the kind and the place."
    )


def _database(error: SQLAlchemyError) -> str:
    # Only the type: the driver's message may hold personal data.
    kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
    fault = fault_of(error)
    if fault in (DatabaseFault.FULL, DatabaseFault.READ_ONLY):
        return f"the database {fault} ({kind}). What was not finished was not kept"
    # CANTOPEN of SQLite: its folder is missing, or is on a file system that is read-only.
    if getattr(getattr(error, "orig", None), "sqlite_errorcode", None) == sqlite3.SQLITE_CANTOPEN:
        return f"the database cannot be opened ({kind}): its folder must be there, and must be writable"
    return f"the database cannot be used now ({kind}): check that it can be reached, and PULLCORD_DATABASE_URL if set"


def _settings(error: ValidationError) -> str:
    # The input is left out, because a setting may be a password.
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    named = "; ".join(_setting(fault["loc"]) + fault["msg"].removeprefix("Value error, ") for fault in faults)
    return f"a setting cannot be used: {named}"


def _setting(location: tuple[int | str, ...]) -> str:
    # A fault of the file of settings has no location.
    return f"PULLCORD_{location[0]}: ".upper() if location else ""


# The first type that fits counts.
_SENTENCES: Final[Sequence[tuple[type[Exception], Callable[[Any], str]]]] = (
    (PullcordError, str),
    (OSError, _system),
    (SQLAlchemyError, _database),
    (sqlite3.Error, _sqlite),
    (UnicodeError, lambda _: NOT_UTF_8),
    (ValidationError, lambda error: _settings(error) if error.title == Settings.__name__ else unexpected(error)),
    (SettingsError, lambda _: "a setting (PULLCORD_…) that takes a list or an object is not valid JSON"),
)
