"""Seals every sealed column anew under the current vault key, so that an older key can be taken away.

It goes in batches, each a transaction of its own. A value under the current key is left alone, so a run that was cut
off is carried on by the next, and one that has nothing to do changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, func, select, update

from services.storage.store import Store
from services.storage.tables import audit, deliveries, feeds, notices, register_entries
from services.storage.vault import Vault, place

BATCH: Final = 1_000
"""Values in one transaction: on SQLite nobody else writes meanwhile."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values; `keyed_by` is the column whose value names the place of a row (see `vault.place`)."""

    table: Table
    name: str
    keyed_by: str

    @property
    def key(self) -> Column[Any]:
        """The primary key, in whose order the rows are gone through."""
        (column,) = self.table.primary_key.columns
        return column

    @property
    def sealed(self) -> Column[Any]:
        """The sealed values."""
        return self.table.c[self.name]


SEALED_COLUMNS: Final = (
    SealedColumn(notices, "sealed", "record_key"),
    SealedColumn(register_entries, "sealed", "record_key"),
    SealedColumn(audit, "actor_sealed", "pk"),
    SealedColumn(deliveries, "route_sealed", "pk"),
    SealedColumn(feeds, "policy_sealed", "feed_id"),
)


def left_to_reseal(store: Store) -> int:
    """How many values are sealed under another key than the current one."""
    with store.reading() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(column.table).where(_under_another_key(column, store)))
            for column in SEALED_COLUMNS
        ]
    return sum(count or 0 for count in counts)


def reseal(store: Store, batch: int = BATCH) -> Iterator[int]:
    """Seal every value anew that is under another key than the current one; yields the size of each batch once on disk.

    Raises VaultError where a value's key is missing; the batches before it are on disk.
    """
    for column in SEALED_COLUMNS:
        last: Any = None
        while True:
            with store.writing() as connection:
                done, last = _reseal_batch(connection, store, column, last, batch)
            if not done:
                break
            yield done


def _reseal_batch(
    connection: Connection, store: Store, column: SealedColumn, after: Any, batch: int
) -> tuple[int, Any]:
    query = select(column.key, column.table.c[column.keyed_by], column.sealed).where(_under_another_key(column, store))
    if after is not None:
        query = query.where(column.key > after)
    rows = connection.execute(query.order_by(column.key).limit(batch).with_for_update()).all()
    if not rows:
        return 0, after
    changes = [{"b_key": key, "b_sealed": _anew(store.vault, column, named, sealed)} for key, named, sealed in rows]
    values: dict[str, Any] = {column.name: bindparam("b_sealed")}
    if "key_id" in column.table.c:
        values["key_id"] = store.vault.current
    connection.execute(update(column.table).where(column.key == bindparam("b_key")).values(values), changes)
    return len(rows), rows[-1][0]


def _anew(vault: Vault, column: SealedColumn, named: Any, sealed: bytes) -> bytes:
    where = place(column.table.name, named.encode() if isinstance(named, str) else named)
    return vault.seal(where, vault.open(where, sealed))


def _under_another_key(column: SealedColumn, store: Store) -> ColumnElement[bool]:
    """By the head of the value itself (its length and its key's id): not every table has a column for the key."""
    head = store.vault.head
    return func.substr(column.sealed, 1, len(head)) != head
