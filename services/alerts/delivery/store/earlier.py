"""Reads which other alerts are about the cases of an alert."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from services.alerts.policy.case_clock import EscalationReason
from services.storage.tables import alert_cases, alerts


class AcceptedBefore(NamedTuple):
    """The newest other message about a case that was accepted."""

    at: datetime
    threshold: int  # days before the harm


def acceptances_beside(connection: Connection, alert_pk: int) -> dict[int, AcceptedBefore]:
    """Return, by case id, the newest acceptance of another alert about a case of this alert."""
    mine, other = alert_cases.alias("mine"), alert_cases.alias("other")
    query = (
        select(other.c.case_pk, alerts.c.accepted_at, other.c.threshold)
        .join_from(mine, other, (other.c.case_pk == mine.c.case_pk) & (other.c.alert_pk != mine.c.alert_pk))
        .join(alerts, alerts.c.pk == other.c.alert_pk)
        .where(mine.c.alert_pk == alert_pk, alerts.c.accepted_at.is_not(None))
        .where(alerts.c.reason != EscalationReason.NOTICE_WITHDRAWN.value)
        # The newest of a case comes last, and stays.
        .order_by(alerts.c.accepted_at)
    )
    return {case_pk: AcceptedBefore(at, threshold) for case_pk, at, threshold in connection.execute(query)}


def cases_in_later_alerts(connection: Connection, alert_pk: int) -> frozenset[int]:
    mine, later = alert_cases.alias("mine"), alert_cases.alias("later")
    query = (
        select(later.c.case_pk)
        .join_from(mine, later, (later.c.case_pk == mine.c.case_pk) & (later.c.alert_pk > mine.c.alert_pk))
        .where(mine.c.alert_pk == alert_pk)
    )
    return frozenset(connection.scalars(query))
