from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from services.alerts.case.store.alerts import named_later
from services.alerts.delivery.store.alerts import Alert
from services.alerts.policy.escalation.case_clock import EscalationReason
from services.storage.dialect import among
from services.storage.tables import alert_cases, alerts


class AcceptedBefore(NamedTuple):
    at: datetime  # of the newest message
    threshold: int | None  # of the newest reminder, in days before the harm; None if no reminder was accepted


def acceptances_beside(connection: Connection, alert_pk: int) -> dict[int, AcceptedBefore]:
    mine, other = alert_cases.alias("mine"), alert_cases.alias("other")
    query = (
        select(other.c.case_pk, alerts.c.accepted_at, other.c.threshold, other.c.first_level)
        .join_from(mine, other, (other.c.case_pk == mine.c.case_pk) & (other.c.alert_pk != mine.c.alert_pk))
        .join(alerts, alerts.c.pk == other.c.alert_pk)
        .where(mine.c.alert_pk == alert_pk, alerts.c.accepted_at.is_not(None))
        .where(alerts.c.reason != EscalationReason.NOTICE_WITHDRAWN.value)
        .order_by(alerts.c.accepted_at)
    )
    found: dict[int, AcceptedBefore] = {}
    for case_pk, at, threshold, first_level in connection.execute(query):
        earlier = found.get(case_pk)
        # A message to the next level alone is no reminder of a threshold to the levels before it.
        kept = threshold if first_level == 1 else earlier and earlier.threshold
        found[case_pk] = AcceptedBefore(at, kept)
    return found


def accepted_beside(
    connection: Connection, alert: Alert, case_pks: Collection[int]
) -> set[tuple[int, datetime | None]]:
    """Return pairs of a case id and the time at which an alert about this case was accepted.

    Only `alert` itself and alerts with an overlapping time span count.
    """
    # What waits for one person is joined, so the message to a colleague about the same cases is in another alert.
    # An alert spans the time from its `owed_since` to its `created_at`.
    query = (
        select(alert_cases.c.case_pk, alerts.c.accepted_at)
        .join_from(alert_cases, alerts, alerts.c.pk == alert_cases.c.alert_pk)
        .where(among(connection, alert_cases.c.case_pk, case_pks), alerts.c.accepted_at.is_not(None))
        .where(alerts.c.created_at >= (alert.owed_since or alert.created_at), alerts.c.owed_since <= alert.created_at)
    )
    return {(case_pk, at) for case_pk, at in connection.execute(query)}


def cases_said_to_be_over_later(connection: Connection, alert_pk: int) -> frozenset[int]:
    about_withdrawal = alerts.c.reason == EscalationReason.NOTICE_WITHDRAWN.value
    query = named_later(alert_pk).join(alerts, alerts.c.pk == alert_cases.c.alert_pk).where(about_withdrawal)
    return frozenset(connection.scalars(query))
