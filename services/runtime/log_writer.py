"""Writes lines of the log, and never stands in the way of the work they tell of: a line that cannot be written is lost.

A log may be on a full disk, its pipe closed, or its reader have stopped reading. None of that is raised, and none of it
is waited for.
"""

from __future__ import annotations

import io
import os
import select
from contextlib import suppress
from threading import RLock
from typing import Any, Protocol

from prometheus_client import Counter

DROPPED = Counter("pullcord_log_lines_dropped_total", "Lines of the log that could not be written, and are lost.")

# Seconds that a line waits for another to be written before it is lost.
LOCK_SECONDS = 0.1


class Stream(Protocol):
    """Where lines go: a text stream, with a file descriptor or without."""

    def fileno(self) -> int: ...
    def write(self, text: str, /) -> object: ...
    def flush(self) -> None: ...


class LineWriter:
    """A logger of structlog that writes to a stream. It never raises and never waits for a reader."""

    def __init__(self, stream: Stream | None) -> None:
        self._stream = stream
        self._lock = RLock()
        self._torn = False

    def __call__(self, *_: Any) -> LineWriter:
        # It is its own factory: one lock for every line.
        return self

    def msg(self, message: str) -> None:
        written = False
        with suppress(Exception):
            written = self._written(message + "\n")
        if not written:
            DROPPED.inc()

    # structlog asks for the method of each level.
    log = debug = info = warn = warning = error = err = critical = fatal = exception = failure = msg

    def _written(self, line: str) -> bool:
        # A process may be started without a stderr.
        if self._stream is None or not self._lock.acquire(timeout=LOCK_SECONDS):
            return False
        try:
            return self._write(self._stream, line)
        finally:
            self._lock.release()

    def _write(self, stream: Stream, line: str) -> bool:
        try:
            descriptor = stream.fileno()
        # A stream in memory, as in tests.
        except io.UnsupportedOperation:
            stream.write(line)
            stream.flush()
            return True
        # What was torn off by a disk that was full for a while is ended first.
        data = ("\n" * self._torn + line).encode(errors="backslashreplace")
        # A longer line could be torn, or wait for a reader in the middle.
        if len(data) > select.PIPE_BUF or not _takes_more(descriptor):
            return False
        count = os.write(descriptor, data)
        # A disk that is full takes a part of the line.
        self._torn = count < len(data)
        return not self._torn


def _takes_more(descriptor: int) -> bool:
    # Up to PIPE_BUF bytes are written whole or not at all, without waiting.
    asked = select.poll()
    asked.register(descriptor, select.POLLOUT)
    return any(answer & select.POLLOUT for _, answer in asked.poll(0))
