"""Writes and settles deliveries. A settled delivery has the state SENT, GIVEN_UP, REFUSED or NOT_NEEDED."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from sqlalchemy import Connection

from schemas.events import AlertSettled
from services.alerts.delivery.acceptance import count_as_accepted
from services.alerts.delivery.addressing import contact_of, route_of_contact
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.channels.routes import UNREADABLE, destination_of
from services.alerts.delivery.delivery import NO_COUNCIL, Delivery, DeliveryState
from services.alerts.delivery.destinations.destination import LONGEST_ASKED
from services.alerts.delivery.refused_contacts.noting import note_reached, note_refused
from services.alerts.delivery.store.alerts import move_check
from services.alerts.delivery.store.attempts import (
    attempt_at,
    cases_in_doubt,
    end_attempt,
    first_attempt_at,
    last_doubtful_attempt_at,
)
from services.alerts.delivery.store.deliveries import (
    insert_deliveries,
    lock_delivery,
    lock_older,
    move_delivery,
)
from services.alerts.delivery.store.receipts import await_receipt
from services.alerts.policy.policy import TRIED_FOR, Contact
from services.core.audit import AuditAction
from services.core.backoff import delay
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import place

# A delivery is given up if its attempts still fail for temporary reasons so long after the first attempt.
GIVE_UP_AFTER = TRIED_FOR

# Seconds between attempts. The wait is so short that messages go out within a minute after a channel works again, even
# with the longest attempt.
FIRST_WAIT, LONGEST_WAIT = 10.0, 25.0

# A receipt that has not come by itself after this time is asked for.
FIRST_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Recipient:
    tier: str
    contact: Contact
    due_at: datetime
    # False if nobody has verified the address. A message to it does not count as having reached the tier.
    verified: bool = True


def intend_deliveries(work: UnitOfWork, alert_pk: int, recipients: Sequence[Recipient]) -> None:
    if not recipients:
        return
    pks = allocate_ids(work.connection, "deliveries", len(recipients))
    rows = [_intended(work, pk, alert_pk, one) for pk, one in zip(pks, recipients, strict=True)]
    insert_deliveries(work.connection, rows)


def hand_over(work: UnitOfWork, delivery: Delivery, alert_pk: int) -> int:
    """Queue the alert `alert_pk` for the contact of `delivery`. Return the id of the new delivery.

    Raises VaultError if the contact's address cannot be decrypted.
    """
    (pk,) = allocate_ids(work.connection, "deliveries", 1)
    row = _row(work, pk, alert_pk, contact_of(work.store, delivery))
    values = {"tier": delivery.tier, "verified": delivery.verified, "due_at": work.now}
    insert_deliveries(work.connection, [{**row, **values}])
    return pk


def record_unreachable(work: UnitOfWork, feed_id: str | None, alert: str, count: int) -> None:
    """Record in the audit that contacts of an alert could not be reached.

    `count` is the number of the alert's cases. `feed_id` is None for an alert to the operator.
    """
    fields = {"alert": alert, "cases": count}
    work.record_audit(AuditRow(AuditAction.NOBODY_COULD_BE_TOLD, fields, subject=alert, feed_id=feed_id))


def _destination(contact: Contact, store: Store) -> str:
    # A process without the service of a channel, such as the API, may write a delivery too.
    route = route_of_contact(store, contact)
    if not route:
        return contact.channel
    # Refused routes share nothing, so that none stands for the others. Only a keyed digest is stored.
    destination = destination_of(route)
    return route if destination == UNREADABLE else destination


def settle(store: Store, delivery: Delivery, result: SendResult, *, counting: bool = True) -> DeliveryState:
    """Record the result of an attempt, and return the new state of the delivery.

    If `counting` is false, the alert's cases do not count as alerted.
    """
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        began = first_attempt_at(connection, delivery.pk)
        state, due_at = _next(delivery, result, began or now, now)
        # This call locks the cases. It comes before the delivery is locked, because every writer of alerts locks cases
        # first. Without this call, another message about the cases stays due.
        if result.outcome is SendOutcome.SENT and counting:
            count_as_accepted(work, delivery, attempt_at(connection, delivery.pk, delivery.number))
        end_attempt(connection, delivery.pk, delivery.number, result.outcome.value, result.reason, now)
        standing = _decided_elsewhere(connection, delivery, sent=result.outcome is SendOutcome.SENT)
        # The outcome came too late to change the delivery, so it is only recorded.
        if standing is not None:
            record_delivery_audit(work, _LATE_WORDS[result.outcome], delivery, reason=result.reason)
            return standing
        move_delivery(connection, delivery.pk, state, due_at, settled_at=None if due_at else now)
        _note_contact(work, delivery, result)
        if state is DeliveryState.SENT and result.receipt_awaited:
            await_receipt(connection, delivery.pk, now + FIRST_LOOK)
        word = _WORDS[state] if result.outcome is not SendOutcome.IN_DOUBT else AuditAction.DELIVERY_IN_DOUBT
        record_delivery_audit(work, word, delivery, reason=result.reason)
        if due_at is None:
            _announce(work, delivery, state.value)
        # Done in the same transaction, so that a crash cannot leave an alert that nobody ever gets.
        hopeless = state is DeliveryState.GIVEN_UP or result.lasts_for_hours
        if hopeless and delivery.feed_id not in NO_COUNCIL:
            move_check(connection, delivery.alert_pk, now)
    return state


def _note_contact(work: UnitOfWork, delivery: Delivery, result: SendResult) -> None:
    if delivery.feed_id in NO_COUNCIL:
        return
    # Where the channel gives receipts, only the receipt says that the contact takes messages.
    if result.outcome is SendOutcome.SENT and not result.receipt_awaited:
        note_reached(work, delivery)
    elif result.outcome is SendOutcome.FAILED_PERMANENT:
        note_refused(work, delivery)


def cancel_delivery(store: Store, delivery: Delivery) -> None:
    now = store.now()
    with store.writing() as connection:
        work = UnitOfWork(connection, store, now)
        doubtful_at = last_doubtful_attempt_at(connection, delivery.pk)
        # The message of the doubtful attempt may have arrived, so the cases count as alerted.
        if doubtful_at is not None:
            count_as_accepted(work, delivery, doubtful_at)
        end_attempt(connection, delivery.pk, delivery.number, DeliveryState.NOT_NEEDED, "nothing_open", now)
        if _decided_elsewhere(connection, delivery, sent=False) is not None:
            return
        move_delivery(connection, delivery.pk, DeliveryState.NOT_NEEDED, due_at=None, settled_at=now)
        record_not_needed(work, delivery.pk, delivery.alert, delivery.feed_id)
        _announce(work, delivery, DeliveryState.NOT_NEEDED)


def cancel_older(work: UnitOfWork, alert_pk: int, feed_id: str, contacts: Sequence[str]) -> set[int]:
    """Cancel each waiting delivery to `contacts` if the new alert `alert_pk` names all cases of the delivery.

    Return the ids of cases whose cancelled message may have arrived. The caller must mark these cases as warned.
    """
    older = lock_older(work.connection, alert_pk, feed_id, contacts)
    settle_as_not_needed(work, feed_id, [(delivery.pk, delivery.reference) for delivery in older])
    return cases_in_doubt(work.connection, [delivery.pk for delivery in older])


def settle_as_not_needed(work: UnitOfWork, feed_id: str, replaced: Sequence[tuple[int, str]]) -> None:
    state = DeliveryState.NOT_NEEDED
    for pk, reference in replaced:
        move_delivery(work.connection, pk, state, due_at=None, settled_at=work.now)
        record_not_needed(work, pk, reference, feed_id)
    settled = (
        AlertSettled(alert=reference, council=feed_id, delivery=pk, outcome=state.value) for pk, reference in replaced
    )
    work.announce([Announcement("alerts", feed_id, event) for event in settled])


def announce_not_needed(work: UnitOfWork, delivery_pk: int, alert: str, feed_id: str) -> None:
    outcome = DeliveryState.NOT_NEEDED.value
    settled = AlertSettled(alert=alert, council=feed_id, delivery=delivery_pk, outcome=outcome)
    work.announce([Announcement("alerts", feed_id, settled)])


def record_not_needed(work: UnitOfWork, delivery_pk: int, alert: str, feed_id: str) -> None:
    fields = {"delivery": delivery_pk, "alert": alert}
    work.record_audit(AuditRow(AuditAction.DELIVERY_NOT_NEEDED, fields, subject=alert, feed_id=feed_id))


def _intended(work: UnitOfWork, pk: int, alert_pk: int, recipient: Recipient) -> dict[str, object]:
    row = _row(work, pk, alert_pk, recipient.contact)
    return {**row, "tier": recipient.tier, "verified": recipient.verified, "due_at": recipient.due_at}


def _row(work: UnitOfWork, pk: int, alert_pk: int, contact: Contact) -> dict[str, object]:
    # The delivery keeps the address that the contact had when the alert was written. It is sealed for this row, by its
    # id. The route is made when the message is sent, so that a change of the mail server holds for it too.
    address = contact.address.get_secret_value()
    return {
        "pk": pk,
        "alert_pk": alert_pk,
        "contact": contact.person,
        "channel": contact.channel,
        "address_sealed": work.store.vault.seal(place("deliveries", pk), address),
        "destination": work.store.tokeniser.digest(_destination(contact, work.store).encode()),
        "state": DeliveryState.INTENDED.value,
        "attempts": 0,
        "created_at": work.now,
    }


def _next(
    delivery: Delivery, result: SendResult, began: datetime, now: datetime
) -> tuple[DeliveryState, datetime | None]:
    if result.outcome is SendOutcome.SENT:
        return DeliveryState.SENT, None
    # An attempt in doubt is made again too, because a repeat is better than no message.
    too_old = now - began >= GIVE_UP_AFTER
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
_SETTLED = {DeliveryState.SENT, DeliveryState.GIVEN_UP, DeliveryState.REFUSED, DeliveryState.NOT_NEEDED}
_WITH_REASON = {AuditAction.DELIVERY_FAILED, AuditAction.DELIVERY_GIVEN_UP}


def record_delivery_audit(work: UnitOfWork, word: AuditAction, delivery: Delivery, reason: str = "") -> None:
    fields: dict[str, object] = {"delivery": delivery.pk, "alert": delivery.alert, "number": delivery.number}
    if word in _WITH_REASON:
        fields["reason"] = reason
    work.record_audit(AuditRow(word, fields, subject=delivery.alert, feed_id=delivery.feed_id))


def _announce(work: UnitOfWork, delivery: Delivery, outcome: str) -> None:
    # Events are published by council and are about cases, so other alerts have no event.
    if not delivery.cases:
        return
    settled = AlertSettled(alert=delivery.alert, council=delivery.feed_id, delivery=delivery.pk, outcome=outcome)
    work.announce([Announcement("alerts", delivery.feed_id, settled)])
