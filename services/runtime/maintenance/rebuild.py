# Correct matches and cases stay unchanged, so nobody is alerted twice.
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
    for consumer in consumers:
        for entries in _batches(store):
            _rebuild_batch(store, consumer, entries)
            yield len(entries)


def _batches(store: Store) -> Iterator[Collection[int]]:
    last = 0
    # By primary key and not by offset, because entries may be added meanwhile.
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
        # The same kind of transaction as for events, but without an inbox: no event is marked as handled.
        work = UnitOfWork(connection, store, now)
        write_effects(work, consumer.rebuild(work, entries))
