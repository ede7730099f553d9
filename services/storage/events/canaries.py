"""Canaries: when each partition last had one, and who has heard it. They prove that consumers are alive.

A consumer that has heard a partition's canary has been given everything published to that partition before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from services.storage.dialect import upsert
from services.storage.tables import canaries, canaries_heard

Partition = tuple[str, int]
"""A topic and the number of one of its partitions."""


def partitions_due(
    connection: Connection, partitions: Iterable[Partition], every: timedelta, now: datetime
) -> list[Partition]:
    """Those of these partitions that have had no canary for so long."""
    published = _published(connection)
    return [one for one in partitions if one not in published or now - published[one] >= every]


def note_published(connection: Connection, partitions: Iterable[Partition], now: datetime) -> None:
    """Write down that these partitions have had a canary."""
    rows = [{"topic": topic, "partition": number, "published_at": now} for topic, number in partitions]
    if rows:
        connection.execute(upsert(connection, canaries, ("topic", "partition"), ("published_at",)), rows)


def note_heard(connection: Connection, consumer: str, heard: Mapping[Partition, datetime], now: datetime) -> None:
    """Write down the canaries that a consumer has come to, each with the time it was published at."""
    rows = [
        {"consumer": consumer, "topic": topic, "partition": number, "published_at": published_at, "heard_at": now}
        for (topic, number), published_at in sorted(heard.items())
    ]
    if rows:
        statement = upsert(connection, canaries_heard, ("consumer", "topic", "partition"), ("published_at", "heard_at"))
        connection.execute(statement, rows)


def unheard(
    connection: Connection, consumer: str, topics: Collection[str], patience: timedelta
) -> frozenset[Partition]:
    """The partitions whose last canary came over `patience` later than the last that the consumer has heard."""
    published, heard = _published(connection), _heard(connection, consumer)
    return frozenset(
        one
        for one, published_at in published.items()
        if one[0] in topics and (one not in heard or published_at - heard[one] > patience)
    )


def heard_until(connection: Connection, consumer: str, topic: str) -> datetime | None:
    """Up to when everything published to the topic has been given to the consumer; None if that is not known."""
    published, heard = _published(connection), _heard(connection, consumer)
    partitions = [one for one in published if one[0] == topic]
    if not partitions or any(one not in heard for one in partitions):
        return None
    return min(heard[one] for one in partitions)


def oldest_heard(connection: Connection, consumer: str, topics: Collection[str]) -> datetime | None:
    """When the last canary that the consumer heard was published, of the partition where that is longest ago.

    Where it never heard one, when it could have: the last that was published. None where no canaries are published.
    """
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
