"""A whole copy of a SQLite database beside those who work with it, and whether a copy can be trusted.

PostgreSQL has tools of its own for both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select

from schemas.notice import lasting_reference
from services.core.errors import PullcordError
from services.storage.backup.files import sync_file
from services.storage.migrate import schema_of
from services.storage.secrets.reseal import SEALED_COLUMNS, SealedColumn, sealed_under
from services.storage.store import Store
from services.storage.tables import audit, metadata, notices, register_entries
from services.storage.vault import VaultError

SAMPLE: Final = 100
"""How many values of each sealed column are opened: half the oldest, half the newest."""

Record = Mapping[str, Any]
"""A sender's own words, as they are sealed."""


def _reference_of_notice(record: Record) -> str:
    return lasting_reference(record.get("provider_reference"), record["id"])


def _reference_of_entry(record: Record) -> str:
    reference: str = record["entry_id"]
    return reference


REFERENCES: Final[Mapping[Table, Callable[[Record], str]]] = {
    notices: _reference_of_notice,
    register_entries: _reference_of_entry,
}
"""How a sealed record says the reference it is kept under, from which the token key makes its record key."""

Counts = Mapping[str, int]


class CopyError(PullcordError):
    """A copy of the database cannot be trusted, or not with the keys at hand."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy holds: rows by table, the vault keys it needs, and when the last thing on record happened."""

    rows: Counts
    keys: tuple[str, ...]
    record_ends: datetime | None


def copy_database(store: Store, target: Path) -> Counts:
    """Copy a SQLite database as it is at one moment into a file, which is whole on the disk then; returns its rows.

    Others may write meanwhile. The file needs no other beside it.
    """
    with store.reading() as connection, closing(sqlite3.connect(target)) as copy:
        rows = count_rows(connection)
        source: Any = connection.connection.driver_connection
        source.backup(copy)
    make_one_file(target)
    return rows


def make_one_file(path: Path) -> None:
    """Have a database that nobody uses be one file without a log beside it, on the disk."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    sync_file(path)


def count_rows(connection: Connection) -> Counts:
    """How many rows each table has."""
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in metadata.sorted_tables
    }


def check_copy(copy: Store) -> Contents:
    """What a copy in a SQLite file holds, after a look at all of it.

    Raises CopyError where it is of another schema, or does not open with the store's keys.
    """
    with copy.reading() as connection:
        if not schema_of(connection).fits:
            raise CopyError("the copy is no database of Pullcord, or of an older version")
        keys = _check_keys(connection, copy)
        return Contents(count_rows(connection), keys, last_on_record(connection))


def check_whole(path: Path) -> None:
    """Raises CopyError for a file that is no SQLite database, or a damaged one."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            faults = connection.execute("PRAGMA integrity_check").fetchall()
            orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError:
        raise CopyError("the file is no SQLite database, or damaged") from None
    if faults != [("ok",)] or orphans:
        raise CopyError("the file is damaged: SQLite's own check finds faults in it")


def last_on_record(connection: Connection) -> datetime | None:
    """When the last thing on record happened: whatever is done or told is written in the audit."""
    moment: datetime | None = connection.scalar(select(audit.c.at).order_by(audit.c.pk.desc()).limit(1))
    return moment


def _check_keys(connection: Connection, copy: Store) -> tuple[str, ...]:
    """The ids of the keys it needs."""
    needed = sealed_under(connection, copy.vault)
    if needed[None]:
        raise CopyError("the copy holds values under a vault key that is not among the keys")
    try:
        for column in SEALED_COLUMNS:
            for row in _sample(connection, column):
                _check_value(copy, column, row)
    except VaultError:
        raise CopyError("values in the copy do not open: it is damaged, or was made with other keys") from None
    return tuple(key_id for key_id in copy.vault.heads if needed[key_id])


def _sample(connection: Connection, column: SealedColumn) -> Iterator[Any]:
    query = select(column.table).where(column.sealed.is_not(None)).limit(SAMPLE // 2)
    for order in (column.key.asc(), column.key.desc()):
        yield from connection.execute(query.order_by(order)).mappings()


def _check_value(copy: Store, column: SealedColumn, row: Mapping[str, Any]) -> None:
    value = copy.vault.open(column.place(row[column.keyed_by]), row[column.name])
    if column.table not in REFERENCES:
        return
    reference = REFERENCES[column.table](value["record"])
    if copy.tokeniser.record_key(row["feed_id"], reference) != row["record_key"]:
        raise CopyError(
            "the copy was made with another token key: with this one its records would never find each other"
        )
