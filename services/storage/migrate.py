"""Brings a database to the schema of this version, or back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from services.storage.dialect import LOCK_CLASS, Exclusive

MIGRATIONS = Path(__file__).parent / "migrations"

MIGRATION = {"lock_class": LOCK_CLASS, "number": Exclusive.MIGRATION.value}
"""The lock under which one process at a time migrates."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Create or upgrade the schema; a database already there is left as it is."""
    with _migrating(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to `revision` (`base` removes every table)."""
    with _migrating(engine) as connection:
        command.downgrade(_config(connection), revision)


class DatabaseSchema(StrEnum):
    """How a database's schema stands to this version."""

    NONE = "none"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    """Of a later version. It holds all that this version needs: what a migration replaces goes a version later."""

    @property
    def fits(self) -> bool:
        """Whether this version can work with it."""
        return self in (DatabaseSchema.CURRENT, DatabaseSchema.NEWER)


def schema_of(connection: Connection) -> DatabaseSchema:
    """How the database's schema stands to this version."""
    scripts = ScriptDirectory.from_config(_config(connection))
    there = MigrationContext.configure(connection).get_current_revision()
    if there is None:
        return DatabaseSchema.NONE
    if there == scripts.get_current_head():
        return DatabaseSchema.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return DatabaseSchema.OLDER if there in known else DatabaseSchema.NEWER


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """A connection for migrations, each a transaction or taking itself out of one; on PostgreSQL one process at a time.

    A migration may run long, but does not wait long for a lock on a table: whoever else wants it would wait behind it.
    """
    with engine.connect() as connection:
        if connection.dialect.name != "postgresql":
            yield connection
            connection.commit()
            return
        _execute(connection, "SET statement_timeout = 0", "SET lock_timeout = '10min'")
        connection.execute(text("SELECT pg_advisory_lock(:lock_class, :number)"), MIGRATION)
        _execute(connection, "SET lock_timeout = '5s'")
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:lock_class, :number)"), MIGRATION)
            _execute(connection, "RESET statement_timeout", "RESET lock_timeout")


def _execute(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(text(statement))
    connection.commit()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
