from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.alerts.delivery.contacts.verification import ask_code, verify_contact
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.runtime.demo.samples import SAMPLES, Sample
from services.storage.feeds import add_feed
from services.storage.secrets.keys import Role, create_key
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

# A real deployment groups alerts over minutes. A viewer should not have to wait that long.
GROUPING_SECONDS = 2

_SOMEBODY = "Demonstration"


# A demonstration lasts minutes, at any hour of any day, so no message waits for another or for a working day.
AT_ONCE: Final[Mapping[str, Any]] = {
    "works_every_day": True,
    "one_digest_a_day": False,
    "urgent_interval_minutes": 0,
}


def add_parties(store: Store, smtp_port: int, **habits: Any) -> Mapping[str, str]:
    keys = {}
    for sample in SAMPLES:
        kind, _, code = sample.feed_id.partition(":")
        if kind == "council":
            add_feed(store, "council", code, sample.sender)
            policy = _policy(sample, smtp_port, habits)
            set_policy(store, sample.feed_id, policy, by=_SOMEBODY)
            _verify(store, sample.feed_id, policy)
        else:
            add_feed(store, "provider", code, sample.sender)
        keys[sample.feed_id] = create_key(store, Role(kind), sample.feed_id, "demonstration")
    return keys


def _verify(store: Store, feed_id: str, policy: CouncilPolicy) -> None:
    # As if each desk had read its code and given it back.
    for contact in (contact for tier in policy.tiers for contact in tier.contacts):
        with store.writing() as connection:
            code = ask_code(UnitOfWork(connection, store, store.now()), feed_id, contact, _SOMEBODY)
        verify_contact(store, feed_id, contact, code, _SOMEBODY)


def _policy(sample: Sample, smtp_port: int, habits: Mapping[str, Any]) -> CouncilPolicy:
    town = sample.sender.split()[0].lower()

    def contact(desk: str) -> Contact:
        to = f"{desk}@{town}.example"
        # Unencrypted to a loopback port: the mail server of the demonstration has no certificate.
        route = f"mailto://127.0.0.1:{smtp_port}?from=alerts@pullcord.example&to={to}&mode=insecure"
        return Contact(person=desk, channel="route", address=route)

    tiers = (
        Tier(label="telecare duty desk", from_days=56, contacts=(contact("duty"),)),
        Tier(label="telecare manager", from_days=7, contacts=(contact("manager"),)),
        Tier(label="director of adult services", from_days=0, contacts=(contact("director"),)),
    )
    return CouncilPolicy(tiers=tiers, grouping_seconds=GROUPING_SECONDS, **{**AT_ONCE, **habits})
