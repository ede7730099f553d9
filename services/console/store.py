from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from services.core.audit import AuditAction
from services.storage.tables import audit


class ActRow(NamedTuple):
    pk: int  # the id of the audit row, for which the actor is sealed
    at: datetime
    subject: str
    fields: dict[str, Any]
    actor_sealed: bytes


_AT_ONCE = 500
_ACT = [audit.c[name] for name in ActRow._fields]


def find_acknowledgements(connection: Connection, alerts: Collection[str]) -> list[ActRow]:
    # `alerts` holds references of alerts. The oldest acknowledgement comes first.
    wanted = (audit.c.subject.in_(alerts), audit.c.action == AuditAction.ALERT_ACKNOWLEDGED.value)
    return [ActRow(*row) for row in connection.execute(select(*_ACT).where(*wanted).order_by(audit.c.pk))]


def find_acts(connection: Connection, cases: Collection[str]) -> list[ActRow]:
    moves = [AuditAction.CASE_MOVED.value, AuditAction.CASE_NOTED.value]
    every, found = list(cases), []
    # Several queries, because SQLite limits the parameters of one statement.
    for start in range(0, len(every), _AT_ONCE):
        # Without an actor, the row is about a notice, a register or the clock.
        wanted = (audit.c.subject.in_(every[start : start + _AT_ONCE]), audit.c.actor_sealed.is_not(None))
        query = select(*_ACT).where(audit.c.action.in_(moves), *wanted).order_by(audit.c.pk)
        found += [ActRow(*row) for row in connection.execute(query)]
    return found
