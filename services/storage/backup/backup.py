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

# The number of sealed values that the check opens in each column: half are the oldest, half the newest.
SAMPLE: Final = 100

# A sender's own record, as it was sealed.
Record = Mapping[str, Any]


def _reference_of_notice(record: Record) -> str:
    return lasting_reference(record.get("provider_reference"), record["id"])


def _reference_of_entry(record: Record) -> str:
    reference: str = record["entry_id"]
    return reference


# Finds the reference in a sealed record. The record key is made from the reference with the token key.
REFERENCES: Final[Mapping[Table, Callable[[Record], str]]] = {
    notices: _reference_of_notice,
    register_entries: _reference_of_entry,
}

Counts = Mapping[str, int]


class CopyError(PullcordError):
    """A copy of the database is damaged, is of an older version, or was encrypted with other keys."""


@dataclass(frozen=True, slots=True)
class Contents:
    rows: Counts
    keys: tuple[str, ...]
    record_ends: datetime | None


def copy_database(store: Store, target: Path) -> Counts:
    # The copy has the state of one moment, even if others write meanwhile.
    with store.reading() as connection, closing(sqlite3.connect(target)) as copy:
        # The rows are counted in the transaction of the copy, so that the numbers fit the copy.
        rows = count_rows(connection)
        source: Any = connection.connection.driver_connection
        source.backup(copy)
    make_one_file(target)
    return rows


def make_one_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        # Leaving write-ahead mode moves the log into the main file and removes the log.
        connection.execute("PRAGMA journal_mode=DELETE")
    sync_file(path)


def count_rows(connection: Connection) -> Counts:
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in metadata.sorted_tables
    }


def check_copy(copy: Store) -> Contents:
    """Raises CopyError if the schema does not fit, a key is missing, or a value cannot be decrypted."""
    # Every key id is checked, but only a sample of the values is opened.
    with copy.reading() as connection:
        if not schema_of(connection).fits:
            raise CopyError("the copy is no database of Pullcord, or of an older version")
        keys = _check_keys(connection, copy)
        return Contents(count_rows(connection), keys, last_on_record(connection))


def check_whole(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as connection:
            # This check reads every page, so its time grows with the file.
            faults = connection.execute("PRAGMA integrity_check").fetchall()
            orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError:
        raise CopyError("the file is no SQLite database, or damaged") from None
    if faults != [("ok",)] or orphans:
        raise CopyError("the file is damaged: SQLite's own check finds faults in it")


def last_on_record(connection: Connection) -> datetime | None:
    # Every effect writes an audit row, so the last audit row has the time of the last change.
    moment: datetime | None = connection.scalar(select(audit.c.at).order_by(audit.c.pk.desc()).limit(1))
    return moment


def _check_keys(connection: Connection, copy: Store) -> tuple[str, ...]:
    needed = sealed_under(connection, copy.vault)
    # All values are counted, because a sample could miss values under an old key.
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
    # The oldest and the newest rows are the most likely to be under another key.
    for order in (column.key.asc(), column.key.desc()):
        yield from connection.execute(query.order_by(order)).mappings()


def _check_value(copy: Store, column: SealedColumn, row: Mapping[str, Any]) -> None:
    value = copy.vault.open(column.place(row[column.keyed_by]), row[column.name])
    if column.table not in REFERENCES:
        return
    # The key of an area record is made from the area, and not from a reference.
    if row.get("area_facts") is not None:
        return
    reference = REFERENCES[column.table](value["record"])
    # With a wrong token key all values open, but no record is ever found. So the check compares a record key.
    if copy.tokeniser.record_key(row["feed_id"], reference) != row["record_key"]:
        raise CopyError(
            "the copy was made with another token key: with this one its records would never find each other"
        )
