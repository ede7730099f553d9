"""A relay and its canaries, connected to the brokers when they can be reached, and anew after they were lost."""

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
class _Connected:
    producer: KafkaProducer
    relay: Relay
    canaries: Canaries


@dataclass
class RelaySupervisor:
    """Publishes the outbox and canaries. Brokers that have lost everything are given their topics again."""

    store: Store
    settings: KafkaSettings
    canaries_every: timedelta
    topics: Sequence[Topic] = field(default_factory=read_topics)
    _connected: _Connected | None = None

    def publishing_from(self, store: Store) -> Callable[[], int]:
        """Return its work, with this store."""
        self.store = store
        return self.run_once

    def run_once(self) -> int:
        """Publish what there is; returns the number of events published or to be published again.

        Raises RelayError when the brokers cannot be reached or do not take it; the next call connects anew.
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
                # What it still holds is in the outbox: nothing is waited for.
                connected.producer.close(CLOSING_SECONDS)

    def _connect(self) -> _Connected:
        if self._connected is None:
            # Before the producer, which would have the brokers make topics with one partition.
            make_topics(self.settings)
            producer = make_producer(self.settings)
            # A canary that nobody hears proves nothing.
            heard = [topic for topic in self.topics if topic.consumed_by]
            canaries = Canaries(self.store, producer, heard, self.canaries_every)
            self._connected = _Connected(producer, Relay(self.store, producer), canaries)
        return self._connected
