from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from services.alerts.case.store.engine_clock import EngineTimes, engine_times, save_engine_times
from services.alerts.policy.store import recompute_every_council
from services.core.clock import CLOCKS_APART
from services.storage.store import Store

log = structlog.get_logger()

# The time is noted this often. A clock that jumps ahead is noted at once.
NOTED_EVERY: Final = timedelta(minutes=1)

# Cases are recomputed this often, and not at each look, where the clocks of two machines stay further apart than
# CLOCKS_APART.
RECOMPUTED_EVERY: Final = timedelta(minutes=10)


def note_time(store: Store, now: datetime) -> None:
    # A clock that ran ahead may have set due times that are too late.
    with store.reading() as connection:
        known = engine_times(connection)
    if known is not None and known == _noted(known, now):
        return
    with store.writing() as connection:
        # Another process may have noted it meanwhile.
        known = engine_times(connection, to_change=True)
        noted = _noted(known, now)
        if known is not None and noted.put_back_at != known.put_back_at:
            log.warning("clock_put_back", seconds=round((known.latest_at - now).total_seconds()))
            recompute_every_council(connection)
        if noted != known:
            save_engine_times(connection, noted)


def recompute_all(store: Store) -> None:
    with store.writing() as connection:
        recompute_every_council(connection)


def was_put_back(connection: Connection, now: datetime) -> bool:
    known = engine_times(connection)
    return known is not None and _is_ahead(known, now)


def _noted(known: EngineTimes | None, now: datetime) -> EngineTimes:
    if known is None:
        return EngineTimes(now, None)
    if _is_ahead(known, now):
        last = known.put_back_at
        recently = last is not None and last <= now < last + RECOMPUTED_EVERY
        return known if recently else EngineTimes(now, now)
    return replace(known, latest_at=now) if now >= known.latest_at + NOTED_EVERY else known


def _is_ahead(known: EngineTimes, now: datetime) -> bool:
    return known.latest_at > now + CLOCKS_APART
