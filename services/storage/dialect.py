"""Statements that differ between SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    FromClause,
    Select,
    Table,
    TableValuedAlias,
    bindparam,
    cast,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.dml import Insert
from sqlalchemy.types import UserDefinedType

Columns = ReadOnlyColumnCollection[str, Any]

# The most keys in one SQLite statement. SQLite's limit of parameters is far higher.
KEYS = 5_000


def among(connection: Connection, column: ColumnElement[int], values: Collection[int]) -> ColumnElement[bool]:
    # All values are sent as one parameter.
    if connection.dialect.name == "postgresql":
        return column == _any_of(",".join(map(str, values)))
    return column.in_(select(listed(connection, values).c.value))


def among_keys(
    connection: Connection, column: ColumnElement[bytes], keys: Collection[bytes]
) -> Iterator[ColumnElement[bool]]:
    if connection.dialect.name == "postgresql":
        yield column == _any_of(",".join([rf'"\\x{key.hex()}"' for key in keys]))
        return
    # Several conditions, because SQLite limits the parameters of one statement.
    every = list(keys)
    for start in range(0, len(every), KEYS):
        yield column.in_(every[start : start + KEYS])


class _UntypedText(UserDefinedType[str]):
    # PostgreSQL derives the type from the context.
    cache_ok = True


def _any_of(array: str) -> ColumnElement[Any]:
    # The array is sent as text in PostgreSQL's notation, because the driver is slower for a list.
    return func.any(bindparam(None, f"{{{array}}}", type_=_UntypedText(), unique=True))


def listed(connection: Connection, values: Collection[int]) -> TableValuedAlias:
    text_of = ",".join(map(str, values))
    if connection.dialect.name == "postgresql":
        # There is one parameter for any number of values, so the statement is planned only once.
        array: ColumnElement[Any] = cast(literal(f"{{{text_of}}}"), postgresql.ARRAY(BigInteger))
        return func.unnest(array).table_valued("value").render_derived()
    return func.json_each(f"[{text_of}]").table_valued("value")


def looked_up(
    connection: Connection, rows: FromClause, table: Table, condition: ColumnElement[bool], *columns: ColumnElement[Any]
) -> tuple[FromClause, Columns]:
    if connection.dialect.name != "postgresql":
        return rows.join(table, condition), table.c
    # If its statistics are old, PostgreSQL reads a whole table for a few rows. OFFSET prevents this.
    found = select(*columns).where(condition).offset(0).lateral(f"{table.name}_found")
    return rows.join(found, true()), found.c


def earliest(connection: Connection, if_none: date, *days: ColumnElement[date | None]) -> ColumnElement[date]:
    """A NULL date counts as `if_none`, which must be later than any other date."""
    # `min` of SQLite is NULL if any value is NULL, so no value is left NULL.
    least = func.least if connection.dialect.name == "postgresql" else func.min
    found: ColumnElement[date] = least(*(func.coalesce(day, literal(if_none, Date)) for day in days), type_=Date)
    return found


def upsert(connection: Connection, table: Table, key: Sequence[str], changing: Sequence[str]) -> Insert:
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    values = {name: statement.excluded[name] for name in changing}
    made: Insert = statement.on_conflict_do_update(index_elements=list(key), set_=values)
    return made


def skipping_locked(connection: Connection, query: Select[Any]) -> Select[Any]:
    # SQLite has one writer, so no other worker can have locked these rows.
    return query.with_for_update(skip_locked=True) if connection.dialect.name == "postgresql" else query


# PostgreSQL's codes for a serialization failure and a deadlock.
CONFLICTS = frozenset({"40001", "40P01"})

# Separates Pullcord's advisory locks from others in the database ("pcob" in ASCII).
LOCK_CLASS = 0x70636F62


class Exclusive(IntEnum):
    # Smaller numbers belong to the lanes of the outbox.
    CANARIES = 16
    MIGRATION = 17
    CLOSING = 18
    SILENCES = 19


def try_exclusive(connection: Connection, number: int) -> bool:
    """Lock the number until the transaction ends. Return False if another transaction has the lock."""
    if connection.dialect.name != "postgresql":
        # On SQLite a transaction that writes already excludes all others.
        return True
    query = text("SELECT pg_try_advisory_xact_lock(:lock_class, :number)")
    return bool(connection.scalar(query, {"lock_class": LOCK_CLASS, "number": number}))


def is_conflict(error: Exception) -> bool:
    # On SQLite the second writer waits, so no conflict occurs.
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return state in CONFLICTS


def time_of_database(connection: Connection) -> datetime | None:
    # SQLite has no clock of its own.
    if connection.dialect.name != "postgresql":
        return None
    now: datetime = connection.scalars(text("SELECT clock_timestamp()")).one()
    return now.astimezone(UTC)


def is_read_only(connection: Connection) -> bool | None:
    """Return None on SQLite, where only a failed write shows that the database is read-only."""
    # SQLite says so only when it is asked to change something.
    if connection.dialect.name != "postgresql":
        return None
    return bool(connection.scalar(text("SELECT current_setting('transaction_read_only')")) == "on")


def share_lock(connection: Connection) -> bool:
    # SQLite has one writer, so rows cannot change under a transaction that writes.
    return connection.dialect.name == "postgresql"
