from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.alerts.case.recompute import recompute
from services.alerts.case.store.cases import forget_tries
from services.alerts.delivery.contacts.cover import first_addresses
from services.alerts.delivery.contacts.store import WaitingAddress, people_of_alert, waiting_addresses
from services.alerts.delivery.contacts.verification import verified_contacts
from services.alerts.delivery.delivery import DeliveryState
from services.alerts.delivery.queue import Recipient, announce_not_needed, intend_deliveries, record_not_needed
from services.alerts.delivery.store.alerts import load_alert
from services.alerts.delivery.store.attempts import doubt_attempts, last_doubtful_attempt_at
from services.alerts.delivery.store.deliveries import lock_delivery, move_delivery, move_slot
from services.alerts.delivery.store.recipients import lock_slots
from services.alerts.policy.contacts import Contact
from services.alerts.policy.councils import Council, load_council
from services.alerts.policy.escalation.slots import moved_slot
from services.alerts.policy.on_duty import contacts_on_duty
from services.alerts.states.rules import Ruleset
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import VaultError, place


def apply_policy(store: Store, ruleset: Ruleset, feed_id: str) -> int:
    """Return the number of cases with a new due time."""
    with store.writing() as connection:
        work = UnitOfWork(connection, store, store.now())
        council = load_council(connection, store, feed_id)
        # A damaged policy names nobody: what waits for its contacts stays.
        if not council.damaged:
            _reroute(work, council)
            _move_slots(work, council)
    return recompute(store, ruleset, feed_id)


def _reroute(work: UnitOfWork, council: Council) -> None:
    for delivery in list(_removed(work, council)):
        # Cases are locked before deliveries, as by every writer of alerts.
        doubt_attempts(work.connection, delivery.pk, "contact_removed", work.now)
        forget_tries(
            work.connection,
            delivery.alert_pk,
            warned=last_doubtful_attempt_at(work.connection, delivery.pk) is not None,
        )
        state, _ = lock_delivery(work.connection, delivery.pk)
        # It may have been settled meanwhile.
        if state not in (DeliveryState.INTENDED, DeliveryState.WAITING, DeliveryState.SENDING):
            continue
        move_delivery(work.connection, delivery.pk, DeliveryState.NOT_NEEDED, due_at=None, settled_at=work.now)
        record_not_needed(work, delivery.pk, delivery.reference, council.feed_id)
        announce_not_needed(work, delivery.pk, delivery.reference, council.feed_id)
        # About an alert that nobody has accepted yet, the next review writes another.
        if load_alert(work.connection, delivery.alert_pk).accepted_at is not None:
            stand_ins, verified = _stand_ins(work, council, delivery)
            recipients = [Recipient(delivery.tier, one, work.now, one in verified) for one in stand_ins]
            intend_deliveries(work, delivery.alert_pk, recipients)


def _move_slots(work: UnitOfWork, council: Council) -> None:
    # Otherwise a person gets what waited at the old start of the day, and the same again at the new start.
    for waiting in lock_slots(work.connection, council.feed_id, work.now):
        due_at = moved_slot(council.policy, waiting.due_at, waiting.created_at, work.now)
        if due_at != waiting.due_at:
            move_slot(work.connection, waiting.pk, due_at)


def _removed(work: UnitOfWork, council: Council) -> Iterator[WaitingAddress]:
    known = {_named(one) for one in council.policy.every_contact}
    for delivery in waiting_addresses(work.connection, council.feed_id):
        try:
            address = str(work.store.vault.open(place("deliveries", delivery.pk), delivery.address_sealed))
        except VaultError:
            # Whoever sends it finds the damage.
            continue
        if (delivery.contact, delivery.channel, address) not in known:
            yield delivery


def _stand_ins(
    work: UnitOfWork, council: Council, delivery: WaitingAddress
) -> tuple[Sequence[Contact], frozenset[Contact]]:
    tier = next((one for one in council.policy.tiers if one.label == delivery.tier), None)
    contacts = contacts_on_duty(council.policy, tier, work.now) if tier else ()
    verified = verified_contacts(work.connection, work.store.tokeniser, council.feed_id, contacts)
    told = people_of_alert(work.connection, delivery.alert_pk)
    return [one for one in first_addresses(contacts, verified) if one.person not in told], verified


def _named(contact: Contact) -> tuple[str, str, str]:
    return contact.person, contact.channel, contact.address.get_secret_value()
