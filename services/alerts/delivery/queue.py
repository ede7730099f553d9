"""Deliveries as rows: claimed before anything is sent, settled after. Nothing about them is kept in memory only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from schemas.events import AlertSettled
from services.alerts.delivery.acceptance import count_as_accepted
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.channels.routes import destination_of
from services.alerts.delivery.delivery import OPERATOR_FEED, OPERATOR_TIER, Delivery, DeliveryState
from services.alerts.delivery.store.alerts import count_cases
from services.alerts.delivery.store.attempts import cases_in_doubt, end_attempt, has_doubtful_attempt
from services.alerts.delivery.store.deliveries import (
    all_given_up,
    insert_deliveries,
    lock_delivery,
    lock_older,
    move_delivery,
)
from services.alerts.policy.policy import Contact
from services.core.audit import AuditAction
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import place

GIVE_UP_AFTER = timedelta(hours=24)
"""For how long a delivery that fails for passing reasons is tried (policy of the deployment)."""

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(seconds=25)
"""With the longest attempt this sends what is owed within a minute of a channel's return."""


def intend_deliveries(work: UnitOfWork, alert_pk: int, contacts: Sequence[tuple[str, Contact]]) -> None:
    """Write down that an alert is owed to contacts, each with its tier; due at once."""
    if not contacts:
        return
    pks = allocate_ids(work.connection, "deliveries", len(contacts))
    rows = [_intended(work, pk, alert_pk, tier, contact) for pk, (tier, contact) in zip(pks, contacts, strict=True)]
    insert_deliveries(work.connection, rows)


def record_unreachable(work: UnitOfWork, feed_id: str | None, alert: str, count: int) -> None:
    """Record that nobody of a council (of the operator's, if None) could be told of an alert over `count` cases."""
    fields = {"alert": alert, "cases": count}
    work.record_audit(AuditRow(AuditAction.NOBODY_COULD_BE_TOLD, fields, subject=alert, feed_id=feed_id))


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
        work = UnitOfWork(connection, store, now)
        if result.outcome is SendOutcome.SENT and counting:
            count_as_accepted(work, delivery.alert_pk)
        end_attempt(connection, delivery.pk, delivery.number, result.outcome.value, result.reason, now)
        standing = _decided_elsewhere(connection, delivery, sent=result.outcome is SendOutcome.SENT)
        if standing is not None:
            record_delivery_audit(work, _LATE_WORDS[result.outcome], delivery, reason=result.reason)
            return standing
        move_delivery(connection, delivery.pk, state, due_at, settled_at=None if due_at else now)
        word = _WORDS[state] if result.outcome is not SendOutcome.IN_DOUBT else AuditAction.DELIVERY_IN_DOUBT
        record_delivery_audit(work, word, delivery, reason=result.reason)
        if due_at is None:
            _announce(work, delivery, state.value)
        if state is DeliveryState.GIVEN_UP:
            _look_for_others(work, delivery, others)
    return state


def cancel_delivery(store: Store, delivery: Delivery) -> None:
    """Settle a delivery that need not be made: nothing it told of is open any more.

    Where an earlier attempt is in doubt somebody may have it, and is owed the word that it is over.
    """
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        if has_doubtful_attempt(connection, delivery.pk):
            count_as_accepted(work, delivery.alert_pk)
        end_attempt(connection, delivery.pk, delivery.number, DeliveryState.NOT_NEEDED, "nothing_open", now)
        if _decided_elsewhere(connection, delivery, sent=False) is not None:
            return
        move_delivery(connection, delivery.pk, DeliveryState.NOT_NEEDED, due_at=None, settled_at=now)
        _announce(work, delivery, DeliveryState.NOT_NEEDED)


def cancel_older(work: UnitOfWork, alert_pk: int, feed_id: str, contacts: Sequence[str]) -> set[int]:
    """Settle deliveries to these contacts that wait to be sent, where the new alert covers all their cases.

    Returns the cases, by id, of which one of them may have told somebody: they count as told, so that their council is
    sent word when they are over.
    """
    older, state = lock_older(work.connection, alert_pk, feed_id, contacts), DeliveryState.NOT_NEEDED
    for delivery in older:
        move_delivery(work.connection, delivery.pk, state, due_at=None, settled_at=work.now)
    settled = (
        AlertSettled(alert=one.reference, council=feed_id, delivery=one.pk, outcome=state.value) for one in older
    )
    work.announce([Announcement("alerts", feed_id, event) for event in settled])
    return cases_in_doubt(work.connection, [delivery.pk for delivery in older])


def _look_for_others(work: UnitOfWork, delivery: Delivery, others: Sequence[Contact]) -> None:
    if delivery.tier == OPERATOR_TIER or not all_given_up(work.connection, delivery.alert_pk):
        return
    alertable = count_cases(work.connection, delivery.alert_pk)
    record_unreachable(work, delivery.feed_id, delivery.alert, alertable)
    intend_deliveries(work, delivery.alert_pk, [(OPERATOR_TIER, contact) for contact in others])


def _intended(work: UnitOfWork, pk: int, alert_pk: int, tier: str, contact: Contact) -> dict[str, object]:
    route = contact.route.get_secret_value()
    return {
        "pk": pk,
        "alert_pk": alert_pk,
        "tier": tier,
        "contact": contact.label,
        "route_sealed": work.store.vault.seal(place("deliveries", pk), route),
        "destination": work.store.tokeniser.digest(destination_of(route).encode()),
        "state": DeliveryState.INTENDED.value,
        "attempts": 0,
        "created_at": work.now,
        "due_at": work.now,
    }


def _next(delivery: Delivery, result: SendResult, now: datetime) -> tuple[DeliveryState, datetime | None]:
    if result.outcome is SendOutcome.SENT:
        return DeliveryState.SENT, None
    too_old = now - delivery.created_at >= GIVE_UP_AFTER
    if result.outcome is SendOutcome.FAILED_PERMANENT or too_old:
        return DeliveryState.GIVEN_UP, None
    return DeliveryState.WAITING, now + min(FIRST_WAIT * 2 ** min(delivery.number - 1, 10), LONGEST_WAIT)


def _decided_elsewhere(connection: Connection, delivery: Delivery, *, sent: bool) -> DeliveryState | None:
    """Where the delivery stands, if that is no longer for this attempt to say: it is settled, or another is made."""
    state, attempts = lock_delivery(connection, delivery.pk)
    overtaken = attempts != delivery.number and not sent
    return state if overtaken or state in _SETTLED else None


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


def record_delivery_audit(work: UnitOfWork, word: AuditAction, delivery: Delivery, reason: str = "") -> None:
    fields: dict[str, object] = {"delivery": delivery.pk, "alert": delivery.alert, "number": delivery.number}
    if word in _WITH_REASON:
        fields["reason"] = reason
    work.record_audit(AuditRow(word, fields, subject=delivery.alert, feed_id=delivery.feed_id))


def _announce(work: UnitOfWork, delivery: Delivery, outcome: str) -> None:
    """Tell that a delivery is settled. What the operator is told of Pullcord itself concerns nobody else."""
    if delivery.feed_id == OPERATOR_FEED:
        return
    settled = AlertSettled(alert=delivery.alert, council=delivery.feed_id, delivery=delivery.pk, outcome=outcome)
    work.announce([Announcement("alerts", delivery.feed_id, settled)])
