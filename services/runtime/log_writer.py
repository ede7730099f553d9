"""Writing a line raises no error and never waits."""
# A line is lost if the disk is full or nobody reads the pipe.

from __future__ import annotations

import io
import os
import select
from contextlib import suppress
from threading import RLock
from typing import Any, Protocol

from prometheus_client import Counter

DROPPED = Counter("pullcord_log_lines_dropped_total", "Lines of the log that could not be written, and are lost.")

# Seconds that a line waits for another line to be written. After that the waiting line is lost.
LOCK_SECONDS = 0.1


class Stream(Protocol):
    def fileno(self) -> int: ...
    def write(self, text: str, /) -> object: ...
    def flush(self) -> None: ...


class LineWriter:
    def __init__(self, stream: Stream | None) -> None:
        self._stream = stream
        self._lock = RLock()
        self._torn = False

    def __call__(self, *_: Any) -> LineWriter:
        # structlog calls the factory for each logger. All loggers are this object, so all lines share one lock.
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
        # If the last line was cut off because the disk was full, end that line first.
        data = ("\n" * self._torn + line).encode(errors="backslashreplace")
        # A line longer than PIPE_BUF could be cut off, or block until the reader has read a part.
        if len(data) > select.PIPE_BUF or not _takes_more(descriptor):
            return False
        count = os.write(descriptor, data)
        # A full disk accepts only a part of the line.
        self._torn = count < len(data)
        return not self._torn


def _takes_more(descriptor: int) -> bool:
    # A pipe that is ready takes up to PIPE_BUF bytes at once, without blocking.
    asked = select.poll()
    asked.register(descriptor, select.POLLOUT)
    return any(answer & select.POLLOUT for _, answer in asked.poll(0))
