"""All functions are pure."""

from collections.abc import Iterator
from datetime import datetime

from services.alerts.policy.policy_days import in_office_hours
from services.alerts.policy.policy_settings import Contact, CouncilPolicy, Tier
from services.alerts.policy.rota.rota_settings import RequiredCover, Rota
from services.alerts.policy.rota.shifts import on_duty


def contacts_on_duty(policy: CouncilPolicy, tier: Tier, at: datetime) -> tuple[Contact, ...]:
    """If the result is empty, the operator gets the message."""
    awake = in_office_hours(policy, at)
    rota = policy.rota
    if rota is None or not any(layer.tier == tier.label for layer in rota.layers):
        extra = () if awake or policy.out_of_hours is None else (policy.out_of_hours,)
        return (*tier.contacts, *(one for one in extra if one not in tier.contacts))
    people = [shift.person for shift in on_duty(rota, at) if shift.tier == tier.label]
    if people:
        return tuple(_named(policy, people))
    if awake and rota.required is RequiredCover.OUT_OF_HOURS:
        return tier.contacts
    return _in_their_place(policy, rota, tier)


def _in_their_place(policy: CouncilPolicy, rota: Rota, tier: Tier) -> tuple[Contact, ...]:
    turns = {person for layer in rota.layers if layer.tier == tier.label for person in layer.people}
    # Somebody of the rota who is off duty is not woken: the rota exists for that.
    others = tuple(contact for contact in tier.contacts if contact.person not in turns)
    return others or (() if policy.out_of_hours is None else (policy.out_of_hours,))


def _named(policy: CouncilPolicy, people: list[str]) -> Iterator[Contact]:
    # Somebody of another tier may have taken over a shift.
    every = [contact for tier in policy.tiers for contact in tier.contacts]
    for person in dict.fromkeys(people):
        # A person in several tiers may have the same address in each.
        yield from dict.fromkeys(contact for contact in every if contact.person == person)
