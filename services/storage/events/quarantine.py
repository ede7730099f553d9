from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, delete, or_, select, update

from services.core.audit import AuditAction
from services.core.errors import NotFoundError, RefusedError
from services.storage.audit import AuditRow, write_audit
from services.storage.store import Store
from services.storage.tables import inbox, outbox, quarantine


@dataclass(frozen=True, slots=True)
class QuarantinedEvent:
    event_id: str
    consumer: str
    topic: str
    # Only the class name of the error, because its text could hold personal data.
    error: str
    at: datetime


def list_quarantine(connection: Connection) -> Sequence[QuarantinedEvent]:
    row = quarantine.c
    query = select(row.event_id, row.consumer, row.topic, row.error, row.at).order_by(row.at, row.event_id)
    return [QuarantinedEvent(*values) for values in connection.execute(query)]


def count_to_report(connection: Connection, now: datetime, repeat: timedelta) -> int:
    """Return the number of events in quarantine that are due for a report.

    If at least one event is due, mark every event in quarantine as reported.
    """
    row = quarantine.c
    # A new event is due at once. A reported event is due again after `repeat`.
    due = or_(row.alerted_at.is_(None), row.alerted_at <= now - repeat)
    # The update locks the rows. If two workers call this at the same time, the second one finds no rows.
    found = connection.execute(update(quarantine).where(due).values(alerted_at=now)).rowcount
    if found:
        # One alert covers all events, so all of them wait the same time for the next alert.
        connection.execute(update(quarantine).values(alerted_at=now))
    return found


def show_quarantined(connection: Connection, event_id: str) -> Any:
    body = connection.scalar(select(quarantine.c.body).where(quarantine.c.event_id == event_id).limit(1))
    if body is None:
        raise NotFoundError("no event with this id is in quarantine: `pullcord quarantine list` shows them")
    try:
        return from_json(body)
    except ValueError:
        # The body is not JSON. This may be why the event is in quarantine.
        return None


def requeue(store: Store, event_id: str, by: str) -> int:
    """Publish a quarantined event again. Return the number of consumers that get the event.

    Raises NotFoundError if the event is not in quarantine. Raises RefusedError if the event is not in the outbox.
    """
    with store.writing() as connection:
        consumers = _consumers(connection, event_id)
        again = update(outbox).where(outbox.c.event_id == event_id).values(published_at=None)
        if not connection.execute(again).rowcount:
            raise RefusedError("this event is not in the outbox: drop it, and run `pullcord rebuild` to be sure")
        # Without this the consumers would skip the event as a duplicate.
        connection.execute(delete(inbox).where(inbox.c.event_id == event_id, inbox.c.consumer.in_(consumers)))
        _take_out(connection, store, event_id, consumers, AuditAction.QUARANTINE_GIVEN_BACK, by)
    return len(consumers)


def drop(store: Store, event_id: str, by: str) -> int:
    with store.writing() as connection:
        consumers = _consumers(connection, event_id)
        _take_out(connection, store, event_id, consumers, AuditAction.QUARANTINE_DROPPED, by)
    return len(consumers)


def drop_mended(connection: Connection, store: Store, event_id: str, by: str) -> None:
    found = connection.scalars(select(quarantine.c.consumer).where(quarantine.c.event_id == event_id)).all()
    if found:
        _take_out(connection, store, event_id, found, AuditAction.QUARANTINE_DROPPED, by)


def _consumers(connection: Connection, event_id: str) -> Sequence[str]:
    found = connection.scalars(select(quarantine.c.consumer).where(quarantine.c.event_id == event_id)).all()
    if not found:
        raise NotFoundError("no event with this id is in quarantine: `pullcord quarantine list` shows them")
    return found


def _take_out(
    connection: Connection, store: Store, event_id: str, consumers: Sequence[str], action: AuditAction, by: str
) -> None:
    connection.execute(delete(quarantine).where(quarantine.c.event_id == event_id))
    rows = [
        AuditRow(action, {"event": event_id, "consumer": consumer}, subject=event_id, actor=by)
        for consumer in consumers
    ]
    write_audit(connection, store.vault, rows, store.now())
