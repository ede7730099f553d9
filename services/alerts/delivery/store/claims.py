from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from services.alerts.delivery.delivery import DRILLS_FEED, Delivery, DeliveryState, LinkCodes
from services.core.ids import RandomBytes, new_link_code
from services.storage.dialect import skipping_locked
from services.storage.tables import alerts, deliveries

# No drill message takes the place of an alert that is due.
_DRILLS_LAST: Final = case((alerts.c.feed_id == DRILLS_FEED, 1), else_=0)


class DueDelivery(NamedTuple):
    # `delivery.number` is the number of the next attempt.
    delivery: Delivery
    left_sending: bool  # the previous attempt has no outcome


# A council's first messages wait at most so long for its other due cases, about which alerts are being written.
GATHERED = timedelta(minutes=1)


def ready(now: datetime, in_flight: Collection[int], unwritten: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Return the SQL conditions for deliveries that may be sent now.

    `unwritten` holds the councils that have due cases without a written alert. New deliveries to these councils wait
    for the missing alerts, but no longer than GATHERED.
    """
    row = deliveries.c
    # Urgent messages and repeated attempts do not wait for the council's other due cases.
    waited = or_(alerts.c.urgent, row.attempts > 0, alerts.c.created_at <= now - GATHERED)
    is_complete = or_(alerts.c.feed_id.not_in(unwritten), waited)
    return row.due_at <= now, row.pk.not_in(in_flight), is_complete


def count_due(connection: Connection, ready_now: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    row = deliveries.c
    query = (
        select(row.destination, func.count())
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(*ready_now)
        .group_by(row.destination)
        .order_by(func.min(_DRILLS_LAST), func.min(row.attempts), func.min(row.due_at), func.min(row.pk))
    )
    return {bytes(destination).hex(): count for destination, count in connection.execute(query)}


def claim_deliveries(
    connection: Connection,
    ready_now: Sequence[ColumnElement[bool]],
    destination: str,
    limit: int,
    random: RandomBytes,
    *,
    probing: bool = False,
) -> list[DueDelivery]:
    # Deliveries that another worker has locked are skipped. `in_flight` are deliveries that this process is still
    # sending: after their deadline they would be claimed a second time.
    row = deliveries.c
    # Of equally many attempts, the nearest harm comes first.
    nearest_harm = (alerts.c.urgent.desc(), row.attempts, alerts.c.threshold, row.due_at, row.pk)
    # Messages that themselves make the service fail must not be the only ones that are tried.
    newest = (row.attempts, row.pk.desc())
    query = (
        select(deliveries, alerts.c.reference, alerts.c.feed_id, alerts.c.cases)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(row.destination == bytes.fromhex(destination), *ready_now)
        .order_by(_DRILLS_LAST, *(newest if probing else nearest_harm))
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
