from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from pydantic import SecretStr, ValidationError

from services.alerts.delivery.channels.as_typed import TypedAddress, contact_as_typed
from services.alerts.delivery.channels.contact_routes import contact_route
from services.alerts.delivery.channels.routes import RouteRefusedError, what_is_understood
from services.alerts.policy.contacts import Contact
from services.alerts.policy.policy import CouncilPolicy, Tier
from services.alerts.policy.rota.rota_settings import DutyHours, Rota, RotaLayer, RotaOverride
from services.core.days.closures import Closure
from services.core.errors import RefusedError
from services.core.operator.contact_services import ContactServices

# This text replaces an address wherever a policy is shown.
MASK: Final = str(SecretStr("any"))

# Where the contact for nights stands in errors. It belongs to no tier.
_NIGHTS: Final = "out_of_hours"


class PolicyFault(NamedTuple):
    # The path of the faulty part, such as `tiers.0.contacts.1.address`.
    field: str
    reason: str


class PolicyRefusedError(RefusedError):
    """The text of the error names the faulty part and the reason."""

    def __init__(self, said: str, faults: Sequence[PolicyFault] = ()) -> None:
        super().__init__(said)
        self.faults = tuple(faults)


def policy_from(values: Any, before: CouncilPolicy, services: ContactServices) -> CouncilPolicy:
    """Raises PolicyRefusedError if the policy is not valid. A masked address keeps its value from `before`."""
    _put_addresses_back(values, before, services)
    policy = policy_of(values)
    for _, contact, where in new_contacts(policy, before):
        understood(where, contact, services)
    return policy


def policy_of(values: Any) -> CouncilPolicy:
    try:
        return CouncilPolicy.model_validate(values)
    except ValidationError as error:
        # The input is left out, because it may be an address.
        found = error.errors(include_url=False, include_context=False, include_input=False)
    faults = [PolicyFault(_place(one["loc"]), one["msg"].removeprefix("Value error, ")) for one in found]
    said = "; ".join(f"{one.field}: {one.reason}" if one.field else one.reason for one in faults)
    raise PolicyRefusedError(f"the policy cannot be used: {said}", faults)


def understood(where: PolicyFault, contact: Contact, services: ContactServices) -> str:
    """Return a text that shows how Pullcord reads the contact's address. Never log this text.

    Raises PolicyRefusedError if the address is unusable.
    """
    try:
        # This text names the recipient, so no log may hold it.
        return what_is_understood(contact_route(contact, services))
    except RouteRefusedError as error:
        remedy = error.remedy
    except RefusedError as error:
        remedy = str(error)
    # The text of the error names the contact and never holds the address.
    raise PolicyRefusedError(f"the address cannot be used ({where.reason}): {remedy}", [where._replace(reason=remedy)])


def new_contacts(policy: CouncilPolicy, before: CouncilPolicy) -> Iterator[tuple[str, Contact, PolicyFault]]:
    # A stored address was already shown to the person who entered it.
    known = {(tier, contact) for tier, contact, _ in _contacts(before)}
    for tier, contact, path in _contacts(policy):
        if (tier, contact) not in known:
            yield tier, contact, PolicyFault(path, f"{contact.person}, tier {tier}")


def _contacts(policy: CouncilPolicy) -> Iterator[tuple[str, Contact, str]]:
    for n, tier in enumerate(policy.tiers):
        for place, contact in enumerate(tier.contacts):
            yield tier.label, contact, f"tiers.{n}.contacts.{place}.address"
    if policy.out_of_hours is not None:
        yield _NIGHTS, policy.out_of_hours, f"{_NIGHTS}.address"


def _put_addresses_back(values: Any, before: CouncilPolicy, services: ContactServices) -> None:
    known = {(tier, one.person, one.channel): one.address for tier, one, _ in _contacts(before)}
    for label, contact, path in _written_contacts(values):
        kept = known.get((label, str(contact.get("person")), str(contact.get("channel"))))
        # The mask of an unknown contact stays, and is then refused as an address.
        if contact.get("address") == MASK:
            contact["address"] = kept.get_secret_value() if kept is not None else MASK
        # A kept address is not read again: its channel may have been allowed when it was entered.
        elif isinstance(contact.get("address"), str):
            contact.update(_read(label, contact, path, services)._asdict())


def _written_contacts(values: Any) -> Iterator[tuple[str, dict[str, Any], str]]:
    # The values were not checked yet, so they may be anything.
    for n, tier in _list(values, "tiers"):
        for place, contact in _list(tier, "contacts"):
            yield str(tier.get("label")), contact, f"tiers.{n}.contacts.{place}.address"
    if isinstance(values, dict) and isinstance(values.get(_NIGHTS), dict):
        yield _NIGHTS, values[_NIGHTS], f"{_NIGHTS}.address"


def _read(label: str, contact: dict[str, Any], path: str, services: ContactServices) -> TypedAddress:
    channel = contact.get("channel")
    try:
        return contact_as_typed(contact["address"], None if channel is None else str(channel), services)
    except RefusedError as error:
        # A label may hold anything here: it was not checked yet. It is shown to its author only.
        who = f"{contact.get('person')}, tier {label}"
        fault = PolicyFault(path, str(error))
        raise PolicyRefusedError(f"the address cannot be used ({who}): {error}", [fault]) from None


def _list(values: Any, name: str) -> list[tuple[int, dict[str, Any]]]:
    found = values.get(name) if isinstance(values, dict) else None
    return [(n, one) for n, one in enumerate(found) if isinstance(one, dict)] if isinstance(found, list) else []


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if isinstance(part, int) or part in _PARTS)


_MODELS: Final = (CouncilPolicy, Tier, Contact, Rota, RotaLayer, DutyHours, RotaOverride, Closure)

# The field names of a policy. Any other name may be personal data, so error messages leave it out.
_PARTS: Final = frozenset(name for model in _MODELS for name in model.model_fields)
