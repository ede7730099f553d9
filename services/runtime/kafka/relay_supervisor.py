from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from services.runtime.kafka.brokers.publishing import Publisher, RelayError
from services.runtime.kafka.brokers.topics import Topic, make_topics, read_topics
from services.runtime.kafka.canary import Canaries
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.relay import FAILED, Relay
from services.storage.database.deployment import identity_of
from services.storage.events.outbox import Lane
from services.storage.store import Store

CLOSING_SECONDS = 1.0


@dataclass(frozen=True)
class _BrokerConnection:
    publisher: Publisher
    relay: Relay
    canaries: Canaries


@dataclass
class RelaySupervisor:
    # At each new connection, missing topics are created.
    store: Store
    settings: KafkaSettings
    canaries_every: timedelta
    topics: Sequence[Topic] = field(default_factory=read_topics)
    _connected: _BrokerConnection | None = None
    # The lanes that failed, over all connections.
    _waiting: dict[Lane, tuple[int, float]] = field(default_factory=dict)

    def publishing_from(self, store: Store) -> Callable[[], int]:
        self.store = store
        return self.run_once

    def run_once(self) -> int:
        """Publish waiting events and due canaries. After a RelayError, the next call connects again."""
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
                connected.publisher.close(CLOSING_SECONDS)

    def _connect(self) -> _BrokerConnection:
        if self._connected is None:
            # Before the producer is made, which would let the brokers create topics with one partition.
            make_topics(self.settings)
            with self.store.reading() as connection:
                identity = identity_of(connection)
            publisher = Publisher(self.settings, identity.id if identity else None)
            # A topic without a consumer needs no canaries.
            heard = [topic for topic in self.topics if topic.consumed_by]
            canaries = Canaries(self.store, publisher, heard, self.canaries_every)
            self._connected = _BrokerConnection(publisher, Relay(self.store, publisher, self._waiting), canaries)
        return self._connected
