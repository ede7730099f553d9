"""Brings matches and cases back from the records, as after a total loss of the brokers or of events not yet handled.

Every entry is matched and every case reviewed as the records are now. What stands already stays as it is, so nobody is
paged for it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from services.runtime.consumers import DeployedConsumer
from services.runtime.maintenance.store import entries_after
from services.storage.events.process import write_effects
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

# Entries in one transaction.
BATCH = 2_000


def rebuild(store: Store, consumers: Sequence[DeployedConsumer]) -> Iterator[int]:
    """Have each consumer in turn look at every register entry; yields how many entries each transaction looked at."""
    for consumer in consumers:
        for entries in _batches(store):
            _rebuild_batch(store, consumer, entries)
            yield len(entries)


def _batches(store: Store) -> Iterator[Collection[int]]:
    last = 0
    # By primary key and not by offset: entries may be added meanwhile.
    while True:
        with store.reading() as connection:
            found = entries_after(connection, last, BATCH)
        if not found:
            return
        yield found
        last = found[-1]


def _rebuild_batch(store: Store, consumer: DeployedConsumer, entries: Collection[int]) -> None:
    now = store.now()
    with store.processing() as connection:
        # The same transaction as for events, without an inbox: nothing is marked as handled.
        work = UnitOfWork(connection, store, now)
        write_effects(work, consumer.rebuild(work, entries))
