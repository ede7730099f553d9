# A broker can lose an acknowledged event.

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, exists, select, update

from services.storage.dialect import upsert
from services.storage.tables import inbox, outbox, outbox_checks

BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def republish_missed(connection: Connection, consumer: str, topic: str, until: datetime) -> int:
    """Publish again all events from before `until` that the consumer has not handled.

    Return the number of these events.
    """
    since = _checked_until(connection, consumer, topic)
    # If this holds, the consumer has received nothing more since the last check.
    if until <= since:
        return 0
    # Only events published since the last check are read, so the cost does not grow with the outbox.
    told = and_(outbox.c.topic == topic, outbox.c.published_at >= since, outbox.c.published_at < until)
    handled = exists().where(inbox.c.consumer == consumer, inbox.c.event_id == outbox.c.event_id)
    # The event goes to all consumers again. A consumer that has it in its inbox drops it as a duplicate.
    again = connection.execute(update(outbox).where(told, ~handled).values(published_at=None))
    # Written in this transaction. After a crash the whole check is repeated, and no event is skipped.
    statement = upsert(connection, outbox_checks, ("consumer", "topic"), ("checked_until",))
    connection.execute(statement, {"consumer": consumer, "topic": topic, "checked_until": until})
    return again.rowcount


def _checked_until(connection: Connection, consumer: str, topic: str) -> datetime:
    row = outbox_checks.c
    found: datetime | None = connection.scalar(
        select(row.checked_until).where(row.consumer == consumer, row.topic == topic)
    )
    # Earlier than the first event of any deployment.
    return found or BEGINNING
