"""Tells events to the consumers of this process: what a relay and a broker do, in one process."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.storage.outbox import StoredEvent, mark_published, unpublished
from services.storage.process import Consumer, PoisonError, process, put_in_quarantine
from services.storage.store import Store
from services.storage.vault import MissingKeyError

log = structlog.get_logger()

BATCH = 12
"""How many events (of up to 500 records) are handled in one transaction."""


class Pump:
    """Takes the oldest events not yet told and hands them to every consumer of their topic."""

    def __init__(self, store: Store, consumers: Sequence[Consumer], batch: int = BATCH) -> None:
        self._store = store
        self._consumers = consumers
        self._batch = batch

    def run_once(self) -> int:
        """Tell one batch; returns how many events were told. Call again until it returns 0."""
        with self._store.reading() as connection:
            events = unpublished(connection, self._batch)
        if not events:
            return 0
        for consumer in self._consumers:
            heard = [event for event in events if event.topic in consumer.topics]
            if heard:
                deliver(self._store, consumer, heard)
        with self._store.writing() as connection:
            mark_published(connection, events, self._store.now())
        return len(events)


def deliver(store: Store, consumer: Consumer, events: Sequence[StoredEvent]) -> None:
    """Have a consumer handle events; one that can never be handled is set aside, and the rest go on without it."""
    remaining = list(events)
    while remaining:
        try:
            _process(store, consumer, remaining)
        except PoisonError as poison:
            log.error(
                "event_quarantined", consumer=consumer.name, topic=poison.event.topic, event_id=poison.event.event_id
            )
            put_in_quarantine(store, consumer, poison)
            remaining = [event for event in remaining if event.event_id != poison.event.event_id]
        else:
            return


def _process(store: Store, consumer: Consumer, events: Sequence[StoredEvent]) -> None:
    """Handle events together; if that fails for what is no passing fault, one by one, to find the one to blame."""
    try:
        process(store, consumer, events)
    except (PoisonError, SQLAlchemyError, OSError, MemoryError, MissingKeyError):
        raise
    except Exception as error:
        if len(events) == 1:
            raise PoisonError(events[0], error) from error
        for event in events:
            deliver(store, consumer, [event])
