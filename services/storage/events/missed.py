"""Finds events that were told and never handled, and has them told again.

Brokers can lose what they acknowledged, and a worker of an older version leaves alone what it does not understand.
Whatever a consumer should have handled and its inbox does not know is put back into the outbox, once it is certain that
the consumer is past it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, exists, select, update

from services.storage.dialect import upsert
from services.storage.tables import inbox, outbox, outbox_checks

BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def republish_missed(connection: Connection, consumer: str, topic: str, until: datetime) -> int:
    """Put back what the consumer never handled of all that was told before `until`; returns how many events.

    An event is looked at once each time it is told, so the cost is that of the events told since the last look.
    """
    since = _checked_until(connection, consumer, topic)
    if until <= since:
        return 0
    told = and_(outbox.c.topic == topic, outbox.c.published_at >= since, outbox.c.published_at < until)
    handled = exists().where(inbox.c.consumer == consumer, inbox.c.event_id == outbox.c.event_id)
    again = connection.execute(update(outbox).where(told, ~handled).values(published_at=None))
    statement = upsert(connection, outbox_checks, ("consumer", "topic"), ("checked_until",))
    connection.execute(statement, {"consumer": consumer, "topic": topic, "checked_until": until})
    return again.rowcount


def _checked_until(connection: Connection, consumer: str, topic: str) -> datetime:
    row = outbox_checks.c
    found: datetime | None = connection.scalar(
        select(row.checked_until).where(row.consumer == consumer, row.topic == topic)
    )
    return found or BEGINNING
