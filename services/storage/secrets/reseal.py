# An interrupted run can be started again.

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, case, func, select, update

from services.storage.dialect import skipping_locked
from services.storage.store import Store
from services.storage.tables import audit, deliveries, feeds, notices, register_entries, submission_outcomes
from services.storage.vault import Vault, key_of, place

# The number of values in one transaction. On SQLite no other process can write during the transaction.
BATCH: Final = 500

# Seconds between two batches. Other processes can write in this time.
BREATH: Final = 0.05

# Seconds until every process seals under a new key, if all processes read the same key file.
KNOWN_WITHIN: Final = 1.5

# The most passes. The limit stops the run if a process keeps sealing under an old key.
PASSES: Final = 20


@dataclass(frozen=True, slots=True)
class SealedColumn:
    table: Table
    name: str
    # The column that identifies the row in `vault.place`.
    keyed_by: str

    @property
    def key(self) -> Column[Any]:
        # Rows are visited in the order of the primary key.
        (column,) = self.table.primary_key.columns
        return column

    @property
    def sealed(self) -> Column[Any]:
        return self.table.c[self.name]

    @property
    def named(self) -> Column[Any]:
        return self.table.c[self.keyed_by]

    def place(self, named: Any) -> bytes:
        return place(self.table.name, named.encode() if isinstance(named, str) else named)

    def under(self, head: bytes) -> ColumnElement[bool]:
        # The key is read from the sealed value, because not every table has a column for the key id.
        return func.substr(self.sealed, 1, len(head)) == head


# Every sealed column of every table. The values of a column missing here would be lost when the old key is removed.
SEALED_COLUMNS: Final = (
    SealedColumn(notices, "sealed", "record_key"),
    SealedColumn(register_entries, "sealed", "record_key"),
    SealedColumn(audit, "actor_sealed", "pk"),
    SealedColumn(deliveries, "address_sealed", "pk"),
    SealedColumn(feeds, "policy_sealed", "feed_id"),
    SealedColumn(submission_outcomes, "references_sealed", "chunk_id"),
)


def sealed_under(connection: Connection, vault: Vault) -> Counter[str | None]:
    found: Counter[str | None] = Counter()
    for column in SEALED_COLUMNS:
        by_key = {key_id: func.count(case((column.under(head), 1))) for key_id, head in vault.heads.items()}
        every, *counts = connection.execute(select(func.count(column.sealed), *by_key.values())).one()
        # None counts the values under keys that are not loaded.
        found.update(dict(zip(by_key, counts, strict=True)) | {None: every - sum(counts)})
    return +found


def left_to_reseal(store: Store) -> int:
    with store.reading() as connection:
        found = sealed_under(connection, store.vault)
    return found.total() - found[store.vault.current]


def reseal_all(store: Store, pause: Callable[[float], None], batch: int = BATCH) -> Iterator[int]:
    """Encrypt all values again under the current vault key. Yield the size of each finished batch.

    `pause` must wait for the given number of seconds. Raises VaultError if a key is missing.
    """
    for _ in range(PASSES):
        for done in reseal(store, batch):
            yield done
            pause(BREATH)
        # A process may have sealed under the old key until it read the new one. The next pass finds such values.
        pause(KNOWN_WITHIN)
        if not left_to_reseal(store):
            return


def reseal(store: Store, batch: int = BATCH) -> Iterator[int]:
    for column in SEALED_COLUMNS:
        last: Any = None
        # Each batch begins after the last key of the batch before, so that a skipped row cannot cause an endless loop.
        while True:
            with store.writing() as connection:
                done, last = _reseal_batch(connection, store.vault, column, last, batch)
            if not done:
                break
            yield done


def _reseal_batch(
    connection: Connection, vault: Vault, column: SealedColumn, after: Any, batch: int
) -> tuple[int, Any]:
    query = select(column.key, column.named, column.sealed).where(~column.under(vault.heads[vault.current]))
    if after is not None:
        query = query.where(column.key > after)
    rows = connection.execute(skipping_locked(connection, query.order_by(column.key).limit(batch))).all()
    if not rows:
        return 0, after
    changes = [{"b_key": key, **_anew(vault, column, named, sealed)} for key, named, sealed in rows]
    values: dict[str, Any] = {name.removeprefix("b_"): bindparam(name) for name in changes[0] if name != "b_key"}
    connection.execute(update(column.table).where(column.key == bindparam("b_key")).values(values), changes)
    return len(rows), rows[-1][0]


def _anew(vault: Vault, column: SealedColumn, named: Any, sealed: bytes) -> dict[str, Any]:
    where = column.place(named)
    anew = vault.seal(where, vault.open(where, sealed))
    changed = {f"b_{column.name}": anew}
    # Some tables also store the key id. Both columns must change together.
    return changed | {"b_key_id": key_of(anew)} if "key_id" in column.table.c else changed
