from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, exists, func, or_, select

from services.alerts.delivery.channels.port import SendOutcome
from services.alerts.delivery.delivery import DeliveryState
from services.alerts.delivery.receipts.receipt import ReceiptState
from services.alerts.delivery.store.alerts import Alert
from services.alerts.delivery.store.deliveries import NOT_BEGUN
from services.alerts.policy.escalation.case_clock import EscalationReason
from services.alerts.policy.escalation.slots import LastMessages
from services.storage.dialect import among, skipping_locked
from services.storage.tables import alert_cases, alerts, deliveries, delivery_attempts


class DeliveryOfTier(NamedTuple):
    pk: int
    tier: str
    contact: str
    channel: str
    verified: bool
    state: DeliveryState
    attempts: int
    due_at: datetime | None
    created_at: datetime
    settled_at: datetime | None
    receipt: ReceiptState | None

    @property
    def replaced(self) -> bool:
        # A newer message to the contact takes its place, and that message has its own look.
        return self.state is DeliveryState.NOT_NEEDED

    def waits(self, now: datetime) -> bool:
        # For its time, such as the reader's next working day.
        return self.due_at is not None and self.due_at > now and not self.attempts

    @property
    def refused(self) -> bool:
        return self.state in (DeliveryState.GIVEN_UP, DeliveryState.REFUSED)

    def was_refused_by(self, moment: datetime) -> bool:
        return self.refused and self.settled_at is not None and self.settled_at <= moment

    @property
    def accepted(self) -> bool:
        # Where the channel gives receipts, the receipt must have come.
        return self.verified and self.state is DeliveryState.SENT and self.receipt in {None, ReceiptState.DELIVERED}

    @property
    def awaited(self) -> bool:
        return self.state is DeliveryState.SENT and self.receipt is ReceiptState.AWAITED


class Slot(NamedTuple):
    pk: int
    due_at: datetime
    created_at: datetime


class WaitingDelivery(NamedTuple):
    pk: int
    alert_pk: int
    reference: str
    feed_id: str
    contact: str
    channel: str
    withdrawn: bool  # the alert is about withdrawn notices


def deliveries_of_alert(connection: Connection, alert_pk: int) -> Sequence[DeliveryOfTier]:
    row = deliveries.c
    query = select(deliveries).where(row.alert_pk == alert_pk).order_by(row.pk)
    return [
        DeliveryOfTier(
            pk=one.pk,
            tier=one.tier,
            contact=one.contact,
            channel=one.channel,
            verified=one.verified,
            state=DeliveryState(one.state),
            attempts=one.attempts,
            due_at=one.due_at,
            created_at=one.created_at,
            settled_at=one.settled_at,
            receipt=ReceiptState(one.receipt) if one.receipt else None,
        )
        for one in connection.execute(query)
    ]


def tried_elsewhere(
    connection: Connection, alert: Alert, open_cases: Collection[int], now: datetime
) -> Mapping[tuple[str, str], datetime | None]:
    """Find contacts to whom other alerts are already on their way.

    Each contact is found only if these alerts together name every case of `open_cases`. Return the latest `check_at` of
    these alerts for each pair of contact and channel. The `check_at` may be None.
    """
    row, named = deliveries.c, alert_cases.c
    query = (
        select(row.contact, row.channel, func.max(alerts.c.check_at))
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .join(alert_cases, named.alert_pk == row.alert_pk)
        .where(alerts.c.feed_id == alert.feed_id, alerts.c.pk != alert.pk)
        .where(or_(row.due_at <= now, row.due_at.is_not(None) & (row.attempts > 0)))
        .where(among(connection, named.case_pk, open_cases))
        .group_by(row.contact, row.channel)
        # Several alerts to the same contact may name all of the cases only together.
        .having(func.count(named.case_pk.distinct()) == len(open_cases))
    )
    return {(contact, channel): check_at for contact, channel, check_at in connection.execute(query)}


def tiers_reached(connection: Connection, alert: Alert, open_cases: Collection[int]) -> frozenset[str]:
    """Return each tier whose accepted messages together name every case of `open_cases`."""
    row, named = deliveries.c, alert_cases.c
    # An alert that joined others has the time of the first of them, so this is when the newest of them was written.
    owed = (
        select(named.case_pk, func.max(alerts.c.owed_since).label("since"))
        .join_from(alert_cases, alerts, alerts.c.pk == named.alert_pk)
        .where(among(connection, named.case_pk, open_cases), named.alert_pk <= alert.pk)
        .group_by(named.case_pk)
        .subquery()
    )
    query = (
        select(row.tier)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .join(alert_cases, named.alert_pk == row.alert_pk)
        .join(owed, owed.c.case_pk == named.case_pk)
        # Only messages since the case last fell due count, and only messages to verified addresses.
        .where(alerts.c.created_at >= owed.c.since, row.state == DeliveryState.SENT.value, row.verified)
        # The look at another alert asks others if its receipt does not come.
        .where(row.receipt.is_(None) | (row.receipt == ReceiptState.DELIVERED.value) | (alerts.c.pk != alert.pk))
        .group_by(row.tier)
        .having(func.count(named.case_pk.distinct()) == len(open_cases))
    )
    return frozenset(connection.scalars(query))


def last_messages(connection: Connection, feed_id: str, since: datetime) -> Mapping[str, LastMessages]:
    row = deliveries.c
    query = (
        select(row.contact, alerts.c.urgent, func.max(row.settled_at))
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(alerts.c.feed_id == feed_id, alerts.c.created_at >= since, row.state == DeliveryState.SENT.value)
        # Only messages about cases count: no other delays the next of them.
        .where(alerts.c.cases > 0)
        .group_by(row.contact, alerts.c.urgent)
    )
    found: dict[str, dict[bool, datetime]] = {}
    for contact, urgent, at in connection.execute(query):
        found.setdefault(contact, {})[urgent] = at
    return {contact: LastMessages(max(by.values()), by.get(True)) for contact, by in found.items()}


def waiting_for(connection: Connection, feeds: Collection[str], contacts: Collection[str]) -> list[WaitingDelivery]:
    """Lock and return the waiting deliveries to `contacts` that no other worker has locked."""
    row, attempt = deliveries.c, delivery_attempts.c
    doubtful = exists().where(attempt.delivery_pk == row.pk, attempt.outcome == SendOutcome.IN_DOUBT.value)
    withdrawn = alerts.c.reason == EscalationReason.NOTICE_WITHDRAWN.value
    query = (
        select(row.pk, row.alert_pk, alerts.c.reference, alerts.c.feed_id, row.contact, row.channel, withdrawn)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(row.due_at.is_not(None), row.state.in_(NOT_BEGUN), row.contact.in_(contacts))
        .where(alerts.c.feed_id.in_(feeds), alerts.c.cases > 0, ~doubtful)
        .order_by(row.pk)
    )
    return [WaitingDelivery(*one) for one in connection.execute(skipping_locked(connection, query))]


def lock_slots(connection: Connection, feed_id: str, now: datetime) -> list[Slot]:
    """Lock and return the council's deliveries that wait for a time after `now`.

    Urgent alerts are left out.
    """
    row = deliveries.c
    query = (
        select(row.pk, row.due_at, row.created_at)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(alerts.c.feed_id == feed_id, alerts.c.cases > 0, ~alerts.c.urgent)
        .where(row.state.in_(NOT_BEGUN), row.attempts == 0, row.due_at > now)
        .order_by(row.pk)
    )
    return [Slot(*one) for one in connection.execute(query.with_for_update(of=deliveries))]


def newest_case_rows(connection: Connection, alert_pks: Collection[int]) -> list[dict[str, object]]:
    rows = connection.execute(
        select(alert_cases).where(alert_cases.c.alert_pk.in_(alert_pks)).order_by(alert_cases.c.alert_pk)
    )
    return list({row.case_pk: dict(row._mapping) for row in rows}.values())  # noqa: SLF001 - SQLAlchemy's own name
