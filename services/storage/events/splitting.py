"""Splits events that are too large for the brokers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from schemas.envelope import decode, encode
from services.core.ids import RandomBytes, event_id
from services.storage.events.outbox import StoredEvent
from services.storage.sequences import allocate_ids
from services.storage.tables import outbox


def split(connection: Connection, event: StoredEvent, random: RandomBytes) -> bool:
    """Replace an event in the outbox with two smaller events. Return False if the event cannot be split."""
    try:
        envelope = decode(event.body)
    except ValueError:
        return False
    records: tuple[Any, ...] = getattr(envelope.data, "records", ())
    if len(records) < 2:  # noqa: PLR2004 - one record cannot be halved
        return False
    middle = len(records) // 2
    row = connection.execute(select(outbox).where(outbox.c.pk == event.pk)).mappings().one()
    made = []
    for pk, part in zip(allocate_ids(connection, "outbox", 2), (records[:middle], records[middle:]), strict=True):
        data = envelope.data.model_copy(update={"records": part})
        half = envelope.model_copy(update={"id": event_id(envelope.time, random), "data": data})
        # All other columns stay, because the age of the outbox counts from the time when the event was written.
        made.append({**row, "pk": pk, "event_id": half.id, "body": encode(half), "published_at": None})
    connection.execute(delete(outbox).where(outbox.c.pk == event.pk))
    connection.execute(insert(outbox), made)
    return True
