from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from sqlalchemy import select

from schemas.events import NoticesReconsidered, RecordRef
from services.runtime.kafka.brokers.topics import read_topics
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.storage.events.outbox import Announcement, announce
from services.storage.store import Store
from services.storage.tables import outbox

POLL_MS = 500


class Tap:
    def __init__(self, settings: KafkaSettings, *topics: str) -> None:
        self._consumer = KafkaConsumer(
            **settings.client(),
            group_id=None,
            enable_auto_commit=False,
            isolation_level="read_committed",
            reconnect_backoff_max_ms=POLL_MS,
        )
        self._partitions = [
            TopicPartition(topic, number)
            for topic in topics or [topic.name for topic in read_topics()]
            for number in self._consumer.partitions_for_topic(topic)
        ]
        self._consumer.assign(self._partitions)
        for partition, end in self._ends().items():
            self._consumer.seek(partition, end)

    def read(self) -> list[Any]:
        found: list[Any] = []
        ends = self._ends()
        while any(self._consumer.position(partition) < end for partition, end in ends.items()):
            for records in self._consumer.poll(POLL_MS).values():
                found += records
        return found

    def close(self) -> None:
        self._consumer.close()

    def _ends(self) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = self._consumer.end_offsets(self._partitions)
        return ends


@contextmanager
def tapped(settings: KafkaSettings, *topics: str) -> Iterator[Tap]:
    # Without topics, all topics are read.
    tap = Tap(settings, *topics)
    try:
        yield tap
    finally:
        tap.close()


def write_events(store: Store, events: Iterable[tuple[str, int]]) -> None:
    told = [Announcement("ingest", key, _event(number)) for key, number in events]
    with store.writing() as connection:
        announce(connection, told, store.now(), store.random)


def _event(number: int) -> NoticesReconsidered:
    record = RecordRef(record=number, revision=1)
    return NoticesReconsidered(feed="provider:RAVN", submission="withdrawal", records=(record,))


def unpublished_events(store: Store) -> Sequence[str]:
    query = select(outbox.c.event_id).where(outbox.c.published_at.is_(None)).order_by(outbox.c.pk)
    with store.reading() as connection:
        return connection.scalars(query).all()
