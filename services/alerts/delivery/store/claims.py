"""Finds due deliveries, and locks the deliveries for this transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from services.alerts.delivery.delivery import Delivery, DeliveryState, LinkCodes
from services.core.ids import RandomBytes, new_link_code
from services.storage.dialect import skipping_locked
from services.storage.tables import alerts, deliveries


class DueDelivery(NamedTuple):
    # `delivery.number` is the number of the next attempt.
    delivery: Delivery
    left_sending: bool  # the previous attempt has no outcome


def count_due(connection: Connection, now: datetime, in_flight: Collection[int]) -> dict[str, int]:
    """Return the number of due deliveries, by destination.

    The destination with the fewest attempts of a delivery comes first, then the earliest due time.
    """
    row = deliveries.c
    query = (
        select(row.destination, func.count())
        .where(row.due_at <= now, row.pk.not_in(in_flight))
        .group_by(row.destination)
        .order_by(func.min(row.attempts), func.min(row.due_at))
    )
    return {bytes(destination).hex(): count for destination, count in connection.execute(query)}


def claim_deliveries(
    connection: Connection,
    now: datetime,
    destination: str,
    limit: int,
    in_flight: Collection[int],
    random: RandomBytes,
) -> list[DueDelivery]:
    # Deliveries that another worker has locked are skipped. `in_flight` are deliveries that this process is still
    # sending: after their deadline they would be claimed a second time.
    row = deliveries.c
    query = (
        select(deliveries, alerts.c.reference, alerts.c.feed_id, alerts.c.cases)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(row.destination == bytes.fromhex(destination), row.due_at <= now, row.pk.not_in(in_flight))
        # Of equally many attempts, the nearest harm comes first.
        .order_by(alerts.c.urgent.desc(), row.attempts, alerts.c.threshold, row.due_at, row.pk)
        .limit(limit)
    )
    return [_due(found, random) for found in connection.execute(skipping_locked(connection, query))]


def load_due(connection: Connection, pk: int, random: RandomBytes) -> DueDelivery:
    query = select(deliveries, alerts.c.reference, alerts.c.feed_id, alerts.c.cases)
    found = query.join_from(deliveries, alerts, alerts.c.pk == deliveries.c.alert_pk).where(deliveries.c.pk == pk)
    return _due(connection.execute(found).one(), random)


def _due(row: Any, random: RandomBytes) -> DueDelivery:
    return DueDelivery(_delivery(row, random), left_sending=row.state == DeliveryState.SENDING)


def _delivery(row: Any, random: RandomBytes) -> Delivery:
    return Delivery(
        pk=row.pk,
        alert_pk=row.alert_pk,
        alert=row.reference,
        feed_id=row.feed_id,
        tier=row.tier,
        contact=row.contact,
        channel=row.channel,
        verified=row.verified,
        address_sealed=row.address_sealed,
        destination=bytes(row.destination).hex(),
        number=row.attempts + 1,  # the number of the attempt that comes now
        created_at=row.created_at,
        codes=LinkCodes(new_link_code(random), new_link_code(random)),
        cases=row.cases,
    )
