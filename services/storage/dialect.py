"""The few places where SQLite and PostgreSQL must be told different things."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
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

KEYS = 5_000
"""How many keys one statement names on SQLite: well under the number of parameters it takes."""


def among(connection: Connection, column: ColumnElement[int], values: Collection[int]) -> ColumnElement[bool]:
    """That an integer column has one of many values, sent as one parameter: one statement to plan, however many."""
    if connection.dialect.name == "postgresql":
        return column == _any_of(",".join(map(str, values)))
    return column.in_(select(listed(connection, values).c.value))


def among_keys(
    connection: Connection, column: ColumnElement[bytes], keys: Collection[bytes]
) -> Iterator[ColumnElement[bool]]:
    """That a column of bytes has one of many values, however many: conditions for one statement each."""
    if connection.dialect.name == "postgresql":
        yield column == _any_of(",".join([rf'"\\x{key.hex()}"' for key in keys]))
        return
    every = list(keys)
    for start in range(0, len(every), KEYS):
        yield column.in_(every[start : start + KEYS])


class _Unnamed(UserDefinedType[str]):
    """A text whose type the server finds out by what it is compared with, so that it is a constant when it plans."""

    cache_ok = True


def _any_of(array: str) -> ColumnElement[Any]:
    """Any element of an array in PostgreSQL's own writing: the driver takes longer over a list than over a text."""
    return func.any(bindparam(None, f"{{{array}}}", type_=_Unnamed(), unique=True))


def listed(connection: Connection, values: Collection[int]) -> TableValuedAlias:
    """Integers as a table of one column, `value`, sent as one parameter."""
    text_of = ",".join(map(str, values))
    if connection.dialect.name == "postgresql":
        array: ColumnElement[Any] = cast(literal(f"{{{text_of}}}"), postgresql.ARRAY(BigInteger))
        return func.unnest(array).table_valued("value").render_derived()
    return func.json_each(f"[{text_of}]").table_valued("value")


def looked_up(
    connection: Connection, rows: FromClause, table: Table, condition: ColumnElement[bool], *columns: ColumnElement[Any]
) -> tuple[FromClause, Columns]:
    """Rows with those of a table that meet a condition on them, looked up row by row; and the columns named of it.

    PostgreSQL joins by what it believes of the tables; one that it has not counted since it was filled, it reads to
    the end for a few rows. It does not look into a query with an offset. SQLite looks up as it is.
    """
    if connection.dialect.name != "postgresql":
        return rows.join(table, condition), table.c
    found = select(*columns).where(condition).offset(0).lateral(f"{table.name}_found")
    return rows.join(found, true()), found.c


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


CONFLICTS = frozenset({"40001", "40P01"})
"""PostgreSQL's codes for a serialization failure and a deadlock."""

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


def is_conflict(error: Exception) -> bool:
    """Whether a transaction failed because another was at the same rows first. On SQLite the second one waits."""
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return state in CONFLICTS


def time_of_database(connection: Connection) -> datetime | None:
    """What the server's clock says, UTC. SQLite has none but the machine's."""
    if connection.dialect.name != "postgresql":
        return None
    now: datetime = connection.scalars(text("SELECT clock_timestamp()")).one()
    return now.astimezone(UTC)


def share_lock(connection: Connection) -> bool:
    """Whether rows must be locked to stay as they are: SQLite has one writer, so nobody else can change them."""
    return connection.dialect.name == "postgresql"
