# On SQLite every commit is on disk, and on PostgreSQL every wait has a limit.

from __future__ import annotations

import json
from pathlib import Path
from shutil import disk_usage
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from services.storage.database.faults import watch_faults
from services.storage.database.sqlite_lock import begin_writing

# With less room than this, the write-ahead log of SQLite may find none for the next change [P].
LEAST_FREE_BYTES = 8 * 1024 * 1024

# The pages of 4 KiB after which the log is folded into the file: 16 MB.
WAL_PAGES = 4000

# The size of SQLite's write-ahead log on disk while nobody reads for long. Twice what is written between checkpoints.
WAL_KEPT_BYTES = 32 * 1024 * 1024

# The longest wait for SQLite's write lock.
BUSY_MILLISECONDS = 30_000

# A statement that exceeds its limit fails and is retried. A transaction may be idle while a broker acknowledges (30 s).
# A transaction that is idle for longer is ended, because its locks would block all other workers.
POSTGRES_LIMITS = {
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "120s",
}

# These settings of libpq find a connection with a dead peer after about 30 seconds.
POSTGRES_CONNECTION = {
    # A database with the encoding SQL_ASCII would send bytes that the library cannot read, not even to be refused.
    "client_encoding": "utf8",
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # In milliseconds, for data that was sent and not acknowledged. Keepalives do not run while such data wait.
    "tcp_user_timeout": 25_000,
}

_READ_ONLY_SETTINGS = ("default_transaction_read_only", "in_hot_standby")


def make_engine(url: str) -> Engine:
    # Settings in a PostgreSQL URL override `POSTGRES_CONNECTION`.
    if url.startswith("sqlite"):
        waits = {"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False}
        engine = create_engine(url, json_serializer=_write_json, json_deserializer=_read_json, connect_args=waits)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        watch_faults(engine)
        return engine
    said = make_url(url).query
    engine = create_engine(
        url,
        json_serializer=_write_json,
        json_deserializer=_read_json,
        # Checks a connection before use, because a restart of the server leaves dead connections in the pool.
        pool_pre_ping=True,
        connect_args={name: value for name, value in POSTGRES_CONNECTION.items() if name not in said},
    )
    # A URL with `options` of its own keeps them.
    if "options" not in said:
        event.listen(engine, "connect", _prepare_postgres)
    event.listen(engine, "checkin", _close_if_read_only)
    watch_faults(engine)
    return engine


def has_full_disk(engine: Engine) -> bool:
    """Return True if the disk of an SQLite database is almost full. Return False for any other database."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database or database == ":memory:":
        return False
    return disk_usage(Path(database).resolve().parent).free < LEAST_FREE_BYTES


def reading(engine: Engine) -> Engine:
    # On SQLite a read-only transaction takes no write lock. PostgreSQL ignores the option.
    return engine.execution_options(pullcord_read_only=True)


def _write_json(value: Any) -> str:
    # Each case has three such values. `to_json` writes them five times as fast, and refuses half of a surrogate pair.
    try:
        return to_json(value).decode()
    except ValueError:
        return json.dumps(value)


def _read_json(stored: str | bytes) -> Any:
    # Each case has three such values. `from_json` reads them three times as fast, and refuses half of a surrogate pair.
    try:
        return from_json(stored)
    except ValueError:
        return json.loads(stored)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin a transaction only at the first write, so `_begin_sqlite` issues BEGIN itself.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        # Other processes can read while one process writes.
        "journal_mode=WAL",
        # A commit is on disk when it returns, so a 202 answer survives a power cut.
        "synchronous=FULL",
        # SQLite checks foreign keys only with this setting.
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        # A negative number is in KiB.
        "cache_size=-131072",
        "temp_store=MEMORY",
        f"wal_autocheckpoint={WAL_PAGES}",
        # A long reader lets the log grow. Once the reader is gone, the file is cut back to this size.
        f"journal_size_limit={WAL_KEPT_BYTES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgres(connection: Any, _record: Any) -> None:
    # By statement and not by startup packet: a connection pooler refuses packets with settings that it does not know.
    wanted = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in POSTGRES_LIMITS.items())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {wanted}")
    # Without the commit, a rollback of the first transaction would undo the settings.
    connection.commit()


def _close_if_read_only(connection: Any, record: ConnectionPoolEntry) -> None:
    # A session that began while the server was read-only may stay read-only for good, so no later request may have it.
    # Servers from PostgreSQL 14 on report both settings with no question asked. A pooler may keep them to itself.
    said = () if connection is None or connection.closed else _READ_ONLY_SETTINGS
    if any(connection.info.parameter_status(name) == "on" for name in said):
        record.invalidate()


def _begin_sqlite(connection: Any) -> None:
    if connection.get_execution_options().get("pullcord_read_only", False):
        connection.exec_driver_sql("BEGIN")
        return
    # The write lock is taken at the start. A later change from a read lock to a write lock could fail.
    begin_writing(connection, BUSY_MILLISECONDS)
