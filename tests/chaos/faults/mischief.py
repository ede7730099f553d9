from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from time import time
from typing import Any

import psycopg
from kafka import KafkaConsumer, KafkaProducer

from services.runtime.kafka.brokers.publishing import ID_HEADER, make_producer
from services.runtime.kafka.brokers.topics import read_topics
from tests.chaos.deployment.world import World

PATIENCE_MS = 3_000
MICROSECONDS = 1_000_000
# The share of records that are also written without their id.
STRANGE = 0.2

AGAIN = """
    UPDATE outbox SET published_at = NULL
     WHERE pk IN (SELECT pk FROM outbox WHERE published_at IS NOT NULL AND topic = ANY(%s) ORDER BY random() LIMIT %s)
"""
TAKE = """
    SELECT pk, topic, partition_key, body, event_id FROM outbox WHERE published_at IS NULL ORDER BY pk LIMIT 300
       FOR UPDATE SKIP LOCKED
"""
MARK = "UPDATE outbox SET published_at = %s WHERE pk = ANY(%s)"


def tell_outbox_again(world: World, count: int) -> int:
    """Make the relays publish at most `count` random events again. Return the number of these events."""
    with psycopg.connect(world.database) as connection:
        return connection.execute(AGAIN, [_heard_topics(), count]).rowcount


def tell_old_records_again(world: World, count: int) -> int:
    found = _records(world, count)
    # Consumers can recognise a record without an event id only by its content.
    strange = [record._replace(headers=[]) for record in found if world.noise.random() < STRANGE]
    found += [*strange, *strange]
    world.noise.shuffle(found)
    with _producer(world) as producer:
        futures = [
            producer.send(one.topic, key=one.key, value=one.value, partition=one.partition, headers=list(one.headers))
            for one in found
        ]
        for future in futures:
            future.get(timeout=PATIENCE_MS / 1000)
    return len(found)


def tell_in_disorder(world: World) -> tuple[int, int]:
    """Publish the waiting events in random order. Return the counts of all events and of late events."""
    # A late event follows a newer event with the same key.
    with psycopg.connect(world.database) as connection, _producer(world) as producer:
        waiting = connection.execute(TAKE).fetchall()
        world.noise.shuffle(waiting)
        for _, topic, key, body, event_id in waiting:
            headers = [(ID_HEADER, event_id.encode())]
            # Each event is sent by itself, so that the topics keep the random order.
            sent = producer.send(topic, key=key.encode(), value=bytes(body), headers=headers)
            sent.get(timeout=PATIENCE_MS / 1000)
        connection.execute(MARK, [int(time() * MICROSECONDS), [row[0] for row in waiting]])
    return len(waiting), _overtaken(waiting)


def _overtaken(told: Sequence[Any]) -> int:
    latest: dict[tuple[str, str], int] = {}
    count = 0
    for pk, topic, key, *_ in told:
        count += pk < latest.get((topic, key), 0)
        latest[topic, key] = max(pk, latest.get((topic, key), 0))
    return count


def _records(world: World, count: int) -> list[Any]:
    consumer = KafkaConsumer(
        **world.kafka.client(),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        group_id=None,
        consumer_timeout_ms=PATIENCE_MS,
    )
    with closing(consumer):
        consumer.subscribe(_heard_topics())
        return list(islice(consumer, count))


def _heard_topics() -> list[str]:
    return [topic.name for topic in read_topics() if topic.consumed_by]


@contextmanager
def _producer(world: World) -> Iterator[KafkaProducer]:
    with closing(make_producer(world.kafka)) as producer:
        yield producer
