"""The outbox: events are written in the transaction of their cause and published afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from sqlalchemy import Connection, func, insert, select, text, update

from schemas.envelope import Envelope, encode, type_of
from schemas.events import EventData
from services.core.ids import RandomBytes, event_id
from services.storage.dialect import skipping_locked
from services.storage.sequences import allocate_ids
from services.storage.tables import outbox

# PostgreSQL notifies relays on this channel when the outbox has grown and the transaction has committed.
CHANNEL = "pullcord_outbox"

# Partition keys fall into this number of lanes. One relay at a time publishes a lane, which keeps order within a key.
LANES = 16


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event to be published: its source, the key within which order is kept, and its data."""

    source: str
    partition_key: str
    data: EventData


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event from the outbox or a topic, not yet decoded and perhaps not decodable."""

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
        # A stable hash: `hash()` differs between processes.
        "lane": crc32(envelope.partitionkey.encode()) % LANES,
        "body": encode(envelope),
        "created_at": now,
    }


def unpublished(connection: Connection, limit: int, lane: int | None = None) -> list[StoredEvent]:
    """Return the oldest events not yet published, at most `limit`. With `lane`, claim those of that lane."""
    columns = (outbox.c.event_id, outbox.c.topic, outbox.c.body, outbox.c.pk, outbox.c.partition_key)
    # By the mark and not by a position: on PostgreSQL a lower id may commit after a higher one was read.
    query = select(*columns).where(outbox.c.published_at.is_(None)).order_by(outbox.c.pk).limit(limit)
    if lane is not None:
        query = skipping_locked(connection, query.where(outbox.c.lane == lane))
    return [StoredEvent(*row) for row in connection.execute(query)]


def lanes_with_backlog(connection: Connection) -> list[int]:
    query = select(outbox.c.lane).where(outbox.c.published_at.is_(None)).distinct().order_by(outbox.c.lane)
    return list(connection.scalars(query))


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
