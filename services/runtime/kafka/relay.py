"""The relay: publishes the events of the outbox to Kafka.

Any number of relays may run. The outbox is divided into lanes, and all events with the same key are in the same lane.
Only one relay at a time works on a lane, so events with the same key keep their order.

An event is marked as published only after the brokers have acknowledged it, in the transaction that locked its lane.
After a crash the event is published again, and the inboxes of the consumers drop the duplicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kafka import KafkaProducer
from kafka.errors import KafkaError
from prometheus_client import Counter

from services.core.errors import PullcordError
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.storage.dialect import try_exclusive
from services.storage.events.outbox import StoredEvent, lanes_with_backlog, mark_published, unpublished
from services.storage.store import Store

# The number of events of a lane in one transaction.
BATCH = 200

# Seconds in which the brokers must acknowledge. After that the transaction is rolled back, and the events wait.
ACKNOWLEDGED_WITHIN = 30

# The header with an event's id, named as in CloudEvents. It identifies even an event that cannot be decoded.
ID_HEADER = "ce_id"

PUBLISHED = Counter("pullcord_relay_events_total", "Events published to the brokers.")


class RelayError(PullcordError):
    """The brokers did not accept the events. The events stay in the outbox."""

    permanent = False


def make_producer(settings: KafkaSettings) -> KafkaProducer:
    return KafkaProducer(
        **settings.client(),
        # A retry of the producer never writes a record twice.
        enable_idempotence=True,
        # Every in-sync replica must have a record, so that the loss of one broker loses no record.
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
    """A record to be published. If `partition` is None, the key decides the partition."""

    topic: str
    key: str
    event_id: str
    value: bytes
    partition: int | None = None


def publish(producer: KafkaProducer, records: Sequence[BrokerRecord]) -> None:
    """Publish these records, and wait until every in-sync replica has them. Raises RelayError if that fails."""
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
        # All records are sent before the first acknowledgement is awaited.
        producer.flush(ACKNOWLEDGED_WITHIN)
        for future in futures:
            # Raises the error if the brokers did not accept this record.
            future.get(timeout=ACKNOWLEDGED_WITHIN)
    except KafkaError as error:
        raise RelayError(f"the brokers did not take the events: {type(error).__name__}") from error


@dataclass(frozen=True)
class Relay:
    """Publishes the events of the outbox."""

    store: Store
    producer: KafkaProducer
    # By lane: the partition key that had the last turn.
    served: dict[int, str] = field(default_factory=dict)

    def run_once(self) -> int:
        """Publish a batch of events from every lane that no other relay works on. Return the number of events.

        Raises RelayError if the brokers do not accept the events.
        """
        with self.store.reading() as connection:
            lanes = lanes_with_backlog(connection)
        return sum(self._publish_lane(lane) for lane in lanes)

    def _publish_lane(self, lane: int) -> int:
        with self.store.writing() as connection:
            # The lock ends with the transaction, also when the process is killed.
            if not try_exclusive(connection, lane):
                return 0
            events = unpublished(connection, BATCH, lane, self.served.get(lane))
            publish(self.producer, [_broker_record(event) for event in events])
            # After a crash between these two lines, the events are published twice, and none is lost.
            mark_published(connection, events, self.store.now())
        if events:
            self.served[lane] = events[-1].partition_key
        PUBLISHED.inc(len(events))
        return len(events)


def _broker_record(event: StoredEvent) -> BrokerRecord:
    return BrokerRecord(event.topic, event.partition_key, event.event_id, event.body)
