"""Writes many rows at once: what the toolkit does for a statement of one row is too slow for thousands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, LargeBinary, Table
from sqlalchemy.types import TypeEngine

Processor = Callable[[Any], Any]


def bulk_insert(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows whose values are in the order of `names`, each converted as its column's type demands."""
    if not rows:
        return
    statement, processors = _prepared(table, tuple(names), connection.dialect)
    values = [_converted(row, processors) for row in rows] if processors else [tuple(row) for row in rows]
    connection.exec_driver_sql(statement, values)


def _converted(row: Sequence[Any], processors: Sequence[tuple[int, Processor]]) -> tuple[Any, ...]:
    values = list(row)
    for place, process in processors:
        values[place] = process(values[place])
    return tuple(values)


@lru_cache(maxsize=64)
def _prepared(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[str, tuple[tuple[int, Processor], ...]]:
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    sign = "?" if dialect.paramstyle == "qmark" else "%s"
    statement = f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({', '.join([sign] * len(names))})"  # noqa: S608
    found = ((place, _processor(table.c[name].type, dialect)) for place, name in enumerate(names))
    return statement, tuple((place, process) for place, process in found if process is not None)


def _processor(type_: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    # Both drivers take bytes as they are; the toolkit's wrapping of each value costs more than the rest of its row.
    if isinstance(type_, LargeBinary):
        return None
    return type_.dialect_impl(dialect).bind_processor(dialect)
