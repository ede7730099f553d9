"""Verifies a contact's address by a code."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hmac import compare_digest

from sqlalchemy import Connection

from services.alerts.delivery.contacts.contact_keys import contact_id, contact_key
from services.alerts.delivery.contacts.store import (
    Verification,
    count_try,
    find_verification,
    verified_keys,
    write_code,
    write_verified,
)
from services.alerts.policy.contacts import Contact
from services.core.audit import AuditAction
from services.core.errors import RefusedError
from services.core.tokens import Tokeniser
from services.storage.allowances import allow_contact_message
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

DIGITS = 6
_NONCE_BYTES = 16


def verified_contacts(
    connection: Connection, tokeniser: Tokeniser, feed_id: str, contacts: Iterable[Contact]
) -> frozenset[Contact]:
    keys = {contact: contact_key(tokeniser, feed_id, contact) for contact in contacts}
    verified = verified_keys(connection, set(keys.values())) if keys else frozenset[bytes]()
    return frozenset(contact for contact, key in keys.items() if key in verified)


def ask_code(work: UnitOfWork, feed_id: str, contact: Contact, by: str, alert_pk: int | None = None) -> str:
    """Return a new code. The caller must send the code only to the contact's address.

    Raises TooOftenError if the contact has had too many messages.
    """
    store = work.store
    key = contact_key(store.tokeniser, feed_id, contact)
    allow_contact_message(store, work.connection, contact_id(key))
    # The database stores this number and never the code. Only the secret key turns the number into the code.
    nonce = store.random(_NONCE_BYTES)
    expires_at = work.now + timedelta(minutes=store.policy.contact_code_minutes)
    write_code(work.connection, key, feed_id, nonce, expires_at, alert_pk)
    _record(work, AuditAction.CONTACT_CODE_SENT, key, feed_id, by)
    return code_of(store.tokeniser, key, nonce)


def code_of(tokeniser: Tokeniser, key: bytes, nonce: bytes) -> str:
    number = int.from_bytes(tokeniser.digest(b"contact code\0" + key + nonce)) % 10**DIGITS
    return f"{number:0{DIGITS}}"


def verify_contact(store: Store, feed_id: str, contact: Contact, code: str, by: str) -> datetime:
    """Raises RefusedError if the code is wrong or no longer valid."""
    key = contact_key(store.tokeniser, feed_id, contact)
    with store.writing() as connection:
        work = UnitOfWork(connection, store, store.now())
        # Locked, so that two tries at the same time are counted as two.
        found = find_verification(connection, key, lock=True)
        refusal = _refusal(store, found, key, code, work.now)
        if refusal is None:
            write_verified(connection, key, feed_id, work.now)
            _record(work, AuditAction.CONTACT_VERIFIED, key, feed_id, by)
        else:
            count_try(connection, key)
            _record(work, AuditAction.CONTACT_CODE_REFUSED, key, feed_id, by)
    # Raised after the commit, so that the try counts.
    if refusal is not None:
        raise RefusedError(refusal)
    return work.now


def _refusal(store: Store, found: Verification | None, key: bytes, code: str, now: datetime) -> str | None:
    if found is None or found.nonce is None or found.expires_at is None:
        return "no code is waiting for this contact: have one sent"
    if now >= found.expires_at:
        return f"the code has ended after {store.policy.contact_code_minutes} minutes: have another sent"
    left = store.policy.contact_code_tries - found.tries
    if left <= 0:
        return "the code has ended after too many wrong tries: have another sent"
    typed = "".join(code.split())
    if compare_digest(typed.encode(), code_of(store.tokeniser, key, found.nonce).encode()):
        return None
    if left == 1:
        return "this is not the code that was sent, and it has ended: have another sent"
    return f"this is not the code that was sent: {left - 1} more {'try' if left == 2 else 'tries'}"  # noqa: PLR2004


def _record(work: UnitOfWork, action: AuditAction, key: bytes, feed_id: str, by: str) -> None:
    named = contact_id(key)
    work.record_audit(AuditRow(action, {"contact": named}, subject=named, feed_id=feed_id, actor=by))
