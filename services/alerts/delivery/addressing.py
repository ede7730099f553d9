from __future__ import annotations

from typing import Protocol

from pydantic import SecretStr

from services.alerts.delivery.channels.contact_routes import contact_route
from services.alerts.policy.contacts import Contact
from services.core.errors import RefusedError
from services.storage.store import Store
from services.storage.vault import place


class Addressed(Protocol):
    @property
    def pk(self) -> int: ...
    @property
    def contact(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def address_sealed(self) -> bytes: ...


def route_of(store: Store, delivery: Addressed) -> str:
    """Return an empty text if the delivery's channel has no service. Raises VaultError if decryption fails."""
    return route_of_contact(store, contact_of(store, delivery))


def contact_of(store: Store, delivery: Addressed) -> Contact:
    address = SecretStr(str(store.vault.open(place("deliveries", delivery.pk), delivery.address_sealed)))
    return Contact(person=delivery.contact, channel=delivery.channel, address=address)


def route_of_contact(store: Store, contact: Contact) -> str:
    try:
        return contact_route(contact, store.policy.services)
    except RefusedError:
        return ""
