from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, select

from services.storage.dialect import upsert
from services.storage.tables import loops

# Loops that take the place of each other. After a change of mode, the last beat of the old loop would raise a false
# alarm.
NEVER_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {"dispatcher": ("relay",), "relay": ("dispatcher", "missed")}


def note_beat(connection: Connection, name: str, now: datetime) -> None:
    connection.execute(upsert(connection, loops, ("name",), ("beat_at",)), {"name": name, "beat_at": now})
    if replaced := NEVER_BESIDE.get(name):
        connection.execute(delete(loops).where(loops.c.name.in_(replaced)))


def beats(connection: Connection) -> dict[str, datetime]:
    rows = connection.execute(select(loops.c.name, loops.c.beat_at).order_by(loops.c.name))
    return {row.name: row.beat_at for row in rows}
