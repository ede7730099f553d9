"""Brings a database to the schema of this version, or back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from services.storage.dialect import LOCK_CLASS

MIGRATIONS = Path(__file__).parent / "migrations"

MIGRATION = {"lock_class": LOCK_CLASS, "number": 18}
"""The lock under which one process at a time migrates."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Create or upgrade the schema; a database already there is left as it is."""
    with _migrating(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to `revision` (`base` removes every table)."""
    with _migrating(engine) as connection:
        command.downgrade(_config(connection), revision)


def is_current(connection: Connection) -> bool:
    """Whether the database has this version's schema."""
    head = ScriptDirectory.from_config(_config(connection)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """A transaction for a migration; on PostgreSQL one at a time.

    It may run long, but does not wait long for a lock on a table: whoever else wants that table would wait behind it.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = '10min'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock_class, :number)"), MIGRATION)
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        yield connection


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
