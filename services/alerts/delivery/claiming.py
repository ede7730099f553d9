"""Which deliveries are sent next: every destination gets its turn, and none gets more than its places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, func, insert, select, update

from services.alerts.delivery.channels.port import SendOutcome
from services.alerts.delivery.queue import Delivery, DeliveryState, record_audit
from services.core.audit import AuditAction
from services.storage.audit import AuditRow, write_audit
from services.storage.dialect import skipping_locked
from services.storage.store import Store
from services.storage.tables import alerts, deliveries, delivery_attempts

ATTEMPT_LIMIT = timedelta(seconds=45)
"""After this an attempt without an outcome is in doubt: whoever made it has died or hangs. It is then made again with
the same reference, well within the two minutes promised."""


class Places(Protocol):
    """How many sends may begin now."""

    def places(self) -> int:
        """Wherever they go."""
        ...

    def places_at(self, destination: str) -> int:
        """To this destination."""
        ...


def claim(store: Store, room: Places, in_flight: Collection[int]) -> list[Delivery]:
    """Write down an attempt for each delivery that is due and has a place, and return them for sending.

    One found still sending was left by a process that died: its attempt is settled as in doubt first.
    """
    now = store.now()
    if not room.places():
        return []
    with store.writing() as connection:
        waiting = _waiting(connection, now, in_flight)
        rows = [
            row
            for destination, most in shares(waiting, room.places(), room.places_at).items()
            for row in connection.execute(_due(connection, now, bytes.fromhex(destination), most, in_flight))
        ]
        _doubt(connection, store, [row for row in rows if row.state == DeliveryState.SENDING], now)
        claimed = [_delivery(row) for row in rows]
        _start(connection, store, claimed, now)
    return claimed


def shares(waiting: Mapping[str, int], places: int, places_at: Callable[[str], int]) -> dict[str, int]:
    """How many of its waiting deliveries each destination may send now: one each in turn until the places are given."""
    given: Counter[str] = Counter()
    most = {destination: min(count, places_at(destination)) for destination, count in waiting.items()}
    while places > 0:
        turn = [destination for destination in waiting if given[destination] < most[destination]][:places]
        if not turn:
            break
        given.update(turn)
        places -= len(turn)
    return dict(given)


def _waiting(connection: Connection, now: datetime, in_flight: Collection[int]) -> dict[str, int]:
    """How many deliveries are due at each destination, those tried least and due longest first."""
    row = deliveries.c
    query = (
        select(row.destination, func.count())
        .where(row.due_at <= now, row.pk.not_in(in_flight))
        .group_by(row.destination)
        .order_by(func.min(row.attempts), func.min(row.due_at))
    )
    return {bytes(destination).hex(): count for destination, count in connection.execute(query)}


def _due(connection: Connection, now: datetime, destination: bytes, limit: int, in_flight: Collection[int]) -> Any:
    row = deliveries.c
    query = (
        select(deliveries, alerts.c.reference, alerts.c.feed_id)
        .join_from(deliveries, alerts, alerts.c.pk == row.alert_pk)
        .where(row.destination == destination, row.due_at <= now, row.pk.not_in(in_flight))
        .order_by(row.attempts, row.due_at, row.pk)
        .limit(limit)
    )
    return skipping_locked(connection, query)


def _delivery(row: Any) -> Delivery:
    return Delivery(
        pk=row.pk,
        alert_pk=row.alert_pk,
        alert=row.reference,
        feed_id=row.feed_id,
        tier=row.tier,
        contact=row.contact,
        route_sealed=row.route_sealed,
        destination=bytes(row.destination).hex(),
        number=row.attempts + 1,
        created_at=row.created_at,
    )


def _doubt(connection: Connection, store: Store, left: Sequence[Any], now: datetime) -> None:
    for row in left:
        attempt = delivery_attempts.c
        connection.execute(
            update(delivery_attempts)
            .where(attempt.delivery_pk == row.pk, attempt.number == row.attempts, attempt.ended_at.is_(None))
            .values(ended_at=now, outcome=SendOutcome.IN_DOUBT.value, reason="left_unfinished")
        )
        fields = {"delivery": row.pk, "alert": row.reference, "number": row.attempts}
        said = AuditRow(AuditAction.DELIVERY_IN_DOUBT, fields, subject=row.reference, feed_id=row.feed_id)
        write_audit(connection, store.vault, [said], now)


def _start(connection: Connection, store: Store, claimed: Sequence[Delivery], now: datetime) -> None:
    for delivery in claimed:
        deadline = now + ATTEMPT_LIMIT
        connection.execute(
            insert(delivery_attempts).values(
                delivery_pk=delivery.pk, number=delivery.number, started_at=now, deadline_at=deadline
            )
        )
        values = {"state": DeliveryState.SENDING.value, "attempts": delivery.number, "due_at": deadline}
        connection.execute(update(deliveries).where(deliveries.c.pk == delivery.pk).values(values))
        record_audit(connection, store, AuditAction.ATTEMPT_STARTED, delivery, now)
