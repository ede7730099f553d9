from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from services.storage.dialect import upsert
from services.storage.tables import engine_clock

_KEY = 1


@dataclass(frozen=True, slots=True)
class EngineTimes:
    # `put_back_at` is when the engine noticed that the clock was put back.
    latest_at: datetime
    put_back_at: datetime | None


def engine_times(connection: Connection, *, to_change: bool = False) -> EngineTimes | None:
    query = select(engine_clock.c.latest_at, engine_clock.c.put_back_at).where(engine_clock.c.key == _KEY)
    row = connection.execute(query.with_for_update() if to_change else query).one_or_none()
    return None if row is None else EngineTimes(row.latest_at, row.put_back_at)


def save_engine_times(connection: Connection, times: EngineTimes) -> None:
    statement = upsert(connection, engine_clock, ("key",), ("latest_at", "put_back_at"))
    connection.execute(statement, {"key": _KEY, "latest_at": times.latest_at, "put_back_at": times.put_back_at})
