"""Error messages for the person at the keyboard. They never contain a value from a file or the database."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb
from typing import Final

from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from services.core.errors import PullcordError
from services.runtime.settings import Settings
from services.storage.faults import DatabaseFault, fault_of

# The exit code of a command that could not do its work, for example because of a wrong option.
REFUSED: Final = 2

# The exit code of a fault in Pullcord itself.
FAULT: Final = 3

EXPLAINED: Final = (PullcordError, OSError, SQLAlchemyError, ValidationError, SettingsError)


def explain(error: Exception) -> str:
    if isinstance(error, PullcordError):
        return str(error)
    if isinstance(error, OSError):
        # Only the error text of the operating system, without a traceback.
        return f"{error.filename or 'the file'}: {error.strerror or type(error).__name__}"
    if isinstance(error, SQLAlchemyError):
        return _database(error)
    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return _settings(error)
    if isinstance(error, SettingsError):
        return "a setting (PULLCORD_…) that takes a list or an object is not valid JSON"
    return unexpected(error)


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
    return f"the database cannot be used now ({kind}): check that it can be reached, and PULLCORD_DATABASE_URL if set"


def _settings(error: ValidationError) -> str:
    # The input is left out, because a setting may be a password.
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    named = "; ".join(_setting(fault["loc"]) + fault["msg"].removeprefix("Value error, ") for fault in faults)
    return f"a setting cannot be used: {named}"


def _setting(location: tuple[int | str, ...]) -> str:
    # A fault of the file of settings has no location.
    return f"PULLCORD_{location[0]}: ".upper() if location else ""
