"""Hands events to the consumers of this process: what a relay and a broker do, in one process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import DataError, SQLAlchemyError

from services.storage.dialect import is_conflict
from services.storage.events.missed import republish_missed
from services.storage.events.outbox import StoredEvent, mark_published, unpublished
from services.storage.events.process import Consumer, NotUnderstoodError, PoisonError, process, put_in_quarantine
from services.storage.store import Store
from services.storage.vault import MissingKeyError

log = structlog.get_logger()

# Events (of up to 500 records each) in one transaction.
BATCH = 12

# Clocks of processes beside each other may differ by this much.
A_WHILE = timedelta(minutes=1)

HANDLED = Counter("pullcord_events_handled_total", "Events handled, each counted once.", ("consumer",))

CONFLICTS = Counter(
    "pullcord_event_conflicts_total",
    "Batches of events handled in halves because another worker was at the same rows first.",
    ("consumer",),
)

LEFT_ALONE = Counter(
    "pullcord_events_left_alone_total",
    "Events left to a newer version, which knows their kind.",
    ("consumer",),
)


class EventDispatcher:
    """Takes the oldest events not yet published and hands them to every consumer of their topic."""

    def __init__(self, store: Store, consumers: Sequence[Consumer], batch: int = BATCH) -> None:
        self._store = store
        self._consumers = consumers
        self._batch = batch

    def run_once(self) -> int:
        """Hand one batch to the consumers; returns the number of events. Call again until it returns 0."""
        with self._store.reading() as connection:
            events = unpublished(connection, self._batch)
        if not events:
            return 0
        # One after the other: a consumer may read what the one before has written.
        for consumer in self._consumers:
            heard = [event for event in events if event.topic in consumer.topics]
            if heard:
                deliver(self._store, consumer, heard)
        with self._store.writing() as connection:
            # After all consumers: a crash before it has them see the events again, and their inboxes know them.
            mark_published(connection, events, self._store.now())
        return len(events)


def republish_missed_to(store: Store, consumers: Sequence[Consumer]) -> int:
    """Publish again what an older version left alone; returns the number of events."""
    now = store.now()
    with store.writing() as connection:
        return sum(
            # In one process an event counts as published once it was handled.
            republish_missed(connection, consumer.name, topic, now - A_WHILE)
            for consumer in consumers
            for topic in consumer.topics
        )


def deliver(store: Store, consumer: Consumer, events: Sequence[StoredEvent]) -> None:
    """Have a consumer handle events.

    An event that can never be handled is put in quarantine, one that only a newer version knows is left alone, and
    the rest go on without them.
    """
    remaining = list(events)
    while remaining:
        try:
            _process(store, consumer, remaining)
        except PoisonError as poison:
            lost = poison.event
            log.error("event_quarantined", consumer=consumer.name, topic=lost.topic, event_id=lost.event_id)
            put_in_quarantine(store, consumer, poison)
            # What was handled with it has been rolled back, so the rest is handled anew.
            remaining = _without(remaining, lost)
        except NotUnderstoodError as unknown:
            left = unknown.event
            log.warning("event_left_alone", consumer=consumer.name, topic=left.topic, event_id=left.event_id)
            LEFT_ALONE.labels(consumer.name).inc()
            remaining = _without(remaining, left)
        else:
            return


def _without(events: Sequence[StoredEvent], one: StoredEvent) -> list[StoredEvent]:
    return [event for event in events if event.event_id != one.event_id]


def _process(store: Store, consumer: Consumer, events: Sequence[StoredEvent]) -> None:
    try:
        HANDLED.labels(consumer.name).inc(process(store, consumer, events))
    except (PoisonError, NotUnderstoodError):
        raise
    except Exception as error:  # noqa: BLE001 - what may pass is raised again
        for part in _parts(consumer, events, error):
            deliver(store, consumer, part)


def _parts(consumer: Consumer, events: Sequence[StoredEvent], error: Exception) -> list[Sequence[StoredEvent]]:
    """Return what to handle by itself after a failure of the whole.

    Raises the error itself if it may pass, PoisonError if there is one event to blame.
    """
    if is_conflict(error) and len(events) > 1:
        CONFLICTS.labels(consumer.name).inc()
        # Another worker was at the same rows: halves meet it more rarely.
        middle = len(events) // 2
        return [events[:middle], events[middle:]]
    if _may_pass(error):
        raise error
    if len(events) == 1:
        # Alone, and no passing fault: it is this event.
        raise PoisonError(events[0], error) from error
    # One by one, to find the event to blame.
    return [[event] for event in events]


def _may_pass(error: Exception) -> bool:
    # A fault of the database, the machine or the keys. Values that the database refuses stay refused.
    machinery = (SQLAlchemyError, OSError, MemoryError, MissingKeyError)
    # DataError is a value out of range, which no retry makes fit.
    return isinstance(error, machinery) and not isinstance(error, DataError)
