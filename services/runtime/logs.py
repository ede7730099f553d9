"""Each line has a fixed event name. No field can name a person."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import suppress
from importlib.metadata import version
from types import FrameType
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from services.runtime.log_writer import DROPPED, LineWriter

# The fields a log line may have. Anything else is dropped before it is written.
ALLOWED = frozenset(
    [
        "event",
        "level",
        "timestamp",
        "method",
        "route",
        "status",
        "duration_ms",
        "submission",
        "kind",
        "channel",
        "counts",
        "consumer",
        "topic",
        "event_id",
        "error",
        "attempt",
        "seconds",
        "address",
        "port",
        "version",
        "signal",
        "cases",
        "alerts",
        "deliveries",
        "handled",
        "role",
        "request_id",
        "reason",
    ]
)

# Seconds in which the same warning of a library is written at most once.
AGAIN_SECONDS = 10.0

# A shorter text says nothing, and might be found in a value by chance.
SHORTEST, LONGEST = 10, 200
# Callers that are looked at. Wrappers of `logging` are a few calls deep.
MOST_CALLERS = 12

Event = MutableMapping[str, Any]


def configure(role: str, *, pretty: bool = False, level: str = "INFO") -> None:
    renderer = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            # The id of the request that is being answered.
            structlog.contextvars.merge_contextvars,
            # A person at a terminal knows both.
            *([] if pretty else [_of_process(role, version("pullcord"))]),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            renderer,
        ],
        wrapper_class=_never_raising(level),
        logger_factory=LineWriter(sys.stderr),
        # A module may log before this function is called, and must use the new settings afterwards.
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_LibraryHandler()], level=logging.WARNING, force=True)
    # Otherwise `logging` would print the error of a failed handler to stderr, where nobody may be reading.
    logging.raiseExceptions = False
    # Python and its warnings would print text that is no line of the log.
    logging.captureWarnings(capture=True)
    threading.excepthook = lambda said: _say_unhandled(said.thread.name if said.thread else "thread", said.exc_value)
    sys.unraisablehook = lambda said: _say_unhandled("python", said.exc_value)


def only_allowed(_logger: Any, _name: str, event: Event) -> Event:
    return {name: value for name, value in event.items() if name in ALLOWED}


def _of_process(role: str, release: str) -> Callable[[Any, str, Event], Event]:
    def add(_logger: Any, _name: str, event: Event) -> Event:
        event.update(role=role, version=release)
        return event

    return add


def kind_of(error: BaseException) -> str:
    """Return only the name of the error's type, because the text of an error may name a person."""
    return type(error.orig if isinstance(error, DBAPIError) and error.orig else error).__name__


def say_failed(consumer: str, error: BaseException, **said: Any) -> None:
    """Log that a step failed. This function raises no error, so the work goes on."""
    with suppress(BaseException):
        log = structlog.get_logger()
        # A database that is down for a moment is not a fault of Pullcord.
        say = log.warning if isinstance(error, DBAPIError) else log.error
        say("step_failed", consumer=consumer, error=kind_of(error), **said)


def _say_unhandled(where: str, error: BaseException | None) -> None:
    with suppress(BaseException):
        structlog.get_logger().error("unhandled_fault", consumer=where, error=type(error).__name__)


def _never_raising(level: str) -> Any:
    # Return a logger class that drops an event instead of raising, for example if a value cannot be rendered.
    base: Any = structlog.make_filtering_bound_logger(level)

    class NeverRaising(base):  # type: ignore[misc]
        def _proxy_to_logger(self, *given: Any, **fields: Any) -> None:
            try:
                super()._proxy_to_logger(*given, **fields)
            except Exception:  # noqa: BLE001 - the work goes on; that a line is missing is counted
                DROPPED.inc()

    return NeverRaising


class _LibraryHandler(logging.Handler):
    """Logs the warnings of libraries: at most one in AGAIN_SECONDS seconds for each library and error type."""

    def __init__(self) -> None:
        super().__init__()
        self._written: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(record)
        except Exception:  # noqa: BLE001 - a library's warning must not become its fault
            DROPPED.inc()

    def _write(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else record.levelname
        # Each combination of a library and an error type has its own limit.
        said = (record.name, error)
        # A library that retries would fill the log.
        if record.created - self._written.get(said, 0.0) >= AGAIN_SECONDS:
            self._written[said] = record.created
            reason = literal_text(record)
            structlog.get_logger().warning("library_warning", consumer=record.name, error=error, reason=reason)


def literal_text(record: logging.LogRecord) -> str | None:
    """Return the longest part of the log message that is a literal in the calling code, or None.

    The function searches the stack, so call it during the logging call.
    """
    # The calling code is found in the stack.
    # Other parts of the message may be values, such as a telephone number.
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
