from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from sqlalchemy import Connection, func, insert, select, text, tuple_, update

from schemas.envelope import Envelope, encode, type_of
from schemas.events import EventData
from services.core.ids import RandomBytes, event_id
from services.storage.dialect import skipping_locked
from services.storage.sequences import allocate_ids
from services.storage.tables import outbox

# PostgreSQL notifies relays on this channel after a transaction has added events to the outbox.
CHANNEL = "pullcord_outbox"

# The number of lanes that partition keys are spread over. One relay at a time publishes a lane: this keeps order.
LANES = 16


@dataclass(frozen=True, slots=True)
class Announcement:
    # Events with the same partition key keep their order.
    source: str
    partition_key: str
    data: EventData


@dataclass(frozen=True, slots=True, order=True)
class Lane:
    # Only one relay at a time publishes the events of a lane.
    number: int
    topic: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    event_id: str
    topic: str
    body: bytes
    pk: int = 0
    partition_key: str = ""


def announce(connection: Connection, announcements: Sequence[Announcement], now: datetime, random: RandomBytes) -> None:
    if not announcements:
        return
    pks = allocate_ids(connection, "outbox", len(announcements))
    connection.execute(
        insert(outbox),
        [_row(pk, announcement, now, random) for pk, announcement in zip(pks, announcements, strict=True)],
    )
    # PostgreSQL sends the notification only if the transaction commits.
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"NOTIFY {CHANNEL}"))


def _row(pk: int, announcement: Announcement, now: datetime, random: RandomBytes) -> dict[str, object]:
    envelope = Envelope(
        id=event_id(now, random),
        source=f"/pullcord/{announcement.source}",
        type=type_of(announcement.data),
        time=now,
        partitionkey=announcement.partition_key,
        data=announcement.data,
    )
    return {
        "pk": pk,
        "event_id": envelope.id,
        "topic": announcement.data.topic,
        "partition_key": envelope.partitionkey,
        "lane": lane_of(envelope.partitionkey),
        "body": encode(envelope),
        "created_at": now,
    }


def unpublished(
    connection: Connection, limit: int, lane: Lane | None = None, after: str | None = None
) -> list[StoredEvent]:
    """Return unpublished events, divided evenly among the partition keys.

    A call with a lane locks the returned events. The search begins after the partition key `after`.
    """
    queues = _queues(connection, lane, after, limit)
    found: list[StoredEvent] = []
    for number, (queue_lane, key) in enumerate(queues):
        # If earlier queues did not use their whole share, the rest is divided among the queues that are left.
        share = -(-(limit - len(found)) // (len(queues) - number))
        found += _oldest(connection, queue_lane, key, share, lane)
    return found


def _queues(connection: Connection, lane: Lane | None, after: str | None, limit: int) -> list[tuple[int, str]]:
    # Each step finds the next key in the index, so the cost does not grow with the number of events.
    row = outbox.c
    position = tuple_(row.lane, row.partition_key)
    waiting = select(row.lane, row.partition_key).where(row.published_at.is_(None))
    if lane is not None:
        waiting = waiting.where(row.lane == lane.number, row.topic == lane.topic)
    waiting = waiting.order_by(row.lane, row.partition_key).limit(1)
    found: dict[tuple[int, str], None] = {}
    following = waiting if after is None else waiting.where(position > tuple_(lane_of(after), after))
    while len(found) < limit:
        queue = connection.execute(following).one_or_none()
        if queue is None and following is not waiting:
            # After the last key comes the first.
            following = waiting
            continue
        if queue is None or (queue.lane, queue.partition_key) in found:
            break
        found[queue.lane, queue.partition_key] = None
        following = waiting.where(position > tuple_(queue.lane, queue.partition_key))
    return list(found)


def _oldest(connection: Connection, number: int, key: str, limit: int, lane: Lane | None) -> list[StoredEvent]:
    row = outbox.c
    # Events are found by `published_at`, not by the last id read: on PostgreSQL a lower id may commit later.
    waiting = (row.published_at.is_(None), row.lane == number, row.partition_key == key)
    columns = (row.event_id, row.topic, row.body, row.pk, row.partition_key)
    query = select(*columns).where(*waiting).order_by(row.pk).limit(limit)
    if lane is not None:
        # Another relay may be publishing the locked events.
        query = skipping_locked(connection, query.where(row.topic == lane.topic))
    return [StoredEvent(*event) for event in connection.execute(query)]


def lane_of(partition_key: str) -> int:
    # `crc32` gives the same number in every process, but `hash()` does not.
    return crc32(partition_key.encode()) % LANES


def lanes_with_backlog(connection: Connection) -> list[Lane]:
    row = outbox.c
    query = select(row.lane, row.topic).where(row.published_at.is_(None)).distinct().order_by(row.lane, row.topic)
    return [Lane(*found) for found in connection.execute(query)]


def mark_published(connection: Connection, events: Sequence[StoredEvent], now: datetime) -> None:
    if events:
        pks = [event.pk for event in events]
        connection.execute(update(outbox).where(outbox.c.pk.in_(pks)).values(published_at=now))


def count_unpublished(connection: Connection) -> int:
    return connection.scalar(select(func.count()).where(outbox.c.published_at.is_(None))) or 0


def oldest_unpublished(connection: Connection) -> datetime | None:
    moment: datetime | None = connection.scalar(
        select(func.min(outbox.c.created_at)).where(outbox.c.published_at.is_(None))
    )
    return moment
