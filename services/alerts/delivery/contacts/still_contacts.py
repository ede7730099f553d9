from __future__ import annotations

from typing import NamedTuple

from services.alerts.delivery.delivery import OPERATOR_TIER
from services.alerts.policy.councils import Council
from services.storage.store import Store
from services.storage.vault import VaultError, place


class SentAddress(NamedTuple):
    delivery: int
    tier: str
    contact: str
    channel: str
    address_sealed: bytes


def is_still_contact(store: Store, council: Council, sent: SentAddress) -> bool:
    # The operator's contacts are in no council's policy. While a policy is damaged, nobody can say who was removed.
    if council.damaged or sent.tier == OPERATOR_TIER:
        return True
    address = _address(store, sent)
    return any(
        (one.person, one.channel) == (sent.contact, sent.channel) and address in (None, one.address.get_secret_value())
        for one in council.policy.every_contact
    )


def _address(store: Store, sent: SentAddress) -> str | None:
    # None if the sealed value is damaged: then the person and the channel decide.
    try:
        return str(store.vault.open(place("deliveries", sent.delivery), sent.address_sealed))
    except VaultError:
        return None
