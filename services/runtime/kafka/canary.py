"""Finds lost events with canaries. A canary is a test record that follows the events of a partition."""
# So a received canary shows that missing earlier events are lost.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from schemas.canary import Canary, CanaryData
from services.core.ids import event_id
from services.runtime.kafka.brokers.publishing import BrokerRecord, Publisher, RelayError
from services.runtime.kafka.brokers.topics import Topic
from services.storage.dialect import Exclusive, try_exclusive
from services.storage.events.canaries import Partition, heard_until, note_published, partitions_due
from services.storage.events.missed import republish_missed
from services.storage.store import Store

log = structlog.get_logger()

# The key of a canary's record. A worker recognises a canary by this key.
CANARY_KEY = "canary"

AGAIN = Counter(
    "pullcord_events_republished_total",
    "Events that were published, never handled, and published again.",
    ("consumer",),
)


@dataclass(frozen=True)
class Canaries:
    store: Store
    publisher: Publisher
    topics: Sequence[Topic]
    every: timedelta

    def run_once(self) -> int:
        """Publish the canaries that are due.

        The relay then publishes again the events that earlier canaries show as lost. Return the number of these events.
        Raises RelayError if the brokers accept no canary.
        """
        now = self.store.now()
        with self.store.writing() as connection:
            # One relay at a time. The lock ends with the transaction.
            if not try_exclusive(connection, Exclusive.CANARIES):
                return 0
            due = partitions_due(connection, self._partitions(), self.every, now)
            # In the transaction that holds the lock, so that no second relay publishes the same canaries.
            note_published(connection, self._published(due, now), now)
            # Only once per round of canaries, because the search costs a query for each topic.
            return self._republish(connection) if due else 0

    def _published(self, due: Sequence[Partition], now: datetime) -> list[Partition]:
        # A topic that the brokers refuse gets no canary, and the others get theirs.
        outcomes = self.publisher.publish([self._canary(one, now) for one in due])
        failed = {one[0]: type(error).__name__ for one, error in zip(due, outcomes, strict=True) if error is not None}
        for topic, error in failed.items():
            log.error("publishing_failed", topic=topic, error=error)
        if due and None not in outcomes:
            raise RelayError("the brokers did not take the canaries")
        return [one for one, error in zip(due, outcomes, strict=True) if error is None]

    def _partitions(self) -> list[Partition]:
        return [
            # Every partition needs canaries: a consumer may lose its offset in a single partition.
            (topic.name, number)
            for topic in self.topics
            for number in sorted(self.publisher.partitions_for(topic.name))
        ]

    def _canary(self, partition: Partition, now: datetime) -> BrokerRecord:
        topic, number = partition
        said = Canary(id=event_id(now, self.store.random), time=now, data=CanaryData(topic=topic, partition=number))
        return BrokerRecord(topic, CANARY_KEY, said.id, said.model_dump_json().encode(), number)

    def _republish(self, connection: Connection) -> int:
        found = 0
        for topic in self.topics:
            for consumer in topic.consumed_by:
                given = heard_until(connection, consumer, topic.name)
                # The relay publishes lost events again. The clocks of two relays may differ by up to `every`.
                again = republish_missed(connection, consumer, topic.name, given - self.every) if given else 0
                if again:
                    log.error("events_republished", consumer=consumer, topic=topic.name, handled=again)
                    AGAIN.labels(consumer).inc(again)
                found += again
        return found
