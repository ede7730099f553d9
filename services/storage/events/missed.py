"""Finds events that were published but never handled, and publishes them again.

A broker can lose what it acknowledged, and a worker of an older version skips what it does not know. An event that is
not in the inbox of a consumer that should have handled it goes back to the outbox, once the consumer is past it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, exists, select, update

from services.storage.dialect import upsert
from services.storage.tables import inbox, outbox, outbox_checks

BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def republish_missed(connection: Connection, consumer: str, topic: str, until: datetime) -> int:
    """Put back the events published before `until` that the consumer never handled. Returns their number."""
    since = _checked_until(connection, consumer, topic)
    # The consumer has received nothing more since the last look.
    if until <= since:
        return 0
    # Only what was published since the last look, so the cost does not grow with the outbox.
    told = and_(outbox.c.topic == topic, outbox.c.published_at >= since, outbox.c.published_at < until)
    handled = exists().where(inbox.c.consumer == consumer, inbox.c.event_id == outbox.c.event_id)
    # Published again to all consumers: the inbox of the others drops the duplicate.
    again = connection.execute(update(outbox).where(told, ~handled).values(published_at=None))
    # In this transaction, so that a crash repeats the look and skips nothing.
    statement = upsert(connection, outbox_checks, ("consumer", "topic"), ("checked_until",))
    connection.execute(statement, {"consumer": consumer, "topic": topic, "checked_until": until})
    return again.rowcount


def _checked_until(connection: Connection, consumer: str, topic: str) -> datetime:
    row = outbox_checks.c
    found: datetime | None = connection.scalar(
        select(row.checked_until).where(row.consumer == consumer, row.topic == topic)
    )
    # Before the first event of any deployment.
    return found or BEGINNING
