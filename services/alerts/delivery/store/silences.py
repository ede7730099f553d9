from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from services.storage.dialect import upsert
from services.storage.feeds import ended_by_operator
from services.storage.tables import feed_silences, feeds

_ROW = feed_silences.c
# False once the feed was heard again.
_GOES_ON = _ROW.heard_at == feeds.c.last_heard_at


@dataclass(frozen=True, slots=True)
class SilentFeed:
    feed_id: str
    name: str
    heard_at: datetime


def feeds_to_judge(connection: Connection, before: datetime) -> Sequence[str]:
    judged = select(_ROW.feed_id).where(_ROW.feed_id == feeds.c.feed_id, _GOES_ON)
    query = select(feeds.c.feed_id).where(feeds.c.last_heard_at < before, ~judged.exists())
    return connection.scalars(query.order_by(feeds.c.feed_id)).all()


def write_silence(connection: Connection, feed_id: str, heard_at: datetime, due_at: datetime) -> None:
    values = {"feed_id": feed_id, "heard_at": heard_at, "due_at": due_at, "alerted_at": None}
    connection.execute(upsert(connection, feed_silences, ("feed_id",), ("heard_at", "due_at", "alerted_at")), values)


def due_silences(connection: Connection, now: datetime) -> Sequence[str]:
    query = select(_ROW.feed_id).join_from(feed_silences, feeds, feeds.c.feed_id == _ROW.feed_id)
    return connection.scalars(
        query.where(_GOES_ON, _ROW.due_at <= now, ~ended_by_operator()).order_by(_ROW.feed_id)
    ).all()


def move_silence(connection: Connection, feed_id: str, due_at: datetime, alerted_at: datetime | None) -> None:
    """Set the time at which the next alert about the silent feed is due.

    If `alerted_at` is None, the stored time of the last alert stays.
    """
    values = {"due_at": due_at} | ({"alerted_at": alerted_at} if alerted_at else {})
    connection.execute(update(feed_silences).where(_ROW.feed_id == feed_id).values(values))


def alerted_silences(connection: Connection) -> Sequence[SilentFeed]:
    query = select(_ROW.feed_id, feeds.c.name, _ROW.heard_at).join_from(
        feed_silences, feeds, feeds.c.feed_id == _ROW.feed_id
    )
    found = query.where(_GOES_ON, _ROW.alerted_at.is_not(None), ~ended_by_operator())
    return [SilentFeed(*values) for values in connection.execute(found.order_by(_ROW.heard_at, _ROW.feed_id))]
