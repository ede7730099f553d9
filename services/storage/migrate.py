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

# Only one process at a time migrates: it takes this lock.
MIGRATION = {"lock_class": LOCK_CLASS, "number": Exclusive.MIGRATION.value}


def upgrade(engine: Engine, revision: str = "head") -> None:
    with _migrating(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    with _migrating(engine) as connection:
        command.downgrade(_config(connection), revision)


class DatabaseSchema(StrEnum):
    NONE = "none"
    OLDER = "older"
    CURRENT = "current"
    # A newer schema works too, because a migration removes replaced parts only one version later.
    NEWER = "newer"

    @property
    def fits(self) -> bool:
        return self in (DatabaseSchema.CURRENT, DatabaseSchema.NEWER)


def schema_of(connection: Connection) -> DatabaseSchema:
    scripts = ScriptDirectory.from_config(_config(connection))
    there = MigrationContext.configure(connection).get_current_revision()
    if there is None:
        return DatabaseSchema.NONE
    if there == scripts.get_current_head():
        return DatabaseSchema.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    # A revision that this version does not know can only come from a later version.
    return DatabaseSchema.OLDER if there in known else DatabaseSchema.NEWER


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        if connection.dialect.name != "postgresql":
            yield connection
            connection.commit()
            return
        # A migration may take long, and so may the wait for another process that migrates.
        _execute(connection, "SET statement_timeout = 0", "SET lock_timeout = '10min'")
        # The session holds the lock, because each migration has its own transaction.
        connection.execute(text("SELECT pg_advisory_lock(:lock_class, :number)"), MIGRATION)
        # The wait for a table lock is short, because all other queries wait behind a migration that waits.
        _execute(connection, "SET lock_timeout = '5s'")
        try:
            yield connection
            connection.commit()
        finally:
            # The rollback is needed because a failed transaction accepts no statement, not even the unlock.
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
