"""When each loop of background work was last alive, whichever process it is in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, select

from services.storage.dialect import upsert
from services.storage.tables import loops

NEVER_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {"dispatcher": ("relay",), "relay": ("dispatcher", "missed")}
"""The loops that a loop takes the place of: a deployment that is run in another way has no use for their beats."""


def note_beat(connection: Connection, name: str, now: datetime) -> None:
    """Write down that a loop is alive."""
    connection.execute(upsert(connection, loops, ("name",), ("beat_at",)), {"name": name, "beat_at": now})
    if replaced := NEVER_BESIDE.get(name):
        connection.execute(delete(loops).where(loops.c.name.in_(replaced)))


def beats(connection: Connection) -> dict[str, datetime]:
    """When each loop that ever ran was last alive."""
    rows = connection.execute(select(loops.c.name, loops.c.beat_at).order_by(loops.c.name))
    return {row.name: row.beat_at for row in rows}
