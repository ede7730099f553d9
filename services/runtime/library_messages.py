"""Finds the part of a library's log message that stands in the library's source code.

A message may hold a value: an address, a telephone number, a row of the database. Source code holds none of these, so
what is literally in the code of the caller can be logged.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

# A shorter text says nothing, and might be found in a value by chance.
SHORTEST, LONGEST = 10, 200
# Callers that are looked at. Wrappers of `logging` are a few calls deep.
MOST_CALLERS = 12


def literal_message(record: logging.LogRecord) -> str | None:
    """Return the longest text in the message of a record that is a literal in the code of its callers, or None.

    Call this function while the record is emitted: it looks at the stack. Placeholders such as `%s` stay as they are.
    """
    text = record.msg if isinstance(record.msg, str) else ""
    found = {literal for literal in _literals(_callers()) if len(literal) >= SHORTEST and literal in text}
    # The shortest of equals would depend on the order of a set.
    longest = max(found, key=lambda literal: (len(literal), literal), default=None)
    return " ".join(longest.split())[:LONGEST] if longest else None


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the only way to the code that logs
    seen = 0
    while frame is not None and seen < MOST_CALLERS:
        if frame.f_globals.get("__name__") not in (__name__, logging.__name__):
            seen += 1
            yield frame
        frame = frame.f_back


def _literals(frames: Iterator[FrameType]) -> Iterator[str]:
    for frame in frames:
        yield from _texts(frame.f_code.co_consts)


def _texts(constants: tuple[Any, ...]) -> Iterator[str]:
    # A tuple of constants is one constant.
    for constant in constants:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from _texts(constant)
