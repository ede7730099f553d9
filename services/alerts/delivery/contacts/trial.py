from __future__ import annotations

from services.alerts.delivery.contacts.contact_keys import contact_id, contact_key
from services.alerts.policy.contacts import Contact
from services.core.audit import AuditAction
from services.storage.allowances import allow_contact_message
from services.storage.audit import AuditRow
from services.storage.unit_of_work import UnitOfWork


def note_test(work: UnitOfWork, feed_id: str, contact: Contact, by: str) -> None:
    """Raises TooOftenError if the contact has had too many messages."""
    named = contact_id(contact_key(work.store.tokeniser, feed_id, contact))
    allow_contact_message(work.store, work.connection, named)
    row = AuditRow(AuditAction.CONTACT_TESTED, {"contact": named}, subject=named, feed_id=feed_id, actor=by)
    work.record_audit(row)
