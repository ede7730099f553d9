"""Publishes the stored events to the brokers, lane by lane. A lane is a part of a topic."""
# A crash may repeat an event. The inboxes of the consumers drop the repetition.

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import SystemRandom
from time import monotonic

import structlog
from kafka.errors import BrokerResponseError, KafkaError
from prometheus_client import Counter
from sqlalchemy import Connection

from services.core.backoff import delay
from services.runtime.consumers import consumers_of
from services.runtime.kafka.brokers.publishing import REFUSALS, TOO_LARGE, BrokerRecord, Publisher, RelayError
from services.storage.dialect import try_exclusive
from services.storage.events.outbox import Lane, StoredEvent, lanes_with_backlog, mark_published, unpublished
from services.storage.events.process import set_aside
from services.storage.events.splitting import split
from services.storage.store import Store

log = structlog.get_logger()

# The number of events of a lane in one transaction.
BATCH = 200

# Seconds until a lane that failed is tried again.
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0

# The name under which an event is in quarantine if it has no consumer of ours.
NOBODY = "relay"

PUBLISHED = Counter("pullcord_relay_events_total", "Events published to the brokers.")
FAILED = Counter("pullcord_relay_failures_total", "Times that publishing to the brokers failed.")


@dataclass(frozen=True)
class Relay:
    store: Store
    publisher: Publisher
    # The lanes that failed: how often in a row, and when each is tried again. A new connection must not forget them.
    waiting: dict[Lane, tuple[int, float]] = field(default_factory=dict)
    time: Callable[[], float] = monotonic
    # The partition key that had the last turn in each lane.
    served: dict[Lane, str] = field(default_factory=dict)

    def run_once(self) -> int:
        """Return the number of published events. Raises RelayError if the brokers did not answer."""
        with self.store.reading() as connection:
            lanes = lanes_with_backlog(connection)
        published, failed, unanswered = 0, set[str](), set[str]()
        # Lanes that failed before come last, because each may wait for the brokers for half a minute.
        for lane in sorted(lanes, key=lambda one: (one in self.waiting, one)):
            # A topic that fails in one lane fails in the others as well.
            if lane.topic in failed or self._waits(lane):
                continue
            done, error = self._publish_lane(lane)
            published += done
            if error is not None:
                failed.add(lane.topic)
                self._put_off(lane, error)
                # A broker that refuses a topic, for example for lack of rights, has answered.
                if not isinstance(error, BrokerResponseError):
                    unanswered.add(lane.topic)
            else:
                self.waiting.pop(lane, None)
            # If two topics wait in vain and nothing succeeds, the brokers themselves are at fault.
            if len(unanswered) > 1 and not published:
                break
        if unanswered and not published:
            raise RelayError("the brokers did not take the events")
        FAILED.inc(len(failed))
        return published

    def _waits(self, lane: Lane) -> bool:
        return lane in self.waiting and self.time() < self.waiting[lane][1]

    def _put_off(self, lane: Lane, error: KafkaError) -> None:
        attempt = self.waiting.get(lane, (0, 0.0))[0] + 1
        wait = delay(attempt, FIRST_WAIT, LONGEST_WAIT, SystemRandom().random())
        self.waiting[lane] = attempt, self.time() + wait
        log.error(
            "publishing_failed", topic=lane.topic, error=type(error).__name__, attempt=attempt, seconds=round(wait, 1)
        )

    def _publish_lane(self, lane: Lane) -> tuple[int, KafkaError | None]:
        with self.store.writing() as connection:
            # Only one relay at a time publishes the events of a lane, to keep the order of the events.
            # The lock ends with the transaction, also when the process is killed.
            if not try_exclusive(connection, lane.number):
                return 0, None
            events = unpublished(connection, BATCH, lane, self.served.get(lane))
            outcomes = self.publisher.publish([_broker_record(event) for event in events])
            done, error = self._sorted_out(connection, events, outcomes)
            # After a crash between these two lines, the events are published twice, and none is lost.
            mark_published(connection, done, self.store.now())
        if events:
            self.served[lane] = events[-1].partition_key
        PUBLISHED.inc(len(done))
        return len(done), error

    def _sorted_out(
        self, connection: Connection, events: Sequence[StoredEvent], outcomes: Sequence[KafkaError | None]
    ) -> tuple[list[StoredEvent], KafkaError | None]:
        """Return the finished events, and the first error of an event that must be sent again."""
        done: list[StoredEvent] = []
        failure: KafkaError | None = None
        stopped = set[str]()
        for event, error in zip(events, outcomes, strict=True):
            if isinstance(error, REFUSALS):
                # An event in quarantine is finished.
                if not self._cut(connection, event, error):
                    done.append(event)
                continue
            # If an event failed, later events with the same key are published again after it.
            if error is None and event.partition_key not in stopped:
                done.append(event)
                continue
            stopped.add(event.partition_key)
            failure = failure or error
        return done, failure

    def _cut(self, connection: Connection, event: StoredEvent, error: KafkaError) -> bool:
        """Split a refused event, or put the event in quarantine. Return True for a split event."""
        why = type(error).__name__
        if isinstance(error, TOO_LARGE) and split(connection, event, self.store.random):
            log.warning("event_split", topic=event.topic, event_id=event.event_id, error=why)
            return True
        for consumer in consumers_of(event.topic) or (NOBODY,):
            set_aside(self.store, consumer, event, why)
        log.error("event_quarantined", consumer=NOBODY, topic=event.topic, event_id=event.event_id, error=why)
        return False


def _broker_record(event: StoredEvent) -> BrokerRecord:
    return BrokerRecord(event.topic, event.partition_key, event.event_id, event.body)
