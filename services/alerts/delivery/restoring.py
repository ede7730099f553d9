"""After a database was restored: what was told since its record ends is not on record.

What was told before stands, and is not told again. What fell due since is told once more by the ordinary rules, for a
message that never went out may cost a life; it says plainly that it may be a repeat. What was on its way at the end of
the record goes out only where nothing newer is owed about the same cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, exists, func, select, update

from schemas.events import AlertSettled
from services.alerts.case.acts import cases_of_alert
from services.alerts.delivery.channels.port import SendOutcome
from services.alerts.delivery.queue import OPERATOR_TIER, DeliveryState
from services.alerts.policy.councils import load_council
from services.alerts.policy.policy import next_escalation
from services.core.audit import AuditAction
from services.storage.audit import AuditRow, write_audit
from services.storage.events.outbox import Announcement, announce
from services.storage.store import Store
from services.storage.tables import alert_cases, alerts, audit, cases, deliveries, delivery_attempts

SAID_FOR = timedelta(days=2)
"""For how long after a restore the first message about a case says that it may be a repeat (policy of the deployment,
no source prescribes it)."""


@dataclass(frozen=True, slots=True)
class Restore:
    """When a database was restored, and when the last thing happened that it has on record."""

    at: datetime
    record_ends: datetime


def settle_restore(store: Store, record_ends: datetime) -> None:
    """Write down that the database was restored, and let go of deliveries where newer ones are owed.

    Once, before anything works with it.
    """
    now = store.now()
    with store.writing() as connection:
        covered = list(_covered(connection, store, now))
        for delivery in covered:
            _cancel_delivery(connection, store, delivery, now)
        fields = {"record_ends": record_ends.isoformat(), "deliveries": len(covered)}
        write_audit(connection, store.vault, [AuditRow(AuditAction.DATABASE_RESTORED, fields)], now)


def last_restore(connection: Connection) -> Restore | None:
    """The last time the database was restored."""
    query = select(audit.c.at, audit.c.fields).where(audit.c.action == AuditAction.DATABASE_RESTORED.value)
    row = connection.execute(query.order_by(audit.c.at.desc()).limit(1)).one_or_none()
    return Restore(row.at, datetime.fromisoformat(row.fields["record_ends"])) if row else None


def may_repeat(connection: Connection, alert: Any) -> Restore | None:
    """The restore after which an alert (a row) may repeat what was told already.

    It is the first about one of its cases since then: newly owed, or on its way at the end of the record.
    """
    restore = last_restore(connection)
    if restore is None or alert.created_at > restore.at + SAID_FOR:
        return None
    return restore if _first_about_a_case(connection, alert.pk, restore.at) else None


def _first_about_a_case(connection: Connection, alert_pk: int, since: datetime) -> bool:
    """Whether of one of an alert's cases nothing else was told since."""
    told, before = alert_cases.c, alert_cases.alias("before")
    earlier = exists().where(
        before.c.case_pk == told.case_pk,
        before.c.alert_pk == alerts.c.pk,
        alerts.c.pk < alert_pk,
        alerts.c.created_at > since,
    )
    query = select(func.count()).select_from(alert_cases).where(told.alert_pk == alert_pk, ~earlier)
    return bool(connection.scalar(query))


def _cancel_delivery(connection: Connection, store: Store, delivery: Any, now: datetime) -> None:
    attempt, state = delivery_attempts.c, DeliveryState.NOT_NEEDED.value
    connection.execute(
        update(delivery_attempts)
        .where(attempt.delivery_pk == delivery.pk, attempt.ended_at.is_(None))
        .values(ended_at=now, outcome=SendOutcome.IN_DOUBT.value, reason="restored")
    )
    # What is owed anew has been tried for nobody yet.
    members = select(alert_cases.c.case_pk).where(alert_cases.c.alert_pk == delivery.alert_pk)
    connection.execute(update(cases).where(cases.c.pk.in_(members)).values(tried_at=None))
    values = {"state": state, "due_at": None, "settled_at": now}
    connection.execute(update(deliveries).where(deliveries.c.pk == delivery.pk).values(values))
    said = AlertSettled(alert=delivery.reference, council=delivery.feed_id, delivery=delivery.pk, outcome=state)
    announce(connection, [Announcement("alerts", delivery.feed_id, said)], now, store.random)


def _covered(connection: Connection, store: Store, now: datetime) -> Iterator[Any]:
    """The deliveries still to be made of alerts whose open cases are all to be told anew now."""
    row = deliveries.c
    query = (
        select(row.pk, row.alert_pk, alerts.c.reference, alerts.c.feed_id)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(row.due_at.is_not(None), row.tier != OPERATOR_TIER)
        .order_by(row.pk)
    )
    verdicts: dict[int, bool] = {}
    for one in connection.execute(query).all():
        if one.alert_pk not in verdicts:
            verdicts[one.alert_pk] = _owed_anew(connection, store, one.alert_pk, one.feed_id, now)
        if verdicts[one.alert_pk]:
            yield one


def _owed_anew(connection: Connection, store: Store, alert_pk: int, feed_id: str, now: datetime) -> bool:
    still_open = [case for case in cases_of_alert(connection, alert_pk) if not case.clock_stopped]
    if not still_open:
        return False
    policy = load_council(connection, store, feed_id).policy
    owed = (next_escalation(case.clock, policy, now) for case in still_open)
    return all(escalation is not None and escalation.due_at <= now for escalation in owed)
