"""Deliveries as rows: claimed before anything is sent, settled after. Nothing about them is kept in memory only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import SystemRandom

from sqlalchemy import Connection, func, insert, select, update

from schemas.events import AlertSettled
from services.alerts.delivery.acceptance import count_as_accepted
from services.alerts.delivery.channels.destinations import destination_of
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.policy.policy import Contact
from services.core.audit import AuditAction
from services.core.backoff import delay
from services.storage.audit import AuditRow, write_audit
from services.storage.events.outbox import Announcement, announce
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.tables import alert_cases, deliveries, delivery_attempts
from services.storage.vault import place

GIVE_UP_AFTER = timedelta(hours=24)
"""For how long a delivery that fails for passing reasons is tried (policy of the deployment)."""

FIRST_WAIT, LONGEST_WAIT = 10.0, 25.0
"""With the longest attempt this sends what is owed within a minute of a channel's return."""

OPERATOR_TIER = "operator of Pullcord"
"""Told when a council has nobody who can be told."""

OPERATOR_FEED = "operator"
"""Stands where an alert to a council has the council: what the operator is told of Pullcord itself."""


class DeliveryState(StrEnum):
    """Where a delivery stands; stored."""

    INTENDED = "intended"
    SENDING = "sending"
    WAITING = "waiting"
    """It failed for a passing reason and will be tried again."""
    SENT = "sent"
    GIVEN_UP = "given_up"
    NOT_NEEDED = "not_needed"
    """Nothing of the alert was open any more when it came to sending."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery claimed for sending: its attempt has been written down."""

    pk: int
    alert_pk: int
    alert: str
    feed_id: str
    tier: str
    contact: str
    route_sealed: bytes
    destination: str
    """Where it goes, as a keyed digest in hexadecimal: equal for routes to one host and port."""
    number: int
    created_at: datetime


def intend_deliveries(
    connection: Connection, store: Store, alert_pk: int, contacts: Sequence[tuple[str, Contact]], now: datetime
) -> None:
    """Write down that an alert is owed to contacts, each with its tier; due at once."""
    if not contacts:
        return
    pks = allocate_ids(connection, "deliveries", len(contacts))
    rows = [
        _intended(store, pk, alert_pk, tier, contact, now) for pk, (tier, contact) in zip(pks, contacts, strict=True)
    ]
    connection.execute(insert(deliveries), rows)


def record_unreachable(
    connection: Connection, store: Store, feed_id: str | None, alert: str, count: int, now: datetime
) -> None:
    """Record that nobody of a council (of the operator's, if None) could be told of an alert over `count` cases."""
    fields = {"alert": alert, "cases": count}
    row = AuditRow(AuditAction.NOBODY_COULD_BE_TOLD, fields, subject=alert, feed_id=feed_id)
    write_audit(connection, store.vault, [row], now)


def route_of(store: Store, delivery: Delivery) -> str:
    """Where a delivery goes: an Apprise address, and a secret.

    Raises VaultError.
    """
    return str(store.vault.open(place("deliveries", delivery.pk), delivery.route_sealed))


def settle(
    store: Store, delivery: Delivery, result: SendResult, others: Sequence[Contact], *, counting: bool = True
) -> DeliveryState:
    """Write down what became of an attempt. Returns where the delivery now stands.

    When its alert has now reached nobody, that is recorded and `others` are to be told instead, all in one transaction.
    An outcome that comes so late that another attempt was made in its place is written down, and decides nothing
    unless it is that the message was sent. Not `counting`, a message that was sent tells nobody's case so: its cases
    are owed another.
    """
    now = store.now()
    state, due_at = _next(delivery, result, now)
    with store.writing() as connection:
        if result.outcome is SendOutcome.SENT and counting:
            count_as_accepted(connection, store, delivery.alert_pk, now)
        _end_attempt(connection, delivery, result.outcome.value, result.reason, now)
        standing = _decided_elsewhere(connection, delivery, sent=result.outcome is SendOutcome.SENT)
        if standing is not None:
            record_audit(connection, store, _LATE_WORDS[result.outcome], delivery, now, reason=result.reason)
            return standing
        settled = None if due_at else now
        values = {"state": state.value, "due_at": due_at, "settled_at": settled}
        connection.execute(update(deliveries).where(deliveries.c.pk == delivery.pk).values(values))
        word = _WORDS[state] if result.outcome is not SendOutcome.IN_DOUBT else AuditAction.DELIVERY_IN_DOUBT
        record_audit(connection, store, word, delivery, now, reason=result.reason)
        if due_at is None:
            _announce(connection, store, delivery, state.value, now)
        if state is DeliveryState.GIVEN_UP:
            _look_for_others(connection, store, delivery, others, now)
    return state


def cancel_delivery(store: Store, delivery: Delivery) -> None:
    """Settle a delivery that need not be made: nothing it told of is open any more.

    Where an earlier attempt is in doubt somebody may have it, and is owed the word that it is over.
    """
    now = store.now()
    with store.writing() as connection:
        if _may_have_come(connection, delivery):
            count_as_accepted(connection, store, delivery.alert_pk, now)
        _end_attempt(connection, delivery, DeliveryState.NOT_NEEDED, "nothing_open", now)
        if _decided_elsewhere(connection, delivery, sent=False) is not None:
            return
        values = {"state": DeliveryState.NOT_NEEDED.value, "due_at": None, "settled_at": now}
        connection.execute(update(deliveries).where(deliveries.c.pk == delivery.pk).values(values))
        _announce(connection, store, delivery, DeliveryState.NOT_NEEDED, now)


def _may_have_come(connection: Connection, delivery: Delivery) -> bool:
    attempt = delivery_attempts.c
    doubtful = (attempt.delivery_pk == delivery.pk, attempt.outcome == SendOutcome.IN_DOUBT.value)
    return (connection.scalar(select(func.count()).where(*doubtful)) or 0) > 0


def _look_for_others(
    connection: Connection, store: Store, delivery: Delivery, others: Sequence[Contact], now: datetime
) -> None:
    if delivery.tier == OPERATOR_TIER or not _all_given_up(connection, delivery.alert_pk):
        return
    alertable = select(func.count()).where(alert_cases.c.alert_pk == delivery.alert_pk)
    record_unreachable(connection, store, delivery.feed_id, delivery.alert, connection.scalar(alertable) or 0, now)
    contacts = [(OPERATOR_TIER, contact) for contact in others]
    intend_deliveries(connection, store, delivery.alert_pk, contacts, now)


def _all_given_up(connection: Connection, alert_pk: int) -> bool:
    """Whether every delivery of an alert was given up: it has reached nobody and will reach nobody."""
    row = deliveries.c
    hopeful = select(func.count()).where(row.alert_pk == alert_pk, row.state != DeliveryState.GIVEN_UP.value)
    return connection.scalar(hopeful) == 0


def _intended(store: Store, pk: int, alert_pk: int, tier: str, contact: Contact, now: datetime) -> dict[str, object]:
    route = contact.route.get_secret_value()
    return {
        "pk": pk,
        "alert_pk": alert_pk,
        "tier": tier,
        "contact": contact.label,
        "route_sealed": store.vault.seal(place("deliveries", pk), route),
        "destination": store.tokeniser.digest(destination_of(route).encode()),
        "state": DeliveryState.INTENDED.value,
        "attempts": 0,
        "created_at": now,
        "due_at": now,
    }


def _next(delivery: Delivery, result: SendResult, now: datetime) -> tuple[DeliveryState, datetime | None]:
    if result.outcome is SendOutcome.SENT:
        return DeliveryState.SENT, None
    too_old = now - delivery.created_at >= GIVE_UP_AFTER
    if result.outcome is SendOutcome.FAILED_PERMANENT or too_old:
        return DeliveryState.GIVEN_UP, None
    wait = delay(delivery.number, FIRST_WAIT, LONGEST_WAIT, SystemRandom().random())
    return DeliveryState.WAITING, now + timedelta(seconds=wait)


def _decided_elsewhere(connection: Connection, delivery: Delivery, *, sent: bool) -> DeliveryState | None:
    """Where the delivery stands, if that is no longer for this attempt to say: it is settled, or another is made."""
    row = deliveries.c
    query = select(row.state, row.attempts).where(row.pk == delivery.pk).with_for_update()
    state, attempts = connection.execute(query).one()
    overtaken = attempts != delivery.number and not sent
    return DeliveryState(state) if overtaken or state in _SETTLED else None


def _end_attempt(connection: Connection, delivery: Delivery, outcome: str, reason: str, now: datetime) -> None:
    attempt = delivery_attempts.c
    connection.execute(
        update(delivery_attempts)
        .where(attempt.delivery_pk == delivery.pk, attempt.number == delivery.number)
        .values(ended_at=now, outcome=outcome, reason=reason)
    )


_WORDS = {
    DeliveryState.SENT: AuditAction.DELIVERY_SENT,
    DeliveryState.WAITING: AuditAction.DELIVERY_FAILED,
    DeliveryState.GIVEN_UP: AuditAction.DELIVERY_GIVEN_UP,
}
_LATE_WORDS = {
    SendOutcome.SENT: AuditAction.DELIVERY_SENT,
    SendOutcome.IN_DOUBT: AuditAction.DELIVERY_IN_DOUBT,
    SendOutcome.FAILED_TEMPORARY: AuditAction.DELIVERY_FAILED,
    SendOutcome.FAILED_PERMANENT: AuditAction.DELIVERY_FAILED,
}
_SETTLED = {DeliveryState.SENT, DeliveryState.GIVEN_UP, DeliveryState.NOT_NEEDED}
_WITH_REASON = {AuditAction.DELIVERY_FAILED, AuditAction.DELIVERY_GIVEN_UP}


def record_audit(
    connection: Connection, store: Store, word: AuditAction, delivery: Delivery, now: datetime, reason: str = ""
) -> None:
    fields: dict[str, object] = {"delivery": delivery.pk, "alert": delivery.alert, "number": delivery.number}
    if word in _WITH_REASON:
        fields["reason"] = reason
    row = AuditRow(word, fields, subject=delivery.alert, feed_id=delivery.feed_id)
    write_audit(connection, store.vault, [row], now)


def _announce(connection: Connection, store: Store, delivery: Delivery, outcome: str, now: datetime) -> None:
    """Tell that a delivery is settled. What the operator is told of Pullcord itself concerns nobody else."""
    if delivery.feed_id == OPERATOR_FEED:
        return
    settled = AlertSettled(alert=delivery.alert, council=delivery.feed_id, delivery=delivery.pk, outcome=outcome)
    announce(connection, [Announcement("alerts", delivery.feed_id, settled)], now, store.random)
