# A received canary proves that the earlier events of its partition were received too.

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from services.storage.dialect import upsert
from services.storage.tables import canaries, canaries_heard

# A topic and the number of one of its partitions.
Partition = tuple[str, int]


def partitions_due(
    connection: Connection, partitions: Iterable[Partition], every: timedelta, now: datetime
) -> list[Partition]:
    published = _published(connection)
    return [one for one in partitions if one not in published or now - published[one] >= every]


def note_published(connection: Connection, partitions: Iterable[Partition], now: datetime) -> None:
    rows = [{"topic": topic, "partition": number, "published_at": now} for topic, number in partitions]
    if rows:
        connection.execute(upsert(connection, canaries, ("topic", "partition"), ("published_at",)), rows)


def note_heard(connection: Connection, consumer: str, heard: Mapping[Partition, datetime], now: datetime) -> None:
    rows = [
        {"consumer": consumer, "topic": topic, "partition": number, "published_at": published_at, "heard_at": now}
        # Sorted, so that all workers lock the rows in the same order and do not deadlock.
        for (topic, number), published_at in sorted(heard.items())
    ]
    if rows:
        statement = upsert(connection, canaries_heard, ("consumer", "topic", "partition"), ("published_at", "heard_at"))
        connection.execute(statement, rows)


def unheard(
    connection: Connection, consumer: str, topics: Collection[str], patience: timedelta
) -> frozenset[Partition]:
    """Return the partitions in which the consumer is more than `patience` behind the newest canary."""
    published, heard = _published(connection), _heard(connection, consumer)
    return frozenset(
        one
        for one, published_at in published.items()
        # Both times are publication times, so the clock of a consumer has no influence.
        if one[0] in topics and (one not in heard or published_at - heard[one] > patience)
    )


def heard_until(connection: Connection, consumer: str, topic: str) -> datetime | None:
    """Return the time before which the consumer has received all events of the topic. None means unknown."""
    published, heard = _published(connection), _heard(connection, consumer)
    partitions = [one for one in published if one[0] == topic]
    if not partitions or any(one not in heard for one in partitions):
        return None
    # The partition with the oldest canary decides.
    return min(heard[one] for one in partitions)


def oldest_heard(connection: Connection, consumer: str, topics: Collection[str]) -> datetime | None:
    """Return the publication time of the last canary received from the slowest partition.

    Return None if no canary was published in these topics.
    """
    # A partition without a received canary counts with its published canary.
    published, heard = _published(connection), _heard(connection, consumer)
    return min(
        (heard.get(one, published_at) for one, published_at in published.items() if one[0] in topics), default=None
    )


def _published(connection: Connection) -> dict[Partition, datetime]:
    row = canaries.c
    return {
        (topic, number): at
        for topic, number, at in connection.execute(select(row.topic, row.partition, row.published_at))
    }


def _heard(connection: Connection, consumer: str) -> dict[Partition, datetime]:
    row = canaries_heard.c
    query = select(row.topic, row.partition, row.published_at).where(row.consumer == consumer)
    return {(topic, number): at for topic, number, at in connection.execute(query)}
