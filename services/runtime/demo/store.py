from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select

from services.storage.events.process import Consumer
from services.storage.tables import cases, deliveries, inbox, matches, outbox


def matches_by_level(connection: Connection) -> Mapping[str, int]:
    query = select(matches.c.level, func.count()).where(matches.c.live).group_by(matches.c.level)
    return {row[0]: row[1] for row in connection.execute(query)}


def count_cases(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(cases)) or 0


def count_paused(connection: Connection, now: datetime) -> int:
    return connection.scalar(select(func.count()).select_from(cases).where(cases.c.paused_until > now)) or 0


def count_unhandled(connection: Connection, consumer: Consumer) -> int:
    handled = select(inbox.c.event_id).where(inbox.c.consumer == consumer.name)
    heard = outbox.c.topic.in_(consumer.topics)
    query = select(func.count()).select_from(outbox).where(heard, outbox.c.event_id.not_in(handled))
    return connection.scalar(query) or 0


def count_owed(connection: Connection, until: datetime) -> int:
    queries = (
        select(func.count()).where(cases.c.due_at <= until),
        select(func.count()).where(deliveries.c.due_at.is_not(None)),
    )
    return sum(connection.scalar(query) or 0 for query in queries)
