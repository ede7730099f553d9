"""Finds earlier acknowledgements of an alert, and the cases of an alert that later alerts named."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from services.core.audit import AuditAction
from services.storage.dialect import among
from services.storage.tables import alert_cases, audit


class AcknowledgementRow(NamedTuple):
    pk: int  # the id of the audit row, for which the actor is sealed
    at: datetime
    actor_sealed: bytes


def find_acknowledgements(connection: Connection, alert: str) -> list[AcknowledgementRow]:
    # `alert` is the reference of the alert. The oldest acknowledgement comes first.
    words = (audit.c.subject == alert, audit.c.action == AuditAction.ALERT_ACKNOWLEDGED.value)
    rows = connection.execute(select(audit.c.pk, audit.c.at, audit.c.actor_sealed).where(*words).order_by(audit.c.pk))
    return [AcknowledgementRow(*row) for row in rows]


def cases_alerted_since(connection: Connection, alert_pk: int, case_pks: Collection[int]) -> set[int]:
    """Return the cases of `case_pks` that are in a later alert than `alert_pk`."""
    # A later alert has a higher id.
    row = alert_cases.c
    later = select(row.case_pk).where(row.alert_pk > alert_pk, among(connection, row.case_pk, case_pks))
    return set(connection.scalars(later))
