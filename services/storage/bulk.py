# SQLAlchemy's own insert is too slow.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, LargeBinary, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from services.storage.dialect import upsert

Processor = Callable[[Any], Any]


def bulk_insert(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Each row has its values in the order of `names`."""
    if not rows:
        return
    processors = _processors(table, tuple(names), connection.dialect)
    values = [_converted(row, processors) for row in rows] if processors else [tuple(row) for row in rows]
    quote = connection.dialect.identifier_preparer.quote
    target = f"{quote(table.name)} ({', '.join(quote(name) for name in names)})"
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {target} FROM STDIN", values)
    else:
        signs = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {target} VALUES ({signs})", values)  # noqa: S608 - names of our own


def bulk_upsert(
    connection: Connection, table: Table, key: Sequence[str], changing: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows, or set the `changing` columns of rows that are there. The rows have the same columns."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(upsert(connection, table, key, changing), rows)
        return
    names = tuple(rows[0])
    processors = _processors(table, names, connection.dialect)
    quote = connection.dialect.identifier_preparer.quote
    signs, columns = ", ".join("?" * len(names)), ", ".join(map(quote, names))
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in changing)
    conflict = f"ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET {changes}"
    statement = f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({signs}) {conflict}"  # noqa: S608 - names of our own
    connection.exec_driver_sql(statement, [_converted([row[name] for name in names], processors) for row in rows])


def _copy(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    driver: Any = connection.dialect.dbapi
    connected: Any = connection.connection
    try:
        with connected.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        # Callers retry on SQLAlchemy's errors, so an error of the driver is wrapped in one.
        # The parameters stay hidden, because they may be personal data.
        raise DBAPIError.instance(
            statement, None, error, driver.Error, hide_parameters=True, dialect=connection.dialect
        ) from error


def _converted(row: Sequence[Any], processors: Sequence[tuple[int, Processor]]) -> tuple[Any, ...]:
    values = list(row)
    for place, process in processors:
        values[place] = process(values[place])
    return tuple(values)


# Cached, because finding the processors takes longer than converting a row.
@lru_cache(maxsize=64)
def _processors(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[tuple[int, Processor], ...]:
    found = ((place, _processor(table.c[name].type, dialect)) for place, name in enumerate(names))
    return tuple((place, process) for place, process in found if process is not None)


def _processor(type_: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    # Both drivers accept bytes unchanged. SQLAlchemy's wrapper for bytes costs more than the rest of the row.
    if isinstance(type_, LargeBinary):
        return None
    return type_.dialect_impl(dialect).bind_processor(dialect)
