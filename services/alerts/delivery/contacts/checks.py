from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from services.alerts.delivery.contacts.contact_keys import contact_key
from services.alerts.delivery.contacts.store import council_of_code, find_verification, write_test
from services.alerts.delivery.contacts.trial import note_test
from services.alerts.delivery.contacts.verification import ask_code, code_of
from services.alerts.delivery.delivery import CONTACTS_FEED
from services.alerts.delivery.queue import Recipient, intend_deliveries
from services.alerts.delivery.store.alerts import Alert, insert_alert, load_alert
from services.alerts.message.contact_messages import code_message, trial_message
from services.alerts.message.message import Message
from services.alerts.policy.contacts import Contact
from services.core.audit import AuditAction
from services.core.ids import new_reference
from services.storage.audit import AuditRow
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

CONTACT_TEST: Final = "contact_test"
CONTACT_CODE: Final = "contact_code"

# In place of the tier of a policy.
TIER: Final = "check of a contact"

# A test message that could not be sent within this time is dropped: nobody waits for it any more [P].
TEST_WAITS: Final = timedelta(minutes=15)


def queue_test(store: Store, feed_id: str, contact: Contact, by: str) -> None:
    with store.writing() as connection:
        work = UnitOfWork(connection, store, store.now())
        note_test(work, feed_id, contact, by)
        alert_pk = _intend(work, contact, CONTACT_TEST)
        write_test(connection, contact_key(store.tokeniser, feed_id, contact), feed_id, alert_pk)


def queue_code(store: Store, feed_id: str, contact: Contact, by: str) -> None:
    with store.writing() as connection:
        work = UnitOfWork(connection, store, store.now())
        ask_code(work, feed_id, contact, by, _intend(work, contact, CONTACT_CODE))


def contact_message(connection: Connection, store: Store, base_url: str, alert_pk: int) -> Message | None:
    """Return the test message or the message with the code. Return None if the message is no longer needed."""
    alert, now = load_alert(connection, alert_pk), store.now()
    if alert.reason == CONTACT_TEST:
        return trial_message(base_url) if now < alert.created_at + TEST_WAITS else None
    found = council_of_code(connection, alert_pk)
    if found is None:
        return None
    waiting = find_verification(connection, found.contact_key)
    if waiting is None or waiting.nonce is None or waiting.expires_at is None or waiting.expires_at <= now:
        return None
    code = code_of(store.tokeniser, found.contact_key, waiting.nonce)
    return code_message(found.council, code, store.policy.contact_code_minutes)


def _intend(work: UnitOfWork, contact: Contact, reason: str) -> int:
    (pk,) = allocate_ids(work.connection, "alerts", 1)
    alert = new_reference("A", work.store.random)
    insert_alert(work.connection, Alert(pk, alert, CONTACTS_FEED, 0, reason, work.now, cases=0))
    intend_deliveries(work, pk, [Recipient(TIER, contact, work.now)])
    fields = {"alert": alert, "threshold": 0, "reason": reason, "cases": 0, "deliveries": 1}
    work.record_audit(AuditRow(AuditAction.ALERT_INTENDED, fields, subject=alert))
    return pk
