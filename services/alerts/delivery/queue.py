"""Writes deliveries, and the outcome of each attempt.

A delivery is settled when no further attempt follows: the delivery was sent, given up, or not needed. All state of a
delivery is in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import SystemRandom

from pydantic import SecretStr
from sqlalchemy import Connection

from schemas.events import AlertSettled
from services.alerts.delivery.acceptance import count_as_accepted
from services.alerts.delivery.channels.contact_routes import contact_route
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.channels.routes import destination_of
from services.alerts.delivery.contacts.next_addresses import next_addresses
from services.alerts.delivery.contacts.verification import verified_contacts
from services.alerts.delivery.delivery import NO_COUNCIL, OPERATOR_TIER, Delivery, DeliveryState
from services.alerts.delivery.store.alerts import count_cases_of_alert, load_alert
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
from services.core.backoff import delay
from services.core.errors import RefusedError
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import place

# A delivery whose attempts fail for temporary reasons is given up after this time (policy of the deployment).
GIVE_UP_AFTER = timedelta(hours=24)

# Seconds between attempts. The wait is so short that messages go out within a minute after a channel works again, even
# with the longest attempt.
FIRST_WAIT, LONGEST_WAIT = 10.0, 25.0

# The most seconds that a service may ask to wait (policy of the deployment): no answer may silence a contact for long.
LONGEST_ASKED = 300.0


def intend_deliveries(work: UnitOfWork, alert_pk: int, contacts: Sequence[tuple[str, Contact]]) -> None:
    """Write one delivery of an alert for each pair of a tier and a contact. The deliveries are due at once."""
    if not contacts:
        return
    alert = load_alert(work.connection, alert_pk)
    verified = verified_contacts(work.connection, work.store.tokeniser, alert.feed_id, [one for _, one in contacts])
    pks = allocate_ids(work.connection, "deliveries", len(contacts))
    rows = [
        # The operator answers for the operator's own contacts.
        _intended(work, pk, alert_pk, tier, contact, verified=contact in verified or tier == OPERATOR_TIER)
        for pk, (tier, contact) in zip(pks, contacts, strict=True)
    ]
    insert_deliveries(work.connection, rows)


def record_unreachable(work: UnitOfWork, feed_id: str | None, alert: str, count: int) -> None:
    """Record in the audit that an alert about `count` cases could reach nobody.

    `feed_id` is None for an alert to the operator.
    """
    fields = {"alert": alert, "cases": count}
    work.record_audit(AuditRow(AuditAction.NOBODY_COULD_BE_TOLD, fields, subject=alert, feed_id=feed_id))


def route_of(store: Store, delivery: Delivery) -> str:
    """Return the route of a delivery, by the services that are set now. The route is secret.

    If the service of the channel is not set, the route is empty, and every attempt fails for good. Raises VaultError if
    decryption fails.
    """
    address = SecretStr(str(store.vault.open(place("deliveries", delivery.pk), delivery.address_sealed)))
    return _route(Contact(person=delivery.contact, channel=delivery.channel, address=address), store)


def _route(contact: Contact, store: Store) -> str:
    try:
        return contact_route(contact, store.policy.services)
    except RefusedError:
        return ""


def _destination(contact: Contact, store: Store) -> str:
    # A process without the service of a channel, such as the API, may write a delivery too.
    route = _route(contact, store)
    return destination_of(route) if route else contact.channel


def settle(
    store: Store, delivery: Delivery, result: SendResult, others: Sequence[Contact], *, counting: bool = True
) -> DeliveryState:
    """Write the outcome of an attempt, and return the new state of the delivery.

    If the alert can no longer reach anybody, write a delivery to each contact of `others`. If the message was sent and
    `counting` is true, mark the cases as alerted. If `counting` is false, another message about the cases stays due.
    """
    now = store.now()
    state, due_at = _next(delivery, result, now)
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        # This call locks the cases. It comes before the delivery is locked, because every writer of alerts locks cases
        # first.
        if result.outcome is SendOutcome.SENT and counting:
            count_as_accepted(work, delivery.alert_pk)
        end_attempt(connection, delivery.pk, delivery.number, result.outcome.value, result.reason, now)
        standing = _decided_elsewhere(connection, delivery, sent=result.outcome is SendOutcome.SENT)
        # The outcome came too late to change the delivery, so it is only recorded.
        if standing is not None:
            record_delivery_audit(work, _LATE_WORDS[result.outcome], delivery, reason=result.reason)
            return standing
        move_delivery(connection, delivery.pk, state, due_at, settled_at=None if due_at else now)
        word = _WORDS[state] if result.outcome is not SendOutcome.IN_DOUBT else AuditAction.DELIVERY_IN_DOUBT
        record_delivery_audit(work, word, delivery, reason=result.reason)
        if due_at is None:
            _announce(work, delivery, state.value)
        # Done in the same transaction, so that a crash cannot leave an alert that nobody ever gets.
        if state is DeliveryState.GIVEN_UP:
            _look_for_others(work, delivery, others)
    return state


def cancel_delivery(store: Store, delivery: Delivery) -> None:
    """Settle a delivery as not needed, because the alert has no open case any more.

    If an earlier attempt is in doubt, somebody may have had the message. Then the cases are marked as alerted. So if
    the line will not be switched after all, the council gets a message.
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
        record_not_needed(work, delivery.pk, delivery.alert, delivery.feed_id)
        _announce(work, delivery, DeliveryState.NOT_NEEDED)


def cancel_older(work: UnitOfWork, alert_pk: int, feed_id: str, contacts: Sequence[str]) -> set[int]:
    """Settle, as not needed, the waiting deliveries that the new alert `alert_pk` replaces.

    A delivery is replaced if its contact is in `contacts`, and if the new alert has all cases of the delivery's alert.
    Return the ids of the cases about which a replaced delivery may have reached somebody. The caller must mark these
    cases as warned. So if a line will not be switched after all, the council gets a message.
    """
    older, state = lock_older(work.connection, alert_pk, feed_id, contacts), DeliveryState.NOT_NEEDED
    for delivery in older:
        move_delivery(work.connection, delivery.pk, state, due_at=None, settled_at=work.now)
        record_not_needed(work, delivery.pk, delivery.reference, feed_id)
    settled = (
        AlertSettled(alert=one.reference, council=feed_id, delivery=one.pk, outcome=state.value) for one in older
    )
    work.announce([Announcement("alerts", feed_id, event) for event in settled])
    return cases_in_doubt(work.connection, [delivery.pk for delivery in older])


def announce_not_needed(work: UnitOfWork, delivery_pk: int, alert: str, feed_id: str) -> None:
    outcome = DeliveryState.NOT_NEEDED.value
    settled = AlertSettled(alert=alert, council=feed_id, delivery=delivery_pk, outcome=outcome)
    work.announce([Announcement("alerts", feed_id, settled)])


def record_not_needed(work: UnitOfWork, delivery_pk: int, alert: str, feed_id: str) -> None:
    fields = {"delivery": delivery_pk, "alert": alert}
    work.record_audit(AuditRow(AuditAction.DELIVERY_NOT_NEEDED, fields, subject=alert, feed_id=feed_id))


def _look_for_others(work: UnitOfWork, delivery: Delivery, others: Sequence[Contact]) -> None:
    # If a message to the operator fails, nobody else is left to alert.
    # Whoever asked for a test message sees its outcome.
    if delivery.tier == OPERATOR_TIER or delivery.feed_id in NO_COUNCIL:
        return
    # The next channel of the same person comes before anybody else.
    if further := next_addresses(work, delivery):
        intend_deliveries(work, delivery.alert_pk, [(delivery.tier, contact) for contact in further])
        return
    if not all_given_up(work.connection, delivery.alert_pk):
        return
    alertable = count_cases_of_alert(work.connection, delivery.alert_pk)
    record_unreachable(work, delivery.feed_id, delivery.alert, alertable)
    intend_deliveries(work, delivery.alert_pk, [(OPERATOR_TIER, contact) for contact in others])


def _intended(
    work: UnitOfWork, pk: int, alert_pk: int, tier: str, contact: Contact, *, verified: bool
) -> dict[str, object]:
    # The delivery keeps the address that the contact had when the alert was written. It is sealed for this row, by its
    # id. The route is made when the message is sent, so that a change of the mail server holds for it too.
    address = contact.address.get_secret_value()
    return {
        "pk": pk,
        "alert_pk": alert_pk,
        "tier": tier,
        "contact": contact.person,
        "channel": contact.channel,
        "verified": verified,
        "address_sealed": work.store.vault.seal(place("deliveries", pk), address),
        "destination": work.store.tokeniser.digest(_destination(contact, work.store).encode()),
        "state": DeliveryState.INTENDED.value,
        "attempts": 0,
        "created_at": work.now,
        "due_at": work.now,
    }


def _next(delivery: Delivery, result: SendResult, now: datetime) -> tuple[DeliveryState, datetime | None]:
    if result.outcome is SendOutcome.SENT:
        return DeliveryState.SENT, None
    # An attempt in doubt is made again too, because a repeat is better than no message.
    too_old = now - delivery.created_at >= GIVE_UP_AFTER
    if result.outcome is SendOutcome.FAILED_PERMANENT or too_old:
        return DeliveryState.GIVEN_UP, None
    wait = delay(delivery.number, FIRST_WAIT, LONGEST_WAIT, SystemRandom().random())
    # The wait is added to what the service asks for, so that messages do not all come back at the same moment.
    wait += min(result.retry_after or 0.0, LONGEST_ASKED)
    return DeliveryState.WAITING, now + timedelta(seconds=wait)


def _decided_elsewhere(connection: Connection, delivery: Delivery, *, sent: bool) -> DeliveryState | None:
    # Returns the delivery's state if this attempt may no longer change it, because the delivery is settled or a newer
    # attempt was made. Otherwise returns None.
    state, attempts = lock_delivery(connection, delivery.pk)
    overtaken = attempts != delivery.number and not sent
    return state if overtaken or state in _SETTLED else None


_WORDS = {
    DeliveryState.SENT: AuditAction.DELIVERY_SENT,
    DeliveryState.WAITING: AuditAction.DELIVERY_FAILED,
    DeliveryState.GIVEN_UP: AuditAction.DELIVERY_GIVEN_UP,
}
# A late failure does not change the delivery, so both kinds of failure have the same action.
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
    # Events are published by council, so these alerts have no event.
    if delivery.feed_id in NO_COUNCIL:
        return
    settled = AlertSettled(alert=delivery.alert, council=delivery.feed_id, delivery=delivery.pk, outcome=outcome)
    work.announce([Announcement("alerts", delivery.feed_id, settled)])
