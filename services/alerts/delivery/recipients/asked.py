"""All functions are pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from services.alerts.delivery.contacts.cover import first_addresses
from services.alerts.delivery.delivery import OPERATOR_TIER
from services.alerts.policy.escalation.levels import operator_level, tiers_between
from services.alerts.policy.on_duty import contacts_on_duty
from services.alerts.policy.policy_settings import Contact, CouncilPolicy


def contacts_asked(
    policy: CouncilPolicy,
    levels: tuple[int, int],
    verified: Collection[Contact],
    fallback: Sequence[Contact],
    at: datetime,
    *,
    unreached: bool = False,
) -> dict[Contact, str]:
    """Return the contacts to ask, with the tier of each contact.

    `levels` holds the first and the last level. `fallback` holds the operator's contacts.
    """
    first, last = levels
    # A person in several tiers gets one message.
    found: dict[Contact, str] = {}
    for tier in tiers_between(policy, first, last):
        for contact in first_addresses(contacts_on_duty(policy, tier, at), verified):
            if contact.person not in {one.person for one, label in found.items() if label != tier.label}:
                found[contact] = tier.label
    # If an earlier message reached nobody (`unreached`), the operator is asked too.
    if last >= operator_level(policy) or unreached or not found:
        found |= {contact: OPERATOR_TIER for contact in fallback if contact not in found}
    return found
