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

# The number of events in one transaction. Each event has up to 500 records.
BATCH = 12

# The most that the clocks of parallel processes may differ.
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
    def __init__(self, store: Store, consumers: Sequence[Consumer], batch: int = BATCH) -> None:
        self._store = store
        self._consumers = consumers
        self._batch = batch
        # The partition key that had the last turn.
        self._served: str | None = None

    def run_once(self) -> int:
        with self._store.reading() as connection:
            events = unpublished(connection, self._batch, after=self._served)
        if not events:
            return 0
        self._served = events[-1].partition_key
        # The consumers run in order: a consumer may read what the previous consumer has written.
        for consumer in self._consumers:
            heard = [event for event in events if event.topic in consumer.topics]
            if heard:
                deliver(self._store, consumer, heard)
        with self._store.writing() as connection:
            # Last, so that after a crash the consumers get the events again. Their inboxes drop handled events.
            mark_published(connection, events, self._store.now())
        return len(events)


def republish_missed_to(store: Store, consumers: Sequence[Consumer]) -> int:
    # An older version of Pullcord, for example, leaves out events that it does not know.
    now = store.now()
    with store.writing() as connection:
        return sum(
            # In one process an event counts as published once it was handled.
            republish_missed(connection, consumer.name, topic, now - A_WHILE)
            for consumer in consumers
            for topic in consumer.topics
        )


def deliver(store: Store, consumer: Consumer, events: Sequence[StoredEvent]) -> None:
    """Let the consumer handle the events. After an error, the caller must deliver all these events again."""
    # A newer version's event is skipped. A bad event goes to quarantine.
    remaining = list(events)
    while remaining:
        try:
            _process(store, consumer, remaining)
        except PoisonError as poison:
            lost = poison.event
            log.error("event_quarantined", consumer=consumer.name, topic=lost.topic, event_id=lost.event_id)
            put_in_quarantine(store, consumer, poison)
            # The whole batch was rolled back, so the remaining events are handled again.
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
    except Exception as error:  # noqa: BLE001 - `_parts` raises an error that may pass again
        for part in _parts(consumer, events, error):
            deliver(store, consumer, part)


def _parts(consumer: Consumer, events: Sequence[StoredEvent], error: Exception) -> list[Sequence[StoredEvent]]:
    """Divide events that failed together into smaller groups.

    Raises PoisonError for a single bad event. Raises `error` if a later attempt may succeed.
    """
    if is_conflict(error) and len(events) > 1:
        CONFLICTS.labels(consumer.name).inc()
        # Another worker changes the same rows. Smaller batches collide less often.
        middle = len(events) // 2
        return [events[:middle], events[middle:]]
    if _may_pass(error):
        raise error
    if len(events) == 1:
        # The batch is a single event and the fault lasts, so the event is the cause.
        raise PoisonError(events[0], error) from error
    # One event at a time, to find the event that causes the fault.
    return [[event] for event in events]


def _may_pass(error: Exception) -> bool:
    # Only a fault of the database, the machine or the keys may be temporary.
    machinery = (SQLAlchemyError, OSError, MemoryError, MissingKeyError)
    # DataError means that a value is out of range: a retry cannot help.
    return isinstance(error, machinery) and not isinstance(error, DataError)
