from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update

from services.alerts.delivery.delivery import DeliveryState
from services.alerts.review.step import MessageAboutCase
from services.storage.dialect import skipping_locked
from services.storage.tables import alert_cases, alerts, cases, deliveries


@dataclass(frozen=True, slots=True)
class Alert:
    pk: int
    reference: str
    feed_id: str
    threshold: int  # days before the harm
    reason: str
    created_at: datetime
    cases: int  # the number of its cases; 0 in an alert to the operator about Pullcord itself
    urgent: bool = False  # the message does not wait for the next working day
    owed_since: datetime | None = None  # when the first alert was written that this one joined; else `created_at`
    check_at: datetime | None = None  # when to look whether every tier of the alert was reached
    accepted_at: datetime | None = None  # when a message of the alert was first accepted for somebody


def insert_alert(connection: Connection, alert: Alert) -> None:
    connection.execute(
        insert(alerts).values(
            pk=alert.pk,
            reference=alert.reference,
            feed_id=alert.feed_id,
            threshold=alert.threshold,
            reason=alert.reason,
            created_at=alert.created_at,
            cases=alert.cases,
            urgent=alert.urgent,
            owed_since=alert.owed_since or alert.created_at,
            check_at=alert.check_at,
        )
    )


def insert_alert_cases(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    connection.execute(insert(alert_cases), rows)


def load_alert(connection: Connection, pk: int) -> Alert:
    return _alert(connection.execute(select(alerts).where(alerts.c.pk == pk)).one())


def find_alert_by_id(connection: Connection, pk: int) -> Alert | None:
    row = connection.execute(select(alerts).where(alerts.c.pk == pk)).one_or_none()
    return None if row is None else _alert(row)


def mark_accepted(connection: Connection, pk: int, now: datetime | None) -> None:
    connection.execute(update(alerts).where(alerts.c.pk == pk).values(accepted_at=now))


def said_by_entry(connection: Connection, alert_pk: int) -> dict[int, MessageAboutCase]:
    # The rows come in the order of the case ids, because cases are locked in this order.
    row = alert_cases.c
    columns = (cases.c.entry_pk, row.threshold, row.first_level, row.last_level)
    members = select(*columns).join_from(alert_cases, cases, cases.c.pk == row.case_pk)
    rows = connection.execute(members.where(row.alert_pk == alert_pk).order_by(cases.c.pk)).all()
    return {entry: MessageAboutCase(*said) for entry, *said in rows}


def lowest_level_written_for(connection: Connection, alert_pk: int) -> int:
    row = alert_cases.c
    return connection.scalar(select(func.min(row.last_level)).where(row.alert_pk == alert_pk)) or 1


def reasons_of(connection: Connection, alert_pk: int) -> dict[int, str]:
    query = select(alert_cases.c.case_pk, alert_cases.c.reason).where(alert_cases.c.alert_pk == alert_pk)
    return {row.case_pk: row.reason for row in connection.execute(query)}


def claim_to_check(connection: Connection, now: datetime, limit: int) -> list[Alert]:
    query = select(alerts).where(alerts.c.check_at <= now).order_by(alerts.c.check_at).limit(limit)
    return [_alert(row) for row in connection.execute(skipping_locked(connection, query))]


def move_check(connection: Connection, pk: int, check_at: datetime | None) -> None:
    connection.execute(update(alerts).where(alerts.c.pk == pk).values(check_at=check_at))


def count_earlier_alerts(connection: Connection, alert_pk: int, threshold: int) -> int:
    """Count the earlier accepted alerts at `threshold` for each case of the alert. Return the highest count."""
    now, before = alert_cases.alias("now"), alert_cases.alias("before")
    query = (
        select(func.count())
        .join_from(now, before, before.c.case_pk == now.c.case_pk)
        .join(alerts, alerts.c.pk == before.c.alert_pk)
        .where(now.c.alert_pk == alert_pk, before.c.alert_pk < alert_pk, before.c.threshold == threshold)
        # An alert that another one joined was sent to nobody.
        .where(alerts.c.accepted_at.is_not(None))
        .group_by(now.c.case_pk)
        .order_by(func.count().desc())
        .limit(1)
    )
    return connection.scalar(query) or 0


def tiers_told_before(connection: Connection, alert_pk: int) -> list[str]:
    mine, before = alert_cases.alias("mine"), alert_cases.alias("before")
    query = (
        select(deliveries.c.tier)
        .join_from(mine, before, (before.c.case_pk == mine.c.case_pk) & (before.c.alert_pk < mine.c.alert_pk))
        .join(deliveries, deliveries.c.alert_pk == before.c.alert_pk)
        .where(mine.c.alert_pk == alert_pk, deliveries.c.state == DeliveryState.SENT.value)
        .group_by(deliveries.c.tier)
        .order_by(func.min(deliveries.c.settled_at), func.min(deliveries.c.pk))
    )
    return list(connection.scalars(query))


def is_first_about_a_case(connection: Connection, alert_pk: int, since: datetime) -> bool:
    member, before = alert_cases.c, alert_cases.alias("before")
    earlier = exists().where(
        before.c.case_pk == member.case_pk,
        before.c.alert_pk == alerts.c.pk,
        alerts.c.pk < alert_pk,
        alerts.c.created_at > since,
    )
    query = select(func.count()).select_from(alert_cases).where(member.alert_pk == alert_pk, ~earlier)
    return bool(connection.scalar(query))


def _alert(row: Any) -> Alert:
    return Alert(
        pk=row.pk,
        reference=row.reference,
        feed_id=row.feed_id,
        threshold=row.threshold,
        reason=row.reason,
        created_at=row.created_at,
        cases=row.cases,
        urgent=row.urgent,
        owed_since=row.owed_since,
        check_at=row.check_at,
        accepted_at=row.accepted_at,
    )
