from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic_core import from_json

from services.alerts.delivery.channels.as_typed import TypedAddress
from services.alerts.policies.policy_json import (
    PolicyRefusedError,
    new_contacts,
    policy_from,
    policy_of,
    understood,
)
from services.alerts.policy.contacts import REVEAL, Contact
from services.alerts.policy.policy import CouncilPolicy
from services.runtime.bootstrap import contact_services
from services.runtime.settings import Settings

NEW_TIER_DAYS: Final = 56


def read_policy(data: bytes, before: CouncilPolicy) -> CouncilPolicy:
    """Read a policy from JSON. Masked addresses keep their values from `before`.

    Raises PolicyRefusedError if the policy is not valid.
    """
    try:
        values = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise PolicyRefusedError("the policy is not JSON: `pullcord policy show COUNCIL --json` writes one") from None
    # A masked address is written as ********.
    return policy_from(values, before, contact_services(Settings()))


def with_contact(
    policy: CouncilPolicy, tier: str, from_days: int | None, person: str, given: TypedAddress
) -> CouncilPolicy:
    """Raises PolicyRefusedError if the new policy is not valid."""
    # Addresses are included, because a mask would otherwise be stored as the address.
    values = policy.model_dump(mode="json", context=REVEAL)
    known = next((one for one in values["tiers"] if one["label"] == tier.strip()), None)
    if known is None:
        known = {"label": tier, "from_days": NEW_TIER_DAYS if from_days is None else from_days, "contacts": []}
        values["tiers"].append(known)
    elif from_days is not None:
        known["from_days"] = from_days
    contact = {"person": person.strip(), **given._asdict()}

    def is_named(one: dict[str, Any] | None) -> bool:
        return one is not None and (one["person"], one["channel"]) == (person.strip(), given.channel)

    # The address changes wherever the person has it. Each contact keeps its place, because the order counts.
    for one in values["tiers"]:
        one["contacts"] = [contact if is_named(old) else old for old in one["contacts"]]
    if is_named(values["out_of_hours"]):
        values["out_of_hours"] = contact
    if contact not in known["contacts"]:
        known["contacts"].append(contact)
    return policy_of(values)


def without_person(policy: CouncilPolicy, person: str, channel: str | None) -> CouncilPolicy:
    """Return the policy without the person's contacts in the tiers.

    Raises PolicyRefusedError if there is no such contact, or if the rota still needs the contact.
    """

    def stays(contact: Contact) -> bool:
        # None stands for every channel.
        return contact.person != person.strip() or channel not in (None, contact.channel)

    tiers = tuple(
        tier.model_copy(update={"contacts": tuple(one for one in tier.contacts if stays(one))}) for tier in policy.tiers
    )
    if tiers == policy.tiers:
        raise PolicyRefusedError("the policy has no such contact: `pullcord policy show COUNCIL` lists them")
    made = policy.model_copy(update={"tiers": tiers})
    # Checked again, because a rota may still name the person.
    return policy_of(made.model_dump(mode="json", context=REVEAL))


def new_addresses(policy: CouncilPolicy, before: CouncilPolicy) -> Iterator[tuple[str, str]]:
    """Yield the person and the recipient of each new contact.

    Raises PolicyRefusedError if an address is unusable.
    """
    services = contact_services(Settings())
    # The recipient is a text that shows how Pullcord has read the address.
    for _, contact, where in new_contacts(policy, before):
        yield contact.person, understood(where, contact, services)
