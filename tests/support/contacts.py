from __future__ import annotations

from services.alerts.delivery.contacts.contact_keys import contact_key
from services.alerts.delivery.contacts.store import write_verified
from services.alerts.policy.councils import load_council, set_policy
from services.alerts.policy.policy import CouncilPolicy
from services.storage.store import Store


def set_verified_policy(store: Store, feed_id: str, policy: CouncilPolicy) -> None:
    set_policy(store, feed_id, policy, by="Test Setup")
    verify_all(store, feed_id)


def verify_all(store: Store, feed_id: str) -> None:
    with store.writing() as connection:
        for contact in load_council(connection, store, feed_id).policy.every_contact:
            write_verified(connection, contact_key(store.tokeniser, feed_id, contact), feed_id, store.now())
