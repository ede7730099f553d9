"""The relay: publishes the outbox to Kafka. Any number may run; one at a time takes a lane, so a key keeps its order.

A row is marked as published only after the broker has acknowledged it, in the transaction that claimed it. After a
crash it is published again, and the inboxes of the consumers know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kafka import KafkaProducer
from kafka.errors import KafkaError
from prometheus_client import Counter

from services.core.errors import PullcordError
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.storage.dialect import try_exclusive
from services.storage.events.outbox import StoredEvent, lanes_with_backlog, mark_published, unpublished
from services.storage.store import Store

# Events of a lane in one transaction.
BATCH = 200

# Seconds a broker has to acknowledge before the transaction is given up and the rows wait to be published again.
ACKNOWLEDGED_WITHIN = 30

# The header with an event's id (the name is CloudEvents'): one that cannot be read is still known by it.
ID_HEADER = "ce_id"

PUBLISHED = Counter("pullcord_relay_events_total", "Events published to the brokers.")


class RelayError(PullcordError):
    """The brokers did not take the events; they stay in the outbox."""

    permanent = False


def make_producer(settings: KafkaSettings) -> KafkaProducer:
    return KafkaProducer(
        **settings.client(),
        # A retry of the producer never writes a record twice.
        enable_idempotence=True,
        # All copies that are in step, so that no loss of one broker loses a record.
        acks="all",
        compression_type="lz4",
        linger_ms=5,
        # A little less than ACKNOWLEDGED_WITHIN: the producer gives up before the transaction does.
        delivery_timeout_ms=(ACKNOWLEDGED_WITHIN - 5) * 1000,
        request_timeout_ms=10_000,
        max_block_ms=10_000,
    )


@dataclass(frozen=True, slots=True)
class BrokerRecord:
    """A record for the brokers. Without a partition its key decides."""

    topic: str
    key: str
    event_id: str
    value: bytes
    partition: int | None = None


def publish(producer: KafkaProducer, records: Sequence[BrokerRecord]) -> None:
    """Publish these records, and wait until all copies of the brokers have them. Raises RelayError."""
    try:
        futures = [
            producer.send(
                one.topic,
                key=one.key.encode(),
                value=one.value,
                headers=[(ID_HEADER, one.event_id.encode())],
                partition=one.partition,
            )
            for one in records
        ]
        # All are sent before the first is waited for.
        producer.flush(ACKNOWLEDGED_WITHIN)
        for future in futures:
            # Raises what became of each record.
            future.get(timeout=ACKNOWLEDGED_WITHIN)
    except KafkaError as error:
        raise RelayError(f"the brokers did not take the events: {type(error).__name__}") from error


@dataclass(frozen=True)
class Relay:
    """Publishes what is in the outbox."""

    store: Store
    producer: KafkaProducer

    def run_once(self) -> int:
        """Publish a batch of every lane that no other relay works on; returns the number of events.

        Raises RelayError when the brokers do not take them.
        """
        with self.store.reading() as connection:
            lanes = lanes_with_backlog(connection)
        return sum(self._publish_lane(lane) for lane in lanes)

    def _publish_lane(self, lane: int) -> int:
        with self.store.writing() as connection:
            # The lock ends with the transaction, also when the process is killed.
            if not try_exclusive(connection, lane):
                return 0
            events = unpublished(connection, BATCH, lane)
            publish(self.producer, [_broker_record(event) for event in events])
            # A crash between the two lines publishes twice and loses nothing.
            mark_published(connection, events, self.store.now())
        PUBLISHED.inc(len(events))
        return len(events)


def _broker_record(event: StoredEvent) -> BrokerRecord:
    return BrokerRecord(event.topic, event.partition_key, event.event_id, event.body)
