"""Finds the addresses of a person that come after an address which has failed."""

from __future__ import annotations

from services.alerts.delivery.contacts.cover import further_addresses
from services.alerts.delivery.contacts.store import channels_used
from services.alerts.delivery.contacts.verification import verified_contacts
from services.alerts.delivery.delivery import NO_COUNCIL, Delivery
from services.alerts.policy.contacts import Contact
from services.alerts.policy.councils import load_council
from services.storage.unit_of_work import UnitOfWork


def next_addresses(work: UnitOfWork, delivery: Delivery) -> list[Contact]:
    """Return the next addresses of the delivery's person in the same tier, by the policy that is now in force."""
    if delivery.feed_id in NO_COUNCIL:
        return []
    policy = load_council(work.connection, work.store, delivery.feed_id).policy
    contacts = next((tier.contacts for tier in policy.tiers if tier.label == delivery.tier), ())
    verified = verified_contacts(work.connection, work.store.tokeniser, delivery.feed_id, contacts)
    used = channels_used(work.connection, delivery.alert_pk, delivery.contact)
    return further_addresses(contacts, delivery.contact, used, verified.__contains__)
