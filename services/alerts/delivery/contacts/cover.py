"""All functions are pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.alerts.policy.contacts import Contact


def first_addresses(contacts: Iterable[Contact], verified: Collection[Contact]) -> list[Contact]:
    """Return each person's addresses up to and including the first verified address."""
    reached: set[str] = set()
    chosen = []
    for contact in contacts:
        if contact.person in reached:
            continue
        chosen.append(contact)
        if contact in verified:
            reached.add(contact.person)
    return chosen
