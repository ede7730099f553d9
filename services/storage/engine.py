"""Database engines: SQLite with every commit on disk, PostgreSQL with limits on every wait."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url

# The wait for SQLite's one write lock.
BUSY_MILLISECONDS = 30_000

# A statement beyond its limit fails and is retried. A transaction may be idle while brokers acknowledge (30 s).
# An idle one beyond its limit is ended, because its locks would block all other workers.
POSTGRES_LIMITS = {
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "120s",
}

# Finds a connection with a dead peer after about 30 seconds (parameters of libpq).
POSTGRES_CONNECTION = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # Milliseconds. Covers data that was sent and never acknowledged, for which keepalives do not run.
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
        return engine
    said = make_url(url).query
    return create_engine(
        url,
        # A server restart leaves dead connections in the pool.
        pool_pre_ping=True,
        connect_args={name: value for name, value in POSTGRES_CONNECTION.items() if name not in said},
    )


def reading(engine: Engine) -> Engine:
    # On SQLite such a transaction takes no write lock. PostgreSQL needs no difference.
    return engine.execution_options(pullcord_read_only=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin only at the first write, so `_begin_sqlite` issues BEGIN.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        # Readers go on while one process writes.
        "journal_mode=WAL",
        # A commit is on disk when it returns, so a 202 answer survives a power cut.
        "synchronous=FULL",
        # SQLite ignores foreign keys unless told otherwise.
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        # KiB, if negative.
        "cache_size=-131072",
        "temp_store=MEMORY",
        # Pages (16 MB of 4 KiB pages).
        "wal_autocheckpoint=4000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    read_only = connection.get_execution_options().get("pullcord_read_only", False)
    # Takes the write lock at the start: upgrading a read lock later could fail half way.
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
