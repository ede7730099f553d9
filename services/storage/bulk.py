"""Writes many rows at once: what the toolkit does for a statement of one row is too slow for thousands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, LargeBinary, Table, insert
from sqlalchemy.types import TypeEngine

Processor = Callable[[Any], Any] | None


def bulk_insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns, each value converted as its column's type demands."""
    if not rows:
        return
    names = tuple(rows[0])
    statement, processors = _prepared(table, names, connection.dialect)
    values = [[row[name] if process is None else process(row[name]) for name, process in processors] for row in rows]
    if connection.dialect.positional:
        connection.exec_driver_sql(statement, [tuple(row) for row in values])
    else:
        connection.exec_driver_sql(statement, [dict(zip(names, row, strict=True)) for row in values])


@lru_cache(maxsize=64)
def _prepared(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[str, tuple[tuple[str, Processor], ...]]:
    statement = insert(table).values(dict.fromkeys(names)).compile(dialect=dialect, column_keys=list(names))
    order = statement.positiontup or list(names)
    types = {name: table.c[name].type for name in names}
    return str(statement), tuple((name, _processor(types[name], dialect)) for name in order)


def _processor(type_: TypeEngine[Any], dialect: Dialect) -> Processor:
    # Both drivers take bytes as they are; the toolkit's wrapping of each value costs more than the rest of its row.
    if isinstance(type_, LargeBinary):
        return None
    return type_.dialect_impl(dialect).bind_processor(dialect)
