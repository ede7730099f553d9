from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, select, update

from services.alerts.delivery.delivery import DeliveryState
from services.alerts.delivery.receipts.receipt import DeliveryReceipt, ReceiptState
from services.storage.dialect import skipping_locked
from services.storage.tables import alerts, deliveries


class ReceivedFor(NamedTuple):
    pk: int
    alert_pk: int
    alert: str
    feed_id: str
    cases: int
    tier: str
    contact: str
    channel: str
    verified: bool
    address_sealed: bytes
    state: DeliveryState
    receipt: ReceiptState | None
    receipt_at: datetime | None


class AwaitedReceipt(NamedTuple):
    pk: int
    alert: str
    contact: str
    channel: str
    address_sealed: bytes
    sent_at: datetime


def find_by_reference(connection: Connection, alert: str, pk: int) -> ReceivedFor | None:
    # Both parts of the reference that the message was sent with must fit.
    return _one(connection, _query().where(deliveries.c.pk == pk, alerts.c.reference == alert))


def lock_received(connection: Connection, pk: int) -> ReceivedFor | None:
    return _one(connection, _query().where(deliveries.c.pk == pk).with_for_update(of=deliveries))


def await_receipt(connection: Connection, pk: int, due_at: datetime) -> None:
    row = deliveries.c
    values = {"receipt": ReceiptState.AWAITED.value, "receipt_due_at": due_at}
    connection.execute(update(deliveries).where(row.pk == pk, row.receipt.is_(None)).values(values))


def write_receipt(connection: Connection, pk: int, receipt: DeliveryReceipt) -> None:
    values = {"receipt": receipt.outcome.value, "receipt_at": receipt.at, "receipt_due_at": None}
    connection.execute(update(deliveries).where(deliveries.c.pk == pk).values(values))


def is_accepted(connection: Connection, alert_pk: int) -> bool:
    # A message that came back is no longer in this state.
    row = deliveries.c
    sent = exists().where(row.alert_pk == alert_pk, row.state == DeliveryState.SENT.value)
    return bool(connection.scalar(select(sent)))


def is_look_due(connection: Connection, now: datetime) -> bool:
    return bool(connection.scalar(select(exists().where(deliveries.c.receipt_due_at <= now))))


def claim_awaited(connection: Connection, now: datetime, limit: int) -> Sequence[AwaitedReceipt]:
    # Those that have been due longest come first. Those that another worker has locked are skipped.
    row = deliveries.c
    query = (
        select(row.pk, alerts.c.reference, row.contact, row.channel, row.address_sealed, row.settled_at)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(row.receipt_due_at <= now)
        .order_by(row.receipt_due_at)
        .limit(limit)
    )
    return [AwaitedReceipt(*found) for found in connection.execute(skipping_locked(connection, query))]


def move_look(connection: Connection, pk: int, due_at: datetime | None) -> None:
    # None ends the asking.
    connection.execute(update(deliveries).where(deliveries.c.pk == pk).values(receipt_due_at=due_at))


def _query() -> Select[Any]:
    columns = (deliveries, alerts.c.reference, alerts.c.feed_id, alerts.c.cases)
    return select(*columns).join_from(deliveries, alerts, alerts.c.pk == deliveries.c.alert_pk)


def _one(connection: Connection, query: Select[Any]) -> ReceivedFor | None:
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return ReceivedFor(
        pk=row.pk,
        alert_pk=row.alert_pk,
        alert=row.reference,
        feed_id=row.feed_id,
        cases=row.cases,
        tier=row.tier,
        contact=row.contact,
        channel=row.channel,
        verified=row.verified,
        address_sealed=row.address_sealed,
        state=DeliveryState(row.state),
        receipt=ReceiptState(row.receipt) if row.receipt else None,
        receipt_at=row.receipt_at,
    )
