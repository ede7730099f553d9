"""Runs a relay and its canaries. Connects to the brokers, and connects again after a failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from kafka import KafkaProducer
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from services.runtime.kafka.canary import Canaries
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.relay import Relay, RelayError, make_producer
from services.runtime.kafka.topics import Topic, make_topics, read_topics
from services.storage.store import Store

FAILED = Counter("pullcord_relay_failures_total", "Times that publishing to the brokers failed.")

CLOSING_SECONDS = 1.0


@dataclass(frozen=True)
class _BrokerConnection:
    producer: KafkaProducer
    relay: Relay
    canaries: Canaries


@dataclass
class RelaySupervisor:
    """Publishes the outbox and the canaries. With each new connection it creates the topics that are missing."""

    store: Store
    settings: KafkaSettings
    canaries_every: timedelta
    topics: Sequence[Topic] = field(default_factory=read_topics)
    _connected: _BrokerConnection | None = None

    def publishing_from(self, store: Store) -> Callable[[], int]:
        """Set the store, and return `run_once` as the work of a loop."""
        self.store = store
        return self.run_once

    def run_once(self) -> int:
        """Publish events and due canaries.

        Return the number of published events, plus the number of lost events that are to be published again. Raises
        RelayError if the brokers cannot be reached, have unsuitable topics, or do not accept the events. The next call
        then connects again.
        """
        try:
            at = self._connect()
            return at.relay.run_once() + at.canaries.run_once()
        # A fault of the database says nothing about the brokers.
        except SQLAlchemyError:
            raise
        except BaseException as error:  # whatever the brokers' library raises, this connection is not trusted any more
            FAILED.inc()
            self.close()
            raise RelayError(f"publishing to the brokers failed: {type(error).__name__}") from error

    def close(self) -> None:
        connected, self._connected = self._connected, None
        if connected is not None:
            with suppress(Exception):
                # Do not wait for records in the producer: their events are still in the outbox.
                connected.producer.close(CLOSING_SECONDS)

    def _connect(self) -> _BrokerConnection:
        if self._connected is None:
            # Before the producer is made, which would let the brokers create topics with one partition.
            make_topics(self.settings)
            producer = make_producer(self.settings)
            # A topic without a consumer needs no canaries.
            heard = [topic for topic in self.topics if topic.consumed_by]
            canaries = Canaries(self.store, producer, heard, self.canaries_every)
            self._connected = _BrokerConnection(producer, Relay(self.store, producer), canaries)
        return self._connected
