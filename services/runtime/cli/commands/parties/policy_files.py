"""Reads a council's policy from a file, and adds contacts to a policy or removes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import SecretStr, ValidationError
from pydantic_core import from_json

from services.alerts.delivery.channels.as_typed import TypedAddress
from services.alerts.policy.contacts import REVEAL, Contact
from services.alerts.policy.policy import CouncilPolicy, Tier
from services.core.errors import RefusedError
from services.runtime.cli.commands.parties.contacts import PolicyRefusedError, read_typed, understood
from services.runtime.cli.support.output import plain

# This text replaces an address wherever a policy is shown.
MASK: Final = str(SecretStr("any"))

NEW_TIER_DAYS: Final = 56


def read_policy(data: bytes, before: CouncilPolicy) -> CouncilPolicy:
    """Read a policy from JSON. Raises PolicyRefusedError if it is not valid.

    A masked address gets its value from the policy `before`: from the contact with the same tier, person and channel.
    """
    try:
        values = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise PolicyRefusedError("the policy is not JSON: `pullcord policy show COUNCIL --json` writes one") from None
    _put_addresses_back(values, before)
    policy = _made(values)
    for _ in new_addresses(policy, before):
        pass
    return policy


def with_contact(
    policy: CouncilPolicy, tier: str, from_days: int | None, person: str, given: TypedAddress
) -> CouncilPolicy:
    """Return the policy with this contact. A person's earlier address of the same channel in the tier is replaced.

    A new tier is alerted from `from_days` days before the harmful day. An existing tier keeps its number of days if
    `from_days` is None. Raises PolicyRefusedError if the new policy is not valid.
    """
    # Addresses are included, because a mask would otherwise be stored as the address.
    values = policy.model_dump(mode="json", context=REVEAL)
    known = next((one for one in values["tiers"] if one["label"] == tier.strip()), None)
    if known is None:
        known = {"label": tier, "from_days": NEW_TIER_DAYS if from_days is None else from_days, "contacts": []}
        values["tiers"].append(known)
    elif from_days is not None:
        known["from_days"] = from_days
    contact = {"person": person, **given._asdict()}
    named = (person.strip(), given.channel)
    # A changed contact keeps its place, because the order of a person's addresses counts.
    changed = [contact if (one["person"], one["channel"]) == named else one for one in known["contacts"]]
    known["contacts"] = changed if contact in changed else [*changed, contact]
    return _made(values)


def without_person(policy: CouncilPolicy, person: str, channel: str | None) -> CouncilPolicy:
    """Return the policy without a person in any tier. With a channel, only the person's address there is removed.

    Raises PolicyRefusedError if the policy has no such contact.
    """

    def stays(contact: Contact) -> bool:
        return contact.person != person.strip() or channel not in (None, contact.channel)

    tiers = tuple(
        tier.model_copy(update={"contacts": tuple(one for one in tier.contacts if stays(one))}) for tier in policy.tiers
    )
    if tiers == policy.tiers:
        raise PolicyRefusedError("the policy has no such contact: `pullcord policy show COUNCIL` lists them")
    return policy.model_copy(update={"tiers": tiers})


def new_addresses(policy: CouncilPolicy, before: CouncilPolicy) -> Iterator[tuple[str, str]]:
    """Yield each new contact's person, and whom the address reaches. Raises PolicyRefusedError for an unusable one."""
    # A stored address was already shown to the person who entered it.
    known = {(tier, contact) for tier, contact in _contacts(before)}
    for tier, contact in _contacts(policy):
        if (tier, contact) not in known:
            yield contact.person, understood(tier, contact)


def _contacts(policy: CouncilPolicy) -> Iterator[tuple[str, Contact]]:
    return ((tier.label, contact) for tier in policy.tiers for contact in tier.contacts)


def _put_addresses_back(values: Any, before: CouncilPolicy) -> None:
    known = {(tier, one.person, one.channel): one.address for tier, one in _contacts(before)}
    for tier in _list(values, "tiers"):
        for contact in _list(tier, "contacts"):
            kept = known.get((str(tier.get("label")), str(contact.get("person")), str(contact.get("channel"))))
            # The mask of an unknown contact stays, and is then refused as an address.
            if contact.get("address") == MASK:
                contact["address"] = kept.get_secret_value() if kept is not None else MASK
            # A kept address is not read again: its channel may have been allowed when it was entered.
            elif isinstance(contact.get("address"), str):
                contact.update(_read(tier, contact)._asdict())


def _read(tier: dict[str, Any], contact: dict[str, Any]) -> TypedAddress:
    channel = contact.get("channel")
    try:
        return read_typed(contact["address"], None if channel is None else str(channel))
    except RefusedError as error:
        # A label may hold anything here: it was not checked yet. It is shown to its author only.
        who = f"{plain(str(contact.get('person')))}, tier {plain(str(tier.get('label')))}"
        raise PolicyRefusedError(f"the address cannot be used ({who}): {error}") from None


def _list(values: Any, name: str) -> list[dict[str, Any]]:
    # The file was not checked yet, so it may hold anything.
    found = values.get(name) if isinstance(values, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _made(values: Any) -> CouncilPolicy:
    try:
        return CouncilPolicy.model_validate(values)
    except ValidationError as error:
        # The input is left out, because it may be an address.
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    said = "; ".join(f"{_place(fault['loc'])}{fault['msg'].removeprefix('Value error, ')}" for fault in faults)
    raise PolicyRefusedError(f"the policy cannot be used: {said}")


def _place(location: tuple[int | str, ...]) -> str:
    named = [str(part) for part in location if isinstance(part, int) or part in _PARTS]
    return f"{'.'.join(named)}: " if named else ""


# The field names of a policy. Any other name may be personal data, so error messages leave it out.
_PARTS: Final = frozenset(name for model in (CouncilPolicy, Tier, Contact) for name in model.model_fields)
