"""Moves all times of notices, cases and alerts one day back, so that a day seems to pass."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any

from sqlalchemy import JSON, Column, Connection, Date, Table, select, text, update

from services.storage.store import Store
from services.storage.tables import Moment, alerts, cases, notices

# What the rules of alerts compare with the clock. All columns of these tables are moved, so that none is forgotten.
TABLES = (notices, cases, alerts)
# A moment is stored in microseconds.
A_DAY = {Moment: timedelta(days=1) // timedelta(microseconds=1), Date: 1}
# A day, or the day of a moment, as JSON writes it. A case also keeps texts in which days stand between blanks.
DAY = re.compile(r'(?<=[" ])\d{4}-\d\d-\d\d(?=["T ])')


def let_a_day_pass(store: Store) -> None:
    # The SQL is only for PostgreSQL.
    with store.writing() as connection:
        for table in TABLES:
            _move_columns(connection, table)
            for column in table.columns:
                if isinstance(column.type, JSON):
                    _move_days(connection, column)


def _move_columns(connection: Connection, table: Table) -> None:
    days = {column.name: A_DAY[type(column.type)] for column in table.columns if type(column.type) in A_DAY}
    moved = ", ".join(f"{name} = {name} - {day}" for name, day in days.items())
    connection.execute(text(f"UPDATE {table.name} SET {moved}"))


def _move_days(connection: Connection, column: Column[Any]) -> None:
    table = column.table
    for pk, value in connection.execute(select(table.c.pk, column).where(column.is_not(None))).all():
        moved = json.loads(DAY.sub(_day_before, json.dumps(value)))
        if moved != value:
            connection.execute(update(table).where(table.c.pk == pk).values({column.name: moved}))


def _day_before(found: re.Match[str]) -> str:
    return str(date.fromisoformat(found[0]) - timedelta(days=1))
