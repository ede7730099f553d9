"""The few places where SQLite and PostgreSQL must be told different things."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import IntEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.dml import Insert


def among(connection: Connection, column: ColumnElement[int], values: Collection[int]) -> ColumnElement[bool]:
    """That an integer column has one of many values, sent as one parameter: one statement to plan, however many."""
    if connection.dialect.name == "postgresql":
        return column == func.any(bindparam(None, list(values), type_=ARRAY(BigInteger), unique=True))
    listed = func.json_each("[" + ",".join(map(str, values)) + "]").table_valued("value")
    return column.in_(select(literal_column("value")).select_from(listed))


def upsert(connection: Connection, table: Table, key: Sequence[str], changing: Sequence[str]) -> Insert:
    """An insert that, where the key is there already, changes the named columns to the new values."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    values = {name: statement.excluded[name] for name in changing}
    made: Insert = statement.on_conflict_do_update(index_elements=list(key), set_=values)
    return made


def skipping_locked(connection: Connection, query: Select[Any]) -> Select[Any]:
    """A query whose rows this transaction claims: those another worker is at are passed over. SQLite has one writer."""
    return query.with_for_update(skip_locked=True) if connection.dialect.name == "postgresql" else query


LOCK_CLASS = 0x70636F62
"""What our advisory locks are known by among others of the database."""


class Exclusive(IntEnum):
    """What one process at a time does, by the number of its lock; the numbers below are the outbox's lanes."""

    CANARIES = 16
    MIGRATION = 17
    CLOSING = 18


def try_exclusive(connection: Connection, number: int) -> bool:
    """Take the lock of this number until the transaction ends; whether it was free. SQLite has one writer."""
    if connection.dialect.name != "postgresql":
        return True
    query = text("SELECT pg_try_advisory_xact_lock(:lock_class, :number)")
    return bool(connection.scalar(query, {"lock_class": LOCK_CLASS, "number": number}))


def share_lock(connection: Connection) -> bool:
    """Whether rows must be locked to stay as they are: SQLite has one writer, so nobody else can change them."""
    return connection.dialect.name == "postgresql"
