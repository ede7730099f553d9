"""Decides which contacts get an alert, so that an address that nobody has verified is never the only one.

All functions are pure. An unverified address gets everything, but is no cover: others are alerted too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from services.alerts.delivery.delivery import DeliveryState
from services.alerts.policy.contacts import Contact
from services.alerts.policy.policy import CouncilPolicy, Tier

IsVerified = Callable[[Contact], bool]


@dataclass(frozen=True, slots=True)
class Recipients:
    """The contacts of an alert, each with the label of the tier. If not `covered`, the operator is alerted too."""

    contacts: tuple[tuple[str, Contact], ...]
    covered: bool


def recipients(policy: CouncilPolicy, asked: Sequence[Tier], is_verified: IsVerified) -> Recipients:
    """Return the contacts of the tiers that are asked, and of further tiers that must cover for these.

    After a tier without a verified address comes the next tier of the policy. After the last tier comes the operator.
    """
    # The order is the order of escalation. A tier without contacts can cover for nobody.
    ordered = sorted((tier for tier in policy.tiers if tier.contacts), key=lambda tier: -tier.from_days)
    labels, chosen, covered = {tier.label for tier in asked}, list[tuple[str, Contact]](), bool(asked)
    stands_in = False
    for tier in ordered:
        if tier.label not in labels and not stands_in:
            continue
        chosen += [(tier.label, contact) for contact in first_addresses(tier.contacts, is_verified)]
        stands_in = not any(is_verified(contact) for contact in tier.contacts)
        covered = not stands_in
    return Recipients(tuple(chosen), covered)


def first_addresses(contacts: Sequence[Contact], is_verified: IsVerified) -> list[Contact]:
    """Return the addresses to use first: of each person, in order, up to the first verified address."""
    reached: set[str] = set()
    chosen = []
    for contact in contacts:
        if contact.person in reached:
            continue
        chosen.append(contact)
        if is_verified(contact):
            reached.add(contact.person)
    return chosen


def further_addresses(
    contacts: Sequence[Contact], person: str, used: Collection[str], is_verified: IsVerified
) -> list[Contact]:
    """Return a person's addresses to use after the channels `used` have failed, up to the first verified address."""
    left = [contact for contact in contacts if contact.person == person and contact.channel not in used]
    return first_addresses(left, is_verified)


def is_cover(state: DeliveryState, *, verified: bool) -> bool:
    """Return True if a delivery in this state counts as having reached its tier."""
    return verified and state is DeliveryState.SENT
