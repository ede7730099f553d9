from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from time import monotonic
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection, Dialect, ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class DatabaseFault(StrEnum):
    # Each value completes a sentence that begins with "the database".
    AWAY = "is away"
    BUSY = "is busy"
    READ_ONLY = "takes no changes: it is read-only now"
    FULL = "takes no changes: its disk is full"
    # The database is being restored or upgraded, or belongs to another version.
    OTHER_SCHEMA = "has other tables than this version needs"
    # The fault of a statement or of the data. Nothing is gained by asking again.
    OURS = "refuses a statement"

    @property
    def may_pass(self) -> bool:
        """Return True if the same request may succeed later."""
        return self is not DatabaseFault.OURS


# SQLSTATEs, and classes of them (https://www.postgresql.org/docs/current/errcodes-appendix.html). The longest counts.
_SQLSTATES: Final = {
    "08": DatabaseFault.AWAY,
    "0A000": DatabaseFault.BUSY,  # a cached plan whose table a migration has changed: the next try makes a new one
    "25006": DatabaseFault.READ_ONLY,
    "25P03": DatabaseFault.BUSY,  # the transaction was idle for too long
    "25P04": DatabaseFault.BUSY,  # the transaction took too long
    "28": DatabaseFault.AWAY,  # it does not let us in
    "3D000": DatabaseFault.AWAY,
    "40": DatabaseFault.BUSY,
    "42P01": DatabaseFault.OTHER_SCHEMA,
    "42703": DatabaseFault.OTHER_SCHEMA,  # a column that is not there
    "53": DatabaseFault.BUSY,  # out of memory, too many connections
    "53100": DatabaseFault.FULL,
    "55P03": DatabaseFault.BUSY,
    "57014": DatabaseFault.BUSY,
    "57P": DatabaseFault.AWAY,  # it stops, starts or was killed
    "58": DatabaseFault.AWAY,  # a fault of the server's machine
}

# Primary result codes of SQLite (https://www.sqlite.org/rescode.html).
_RESULT_CODES: Final = {
    1: DatabaseFault.OTHER_SCHEMA,  # ERROR: SQLite has no code of its own for a table that is not there
    3: DatabaseFault.READ_ONLY,  # PERM
    5: DatabaseFault.BUSY,
    6: DatabaseFault.BUSY,  # LOCKED
    7: DatabaseFault.BUSY,  # NOMEM
    8: DatabaseFault.READ_ONLY,
    10: DatabaseFault.AWAY,  # IOERR
    13: DatabaseFault.FULL,
    14: DatabaseFault.AWAY,  # CANTOPEN
    15: DatabaseFault.BUSY,  # PROTOCOL: a race for the write-ahead log
    17: DatabaseFault.BUSY,  # SCHEMA
}

# Seconds for which a database that refused a change counts as refusing, unless it takes another change before.
REFUSING_SECONDS: Final = 60.0


def fault_of(error: BaseException) -> DatabaseFault | None:
    """Return None if the error did not come from a database."""
    if isinstance(error, PoolTimeoutError):
        return DatabaseFault.BUSY
    # A transaction whose connection was lost before.
    if isinstance(error, DisconnectionError | PendingRollbackError):
        return DatabaseFault.AWAY
    if not isinstance(error, DBAPIError):
        return None
    found = _by_code(error.orig)
    if found is None and (error.connection_invalidated or isinstance(error, OperationalError)):
        # A connection that was never made, or broke, has no code.
        return DatabaseFault.AWAY
    return found or DatabaseFault.OURS


def _by_code(cause: BaseException | None) -> DatabaseFault | None:
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        found = next((state[:length] for length in (5, 3, 2) if state[:length] in _SQLSTATES), None)
        return _SQLSTATES[found] if found else DatabaseFault.OURS
    code = getattr(cause, "sqlite_errorcode", None)
    # The lowest byte of a result code is its kind.
    return None if code is None else _RESULT_CODES.get(code & 0xFF, DatabaseFault.OURS)


class _Refusals:
    # An accepted change removes the refusal.
    def __init__(self) -> None:
        self.fault: DatabaseFault | None = None
        self.at = 0.0


# By dialect, because the engines for reading share it with their engine.
_REFUSALS: Final = WeakKeyDictionary[Dialect, _Refusals]()


def watch_faults(engine: Engine, time: Callable[[], float] = monotonic) -> None:
    # A connection to a read-only PostgreSQL server is closed: a new connection may reach another server.
    kept = _REFUSALS[engine.dialect] = _Refusals()

    def note(context: ExceptionContext) -> None:
        found = _by_code(context.original_exception)
        if found in (DatabaseFault.READ_ONLY, DatabaseFault.FULL):
            kept.fault, kept.at = found, time()
        # After a failover, or a change of the database's settings, an old connection would stay read-only for good.
        if found is DatabaseFault.READ_ONLY and engine.dialect.name == "postgresql":
            context.is_disconnect = True

    def settle(connection: Connection) -> None:
        if not connection.get_execution_options().get("pullcord_read_only"):
            kept.fault = None

    event.listen(engine, "handle_error", note)
    event.listen(engine, "commit", settle)


def last_refusal(engine: Engine, time: Callable[[], float] = monotonic) -> DatabaseFault | None:
    """Return the reason for the last refused write.

    Return None after a successful write, or after `REFUSING_SECONDS` seconds.
    """
    kept = _REFUSALS.get(engine.dialect)
    return kept.fault if kept is not None and time() - kept.at < REFUSING_SECONDS else None
