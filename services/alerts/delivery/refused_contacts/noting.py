from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from services.alerts.delivery.addressing import Addressed, contact_of
from services.alerts.delivery.contacts.contact_keys import contact_key
from services.alerts.delivery.delivery import NO_COUNCIL, OPERATOR_TIER
from services.alerts.delivery.refused_contacts.store import (
    RefusedContact,
    delete_refused_contact,
    has_refused,
    insert_refused_contact,
)
from services.alerts.policy.contacts import Contact
from services.alerts.policy.councils import load_council
from services.alerts.policy.policy_days import next_office_hours
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import VaultError


class DeliveryToContact(Addressed, Protocol):
    @property
    def feed_id(self) -> str: ...
    @property
    def tier(self) -> str: ...


def note_refused(work: UnitOfWork, delivery: DeliveryToContact) -> None:
    contact = _contact(work, delivery)
    if contact is None:
        return
    policy = load_council(work.connection, work.store, delivery.feed_id).policy
    # Several contacts that fail together, such as those of one mail server, share a report.
    due_at = next_office_hours(policy, work.now + timedelta(seconds=policy.grouping_seconds))
    key = contact_key(work.store.tokeniser, delivery.feed_id, contact)
    refused = RefusedContact(key, delivery.feed_id, contact.person, contact.channel, work.now)
    insert_refused_contact(work.connection, refused, due_at)


def note_reached(work: UnitOfWork, delivery: DeliveryToContact) -> None:
    # The address is opened only where something is on record of the person.
    if not has_refused(work.connection, delivery.feed_id, delivery.contact):
        return
    contact = _contact(work, delivery)
    if contact is not None:
        delete_refused_contact(work.connection, contact_key(work.store.tokeniser, delivery.feed_id, contact))


def _contact(work: UnitOfWork, delivery: DeliveryToContact) -> Contact | None:
    # The operator's own contacts are no matter of a council, and a damaged address is reported as damage.
    if delivery.feed_id in NO_COUNCIL or delivery.tier == OPERATOR_TIER:
        return None
    try:
        return contact_of(work.store, delivery)
    except VaultError:
        return None
