from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, exists, insert, or_, select, update

from services.alerts.delivery.delivery import OPERATOR_TIER, DeliveryState
from services.storage.dialect import skipping_locked
from services.storage.tables import alert_cases, alerts, deliveries

NOT_BEGUN = (DeliveryState.INTENDED.value, DeliveryState.WAITING.value)  # in these states no attempt is running


# While a destination holds deliveries, their due time is moved so often. So it says when Pullcord last looked, and a
# delivery counts as overdue only if Pullcord itself stands still.
HELD_ANEW = timedelta(minutes=1)
MOST_HELD = 1_000  # in one look; further ones follow at the next


class OwedDelivery(NamedTuple):
    pk: int
    alert_pk: int
    reference: str  # the reference of the alert
    feed_id: str  # the council of the alert


def insert_deliveries(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    connection.execute(insert(deliveries), rows)


def move_delivery(
    connection: Connection, pk: int, state: DeliveryState, due_at: datetime | None, settled_at: datetime | None
) -> None:
    # `due_at` is None for a settled delivery, so that it is never claimed again.
    values = {"state": state.value, "due_at": due_at, "settled_at": settled_at}
    connection.execute(update(deliveries).where(deliveries.c.pk == pk).values(values))


def move_slot(connection: Connection, pk: int, due_at: datetime) -> None:
    connection.execute(update(deliveries).where(deliveries.c.pk == pk).values(due_at=due_at))


def bring_forward(connection: Connection, pks: Sequence[int], now: datetime) -> None:
    """Make the deliveries due now, except deliveries that were already attempted."""
    row = deliveries.c
    waiting = (row.pk.in_(pks), row.due_at > now, row.attempts == 0)
    connection.execute(update(deliveries).where(*waiting).values(due_at=now))


def hold_waiting(connection: Connection, destinations: Sequence[str], now: datetime) -> None:
    """Set the state WAITING and the due time `now` for due deliveries that have one of these destinations."""
    row = deliveries.c
    for destination in destinations:
        news = or_(row.state == DeliveryState.INTENDED.value, row.due_at <= now - HELD_ANEW)
        due = (row.destination == bytes.fromhex(destination), row.due_at <= now)
        # Another process may be claiming some of them.
        query = skipping_locked(connection, select(row.pk).where(*due, row.state.in_(NOT_BEGUN), news).limit(MOST_HELD))
        held = connection.scalars(query).all()
        values = {"state": DeliveryState.WAITING.value, "due_at": now}
        connection.execute(update(deliveries).where(row.pk.in_(held)).values(values))


def mark_sending(connection: Connection, pk: int, number: int, deadline: datetime) -> None:
    # The delivery is due again at the deadline, so that another process takes over from one that died.
    values = {"state": DeliveryState.SENDING.value, "attempts": number, "due_at": deadline}
    connection.execute(update(deliveries).where(deliveries.c.pk == pk).values(values))


def lock_delivery(connection: Connection, pk: int) -> tuple[DeliveryState, int]:
    row = deliveries.c
    state, attempts = connection.execute(select(row.state, row.attempts).where(row.pk == pk).with_for_update()).one()
    return DeliveryState(state), attempts


def lock_older(connection: Connection, alert_pk: int, feed_id: str, contacts: Sequence[str]) -> list[OwedDelivery]:
    old, new = alert_cases.alias("old"), alert_cases.alias("new")
    covered = exists().where(new.c.alert_pk == alert_pk, new.c.case_pk == old.c.case_pk)
    beyond = exists().where(old.c.alert_pk == deliveries.c.alert_pk, ~covered)
    row = deliveries.c
    query = (
        select(row.pk, row.alert_pk, alerts.c.reference, alerts.c.feed_id)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(alerts.c.feed_id == feed_id, alerts.c.pk != alert_pk)
        # An alert without cases says something else, which no message about cases replaces.
        .where(row.state.in_(NOT_BEGUN), row.contact.in_(contacts), alerts.c.cases > 0, ~beyond)
        .order_by(row.pk)
    )
    return [OwedDelivery(*one) for one in connection.execute(query.with_for_update(of=deliveries)).all()]


def find_owed_to_councils(connection: Connection) -> list[OwedDelivery]:
    # Deliveries to the operator are left out: a newer message to a council does not replace them.
    row = deliveries.c
    query = (
        select(row.pk, row.alert_pk, alerts.c.reference, alerts.c.feed_id)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(row.due_at.is_not(None), row.tier != OPERATOR_TIER)
        .order_by(row.pk)
    )
    return [OwedDelivery(*one) for one in connection.execute(query).all()]
