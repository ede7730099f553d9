from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select, tuple_

from services.storage.tables import watchdog_findings
from services.watchdog.findings import FaultGroup, FaultKind
from services.watchdog.news import Key, RaisedFinding

_KINDS: Final = frozenset(FaultKind)


def raised_findings(connection: Connection) -> dict[Key, RaisedFinding]:
    rows = connection.execute(select(watchdog_findings))
    return {
        (FaultKind(row.kind), row.feed_id): RaisedFinding(row.faults, frozenset(row.cases), row.raised_at)
        for row in rows
        # A newer version of the watchdog may know further kinds.
        if row.kind in _KINDS
    }


def forget_raised(connection: Connection, gone: Iterable[Key]) -> None:
    # A finding that has gone is new if it comes back.
    row = watchdog_findings.c
    keys = [(kind.value, feed_id) for kind, feed_id in gone]
    connection.execute(delete(watchdog_findings).where(tuple_(row.kind, row.feed_id).in_(keys)))


def replace_raised(connection: Connection, groups: Iterable[FaultGroup], now: datetime) -> None:
    connection.execute(delete(watchdog_findings))
    rows = [
        {
            "kind": one.kind.value,
            "feed_id": one.feed_id,
            "faults": one.count,
            "cases": one.references,
            "raised_at": now,
        }
        for one in groups
    ]
    if rows:
        connection.execute(insert(watchdog_findings), rows)
