"""Logs: one JSON object a line, a static event name, and only fields from a list that can name nobody."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
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
    ]
)

# The same warning of a library is written at most once in these seconds.
AGAIN_SECONDS = 10.0

Event = MutableMapping[str, Any]


def configure(*, pretty: bool = False, level: str = "INFO") -> None:
    """Set up logging: our events as JSON (or for reading), warnings of libraries without their text.

    From then on no line of the log raises or waits, whatever happens to the stream it is written to.
    """
    renderer = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            renderer,
        ],
        wrapper_class=_never_raising(level),
        logger_factory=LineWriter(sys.stderr),
        # A module may log before this is called, and must follow it afterwards.
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_LibraryHandler()], level=logging.WARNING, force=True)
    # A library's own handler that fails would say so on stderr, where nobody may be reading.
    logging.raiseExceptions = False


def only_allowed(_logger: Any, _name: str, event: Event) -> Event:
    return {name: value for name, value in event.items() if name in ALLOWED}


def kind_of(error: BaseException) -> str:
    """Return the kind of an error, by the driver's name for it where the database raised it; never its text."""
    return type(error.orig if isinstance(error, DBAPIError) and error.orig else error).__name__


def say_failed(consumer: str, error: BaseException, **said: Any) -> None:
    """Log that a step of background work failed. Whatever the log makes of it, the work goes on."""
    with suppress(BaseException):
        log = structlog.get_logger()
        # A database that is away for a moment is no error of ours.
        say = log.warning if isinstance(error, DBAPIError) else log.error
        say("step_failed", consumer=consumer, error=kind_of(error), **said)


def _never_raising(level: str) -> Any:
    # The class of a logger that loses an event rather than raise: one that cannot be rendered, for example.
    base: Any = structlog.make_filtering_bound_logger(level)

    class NeverRaising(base):  # type: ignore[misc]
        def _proxy_to_logger(self, *given: Any, **fields: Any) -> None:
            try:
                super()._proxy_to_logger(*given, **fields)
            except Exception:  # noqa: BLE001 - the work goes on; that a line is missing is counted
                DROPPED.inc()

    return NeverRaising


class _LibraryHandler(logging.Handler):
    """A library's record becomes one event that says which library spoke and what kind of error it was.

    Its text is left out: it might hold a value from the database or an address. What a library says again and again, as
    of brokers that are away, is written once in a while.
    """

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
        # Each library and each kind of error is counted by itself.
        said = (record.name, error)
        # A library that retries would fill the log.
        if record.created - self._written.get(said, 0.0) >= AGAIN_SECONDS:
            self._written[said] = record.created
            structlog.get_logger().warning("library_warning", consumer=record.name, error=error)
