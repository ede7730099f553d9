"""Makes database engines. On SQLite every commit is on disk. On PostgreSQL every wait has a limit."""

from __future__ import annotations

from pathlib import Path
from shutil import disk_usage
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url

from services.storage.faults import watch_faults

# With less room than this, the write-ahead log of SQLite may find none for the next change [P].
LEAST_FREE_BYTES = 8 * 1024 * 1024

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
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # In milliseconds, for data that was sent and not acknowledged. Keepalives do not run while such data wait.
    "tcp_user_timeout": 25_000,
    "options": " ".join(f"-c {name}={value}" for name, value in POSTGRES_LIMITS.items()),
}


def make_engine(url: str) -> Engine:
    """Return an engine for a `sqlite:///` or `postgresql+psycopg://` URL.

    Settings in a PostgreSQL URL override `POSTGRES_CONNECTION`.
    """
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        watch_faults(engine)
        return engine
    said = make_url(url).query
    engine = create_engine(
        url,
        # Checks a connection before use, because a restart of the server leaves dead connections in the pool.
        pool_pre_ping=True,
        connect_args={name: value for name, value in POSTGRES_CONNECTION.items() if name not in said},
    )
    watch_faults(engine)
    return engine


def has_full_disk(engine: Engine) -> bool:
    """Return True if the disk of a SQLite database has no room for its next changes."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database or database == ":memory:":
        return False
    return disk_usage(Path(database).resolve().parent).free < LEAST_FREE_BYTES


def reading(engine: Engine) -> Engine:
    # On SQLite a read-only transaction takes no write lock. PostgreSQL ignores the option.
    return engine.execution_options(pullcord_read_only=True)


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
        # In pages of 4 KiB: 16 MB.
        "wal_autocheckpoint=4000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    read_only = connection.get_execution_options().get("pullcord_read_only", False)
    # IMMEDIATE takes the write lock at the start. A later change from a read lock to a write lock could fail.
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
