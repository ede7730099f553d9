"""Engines: SQLite with every commit on disk, PostgreSQL with limits to how long anything may be waited for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url

BUSY_MILLISECONDS = 30_000

POSTGRES_LIMITS = {
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "120s",
}
"""What waits longer than this for a lock, or runs longer, is given up and tried again. A transaction may be idle for as
long as brokers may take to acknowledge (30 s), but not for ever: its locks would hold up everybody."""

POSTGRES_CONNECTION = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "options": " ".join(f"-c {name}={value}" for name, value in POSTGRES_LIMITS.items()),
}
"""A connection whose other end has gone without a word is found dead after half a minute (libpq's parameters)."""


def make_engine(url: str) -> Engine:
    """An engine for a `sqlite:///` or `postgresql+psycopg://` URL.

    SQLite: write-ahead log, `synchronous=FULL` (a commit is on the disk when it returns, so a 202 survives a power
    cut), foreign keys on, and every transaction takes the write lock at its start, so none fails half way for want of
    it.

    PostgreSQL: `POSTGRES_LIMITS` hold for every statement; what the URL itself says of the connection goes before them.
    """
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    said = make_url(url).query
    return create_engine(
        url,
        pool_pre_ping=True,
        connect_args={name: value for name, value in POSTGRES_CONNECTION.items() if name not in said},
    )


def reading(engine: Engine) -> Engine:
    """The same engine for transactions that only read: on SQLite they take no write lock."""
    return engine.execution_options(pullcord_read_only=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "cache_size=-131072",
        "temp_store=MEMORY",
        "wal_autocheckpoint=4000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    read_only = connection.get_execution_options().get("pullcord_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
