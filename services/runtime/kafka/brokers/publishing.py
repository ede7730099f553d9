from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace

from kafka import KafkaProducer
from kafka.errors import InvalidRecordError, KafkaError, KafkaTimeoutError, MessageSizeTooLargeError
from kafka.errors import RecordListTooLargeError as BatchTooLargeError

from services.core.errors import PullcordError
from services.runtime.kafka.kafka_settings import KafkaSettings

# Seconds in which the brokers must acknowledge. After that the transaction is rolled back, and the events wait.
ACKNOWLEDGED_WITHIN = 30

# The header with an event's id, named as in CloudEvents. It identifies even an event that cannot be decoded.
ID_HEADER = "ce_id"

# The header with the id of the deployment that published a record.
SENDER_HEADER = "pullcord_deployment"

# Errors about a record itself: the brokers would refuse it again, however often it is sent.
TOO_LARGE = (MessageSizeTooLargeError, BatchTooLargeError)
REFUSALS = (*TOO_LARGE, InvalidRecordError)


class RelayError(PullcordError):
    """The brokers did not accept the events. The events stay in the outbox."""

    permanent = False


@dataclass(frozen=True, slots=True)
class BrokerRecord:
    topic: str
    key: str
    event_id: str
    value: bytes
    # If None, the key decides on the partition.
    partition: int | None = None


# Milliseconds. The first is a little less than ACKNOWLEDGED_WITHIN: the producer gives up before the transaction does.
LIMITS = {
    "delivery_timeout_ms": (ACKNOWLEDGED_WITHIN - 5) * 1000,
    "request_timeout_ms": 10_000,
    "max_block_ms": 10_000,
}


def make_producer(settings: KafkaSettings, *, careful: bool = False) -> KafkaProducer:
    """Return a Kafka producer. Only a careful producer still works after the brokers refuse a record."""
    return KafkaProducer(
        **settings.client(),
        # With idempotence, a retry never writes a record twice. A careful producer may write a record twice.
        enable_idempotence=not careful,
        # Every in-sync replica must have a record, so that the loss of one broker loses no record.
        acks="all",
        compression_type="lz4",
        linger_ms=0 if careful else 5,
        **LIMITS,
    )


class Publisher:
    def __init__(self, settings: KafkaSettings, sender: str | None = None) -> None:
        """`sender` is the id of the deployment."""
        self._settings, self._sender = settings, sender
        self._producer = make_producer(settings)

    def publish(self, records: Sequence[BrokerRecord]) -> list[KafkaError | None]:
        """Publish the records, and wait for the brokers. Return each record's error, or None if accepted."""
        outcomes = self._sent_by(self._producer, records)
        doubtful = [place for place, error in enumerate(outcomes) if isinstance(error, REFUSALS)]
        if doubtful:
            # After one refusal the library's producer gives the same error to every record, and for good.
            self._producer.close(0)
            self._producer = make_producer(self._settings)
            with closing(make_producer(self._settings, careful=True)) as alone:
                for place in doubtful:
                    (outcomes[place],) = self._sent_by(alone, [records[place]])
        return outcomes

    def partitions_for(self, topic: str) -> Collection[int]:
        found: Collection[int] = self._producer.partitions_for(self._settings.broker_topic(topic))
        return found

    def close(self, seconds: float = 1.0) -> None:
        self._producer.close(seconds)

    def _sent_by(self, producer: KafkaProducer, records: Sequence[BrokerRecord]) -> list[KafkaError | None]:
        named = [replace(one, topic=self._settings.broker_topic(one.topic)) for one in records]
        return _published(producer, named, [(SENDER_HEADER, self._sender.encode())] if self._sender else [])


def _published(
    producer: KafkaProducer, records: Sequence[BrokerRecord], headers: Sequence[tuple[str, bytes]]
) -> list[KafkaError | None]:
    sent: list[object] = []
    for one in records:
        # If one record has waited in vain for the brokers, each of the others would wait just as long.
        given_up = sent and isinstance(sent[-1], KafkaTimeoutError)
        sent.append(sent[-1] if given_up else _sent(producer, one, headers))
    # Each record has its own outcome, even if the wait was too long.
    with suppress(KafkaError):
        # All records are sent before the first acknowledgement is awaited.
        producer.flush(ACKNOWLEDGED_WITHIN)
    return [_outcome(one) for one in sent]


def _sent(producer: KafkaProducer, one: BrokerRecord, more: Sequence[tuple[str, bytes]]) -> object:
    headers = [(ID_HEADER, one.event_id.encode()), *more]
    try:
        return producer.send(one.topic, key=one.key.encode(), value=one.value, headers=headers, partition=one.partition)
    except KafkaError as error:
        return error


def _outcome(sent: object) -> KafkaError | None:
    if isinstance(sent, KafkaError):
        return sent
    future: object = sent
    try:
        # Not awaited for long: after the flush every record has its outcome, or has waited long enough.
        future.get(timeout=1)  # type: ignore[attr-defined]
    except KafkaError as error:
        return error
    return None
