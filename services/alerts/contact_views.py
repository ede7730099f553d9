from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import Connection

from services.alerts.delivery.contacts.contact_keys import contact_id, contact_key
from services.alerts.delivery.contacts.store import CheckRow, find_check, find_verification
from services.alerts.policy.contacts import Contact
from services.alerts.policy.councils import load_council
from services.storage.store import Store


class CheckView(BaseModel):
    """The state of a test message, or of a message with a code. `reason` is the result of the last attempt."""

    asked_at: datetime
    state: str
    reason: str | None


class ContactView(BaseModel):
    """A contact without its address. `verified_at` is null until somebody verifies the address.

    `tiers` is empty for an out-of-hours contact without a tier.
    """

    contact: str
    person: str
    channel: str
    tiers: list[str]
    verified_at: datetime | None
    # The time at which the waiting code ends.
    code_ends_at: datetime | None
    code: CheckView | None
    test: CheckView | None


class ContactList(BaseModel):
    """All contacts of a council, on a single page. A tier has at most 500 contacts."""

    contacts: list[ContactView]


def contact_views(store: Store, feed_id: str) -> list[ContactView]:
    with store.reading() as connection:
        policy = load_council(connection, store, feed_id).policy
        tiers: dict[Contact, list[str]] = {contact: [] for contact in policy.every_contact}
        for tier in policy.tiers:
            for contact in tier.contacts:
                tiers[contact].append(tier.label)
        return [_view(connection, store, feed_id, contact, of) for contact, of in tiers.items()]


def _view(connection: Connection, store: Store, feed_id: str, contact: Contact, tiers: list[str]) -> ContactView:
    key = contact_key(store.tokeniser, feed_id, contact)
    found = find_verification(connection, key)
    return ContactView(
        contact=contact_id(key),
        person=contact.person,
        channel=contact.channel,
        tiers=tiers,
        verified_at=found.verified_at if found else None,
        code_ends_at=found.expires_at if found else None,
        code=_check(find_check(connection, found.alert_pk)) if found and found.alert_pk else None,
        test=_check(find_check(connection, found.test_alert_pk)) if found and found.test_alert_pk else None,
    )


def _check(row: CheckRow | None) -> CheckView | None:
    return CheckView(asked_at=row.asked_at, state=row.state, reason=row.reason) if row else None
