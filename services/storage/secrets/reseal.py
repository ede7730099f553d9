"""Seals every sealed column anew under the current vault key, so that an older key can be taken away.

It goes in batches, each a transaction of its own, beside whatever else is at work: a row that somebody else is at is
passed over and done on a later pass. A value under the current key is left alone, so a run that was cut off is carried
on by the next, and one that has nothing to do changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, case, func, select, update

from services.storage.dialect import skipping_locked
from services.storage.store import Store
from services.storage.tables import audit, deliveries, feeds, notices, register_entries
from services.storage.vault import Vault, key_of, place

BATCH: Final = 500
"""Values in one transaction: on SQLite nobody else writes meanwhile."""

BREATH: Final = 0.05
"""Seconds between batches, in which others write."""

KNOWN_WITHIN: Final = 1.5
"""Seconds after which no process seals under the key before any more, unless its keys are in a file of its own."""

PASSES: Final = 20


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

    @property
    def named(self) -> Column[Any]:
        """What names the place of a row."""
        return self.table.c[self.keyed_by]

    def place(self, named: Any) -> bytes:
        """The place of a value, from what names it."""
        return place(self.table.name, named.encode() if isinstance(named, str) else named)

    def under(self, head: bytes) -> ColumnElement[bool]:
        """That the value is under the key of that head: by the value itself, as not every table names the key."""
        return func.substr(self.sealed, 1, len(head)) == head


SEALED_COLUMNS: Final = (
    SealedColumn(notices, "sealed", "record_key"),
    SealedColumn(register_entries, "sealed", "record_key"),
    SealedColumn(audit, "actor_sealed", "pk"),
    SealedColumn(deliveries, "route_sealed", "pk"),
    SealedColumn(feeds, "policy_sealed", "feed_id"),
)


def sealed_under(connection: Connection, vault: Vault) -> Counter[str | None]:
    """How many values are sealed under each key that is held; under None, those of keys that are not."""
    found: Counter[str | None] = Counter()
    for column in SEALED_COLUMNS:
        by_key = {key_id: func.count(case((column.under(head), 1))) for key_id, head in vault.heads.items()}
        every, *counts = connection.execute(select(func.count(column.sealed), *by_key.values())).one()
        found.update(dict(zip(by_key, counts, strict=True)) | {None: every - sum(counts)})
    return +found


def left_to_reseal(store: Store) -> int:
    """How many values are sealed under another key than the current one."""
    with store.reading() as connection:
        found = sealed_under(connection, store.vault)
    return found.total() - found[store.vault.current]


def reseal_all(store: Store, pause: Callable[[float], None], batch: int = BATCH) -> Iterator[int]:
    """Go through everything until nothing is left under an older key; yields the size of each batch once on disk.

    `pause` waits for so many seconds. What others seal under the key before, because they have not read the new one
    yet, is done on the next pass.

    Raises VaultError where a value's key is missing; the batches before it are on disk.
    """
    for _ in range(PASSES):
        for done in reseal(store, batch):
            yield done
            pause(BREATH)
        pause(KNOWN_WITHIN)
        if not left_to_reseal(store):
            return


def reseal(store: Store, batch: int = BATCH) -> Iterator[int]:
    """Go through everything once. See `reseal_all`."""
    for column in SEALED_COLUMNS:
        last: Any = None
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
    """What changes of a row."""
    where = column.place(named)
    anew = vault.seal(where, vault.open(where, sealed))
    changed = {f"b_{column.name}": anew}
    return changed | {"b_key_id": key_of(anew)} if "key_id" in column.table.c else changed
