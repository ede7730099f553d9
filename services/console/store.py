"""Finds acknowledgements of alerts, acts on cases, and cases that are in later alerts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from services.core.audit import AuditAction
from services.storage.dialect import among
from services.storage.tables import alert_cases, audit


class ActRow(NamedTuple):
    """An audit row about something that a person did."""

    pk: int  # the id of the audit row, for which the actor is sealed
    at: datetime
    subject: str
    fields: dict[str, Any]
    actor_sealed: bytes


_AT_ONCE = 500
_ACT = [audit.c[name] for name in ActRow._fields]


def find_acknowledgements(connection: Connection, alert: str) -> list[ActRow]:
    # `alert` is the reference of the alert. The oldest acknowledgement comes first.
    wanted = (audit.c.subject == alert, audit.c.action == AuditAction.ALERT_ACKNOWLEDGED.value)
    return [ActRow(*row) for row in connection.execute(select(*_ACT).where(*wanted).order_by(audit.c.pk))]


def find_acts(connection: Connection, cases: Collection[str]) -> list[ActRow]:
    """Return what people did to these cases, the oldest first. `cases` holds references of cases."""
    moves = [AuditAction.CASE_MOVED.value, AuditAction.CASE_NOTED.value]
    every, found = list(cases), []
    # Several queries, because SQLite limits the parameters of one statement.
    for start in range(0, len(every), _AT_ONCE):
        # Without an actor, the row is about a notice, a register or the clock.
        wanted = (audit.c.subject.in_(every[start : start + _AT_ONCE]), audit.c.actor_sealed.is_not(None))
        query = select(*_ACT).where(audit.c.action.in_(moves), *wanted).order_by(audit.c.pk)
        found += [ActRow(*row) for row in connection.execute(query)]
    return found


def cases_alerted_since(connection: Connection, alert_pk: int, case_pks: Collection[int]) -> set[int]:
    """Return those of `case_pks` that are in an alert later than `alert_pk`."""
    # A later alert has a higher id.
    row = alert_cases.c
    later = select(row.case_pk).where(row.alert_pk > alert_pk, among(connection, row.case_pk, case_pks))
    return set(connection.scalars(later))
