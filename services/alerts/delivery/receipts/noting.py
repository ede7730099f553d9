from __future__ import annotations

from schemas.events import AlertSettled
from services.alerts.case.store.cases import cases_of_alert
from services.alerts.delivery.acceptance import count_as_accepted, count_as_refused
from services.alerts.delivery.delivery import NO_COUNCIL, DeliveryState
from services.alerts.delivery.receipts.receipt import DeliveryReceipt, ReceiptState, is_newer
from services.alerts.delivery.refused_contacts.noting import note_reached, note_refused
from services.alerts.delivery.store.alerts import move_check
from services.alerts.delivery.store.attempts import first_attempt_at
from services.alerts.delivery.store.deliveries import move_delivery
from services.alerts.delivery.store.receipts import (
    ReceivedFor,
    find_by_reference,
    is_accepted,
    lock_received,
    write_receipt,
)
from services.core.audit import AuditAction
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

# Longer than any id of a delivery. Python refuses to read a number of thousands of digits.
_LONGEST_ID = 18

# In these states a receipt that the message arrived settles the delivery as sent.
_CAN_ARRIVE = {DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.GIVEN_UP, DeliveryState.REFUSED}


def note_receipt(store: Store, reference: str, receipt: DeliveryReceipt) -> bool:
    """Return True if the delivery changed. Of several receipts, the receipt with the latest time decides."""
    alert, _, number = reference.rpartition(".")
    if not number.isascii() or not number.isdigit() or len(number) > _LONGEST_ID:
        return False
    with store.writing() as connection:
        work = UnitOfWork(connection, store, store.now())
        found = find_by_reference(connection, alert, int(number))
        if found is None or not _counts(found, receipt):
            return False
        # Cases are locked before deliveries, as by every writer of alerts. Most receipts change no case.
        if not _only_confirms(found, receipt):
            cases_of_alert(connection, found.alert_pk, to_change=True)
        locked = lock_received(connection, found.pk)
        if locked is None or not _counts(locked, receipt):
            return False
        if locked.state is found.state:
            _write(work, locked, receipt)
            return True
    # The delivery changed before it was locked, so the decision which rows to lock was made on old facts.
    return note_receipt(store, reference, receipt)


def _counts(found: ReceivedFor, receipt: DeliveryReceipt) -> bool:
    if not is_newer(receipt, found.receipt, found.receipt_at):
        return False
    # A failure before the attempt is settled is left to the next attempt, or to the next look for the receipt.
    came_back = found.state in {DeliveryState.SENT, DeliveryState.REFUSED}
    return came_back or (receipt.outcome is ReceiptState.DELIVERED and found.state in _CAN_ARRIVE)


def _only_confirms(found: ReceivedFor, receipt: DeliveryReceipt) -> bool:
    return receipt.outcome is ReceiptState.DELIVERED and found.state is DeliveryState.SENT


def _write(work: UnitOfWork, found: ReceivedFor, receipt: DeliveryReceipt) -> None:
    write_receipt(work.connection, found.pk, receipt)
    if receipt.for_good:
        note_refused(work, found)
    if receipt.outcome is ReceiptState.DELIVERED:
        _arrived(work, found)
    elif found.state is DeliveryState.SENT:
        _came_back(work, found, receipt)


def _arrived(work: UnitOfWork, found: ReceivedFor) -> None:
    if found.state is not DeliveryState.SENT:
        # All attempts have one reference, so the receipt may be about the first.
        count_as_accepted(work, found, first_attempt_at(work.connection, found.pk))
        _move(work, found, DeliveryState.SENT)
    note_reached(work, found)
    _record(work, found, AuditAction.DELIVERY_RECEIVED)


def _came_back(work: UnitOfWork, found: ReceivedFor, receipt: DeliveryReceipt) -> None:
    _move(work, found, DeliveryState.REFUSED)
    _record(work, found, AuditAction.DELIVERY_REFUSED, reason=receipt.reason)
    if not is_accepted(work.connection, found.alert_pk):
        count_as_refused(work, found.alert_pk)
    if found.feed_id not in NO_COUNCIL:
        # The next look asks others. It is in the same transaction, so that a crash cannot lose it.
        move_check(work.connection, found.alert_pk, work.now)


def _move(work: UnitOfWork, found: ReceivedFor, state: DeliveryState) -> None:
    move_delivery(work.connection, found.pk, state, due_at=None, settled_at=work.now)
    if found.cases:
        event = AlertSettled(alert=found.alert, council=found.feed_id, delivery=found.pk, outcome=state.value)
        work.announce([Announcement("alerts", found.feed_id, event)])


def _record(work: UnitOfWork, found: ReceivedFor, word: AuditAction, **more: str) -> None:
    fields = {"delivery": found.pk, "alert": found.alert, **more}
    work.record_audit(AuditRow(word, fields, subject=found.alert, feed_id=found.feed_id))
