"""Reads a council's policy from a file, and adds contacts to a policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import SecretStr, ValidationError
from pydantic_core import from_json

from services.alerts.delivery.channels.routes import RouteRefusedError, what_is_understood
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.errors import RefusedError
from services.runtime.cli.commands.parties.contacts import to_route
from services.runtime.cli.support.output import plain

# This text replaces a route wherever a policy is shown.
MASK: Final = str(SecretStr("any"))

NEW_TIER_DAYS: Final = 56


class PolicyRefusedError(RefusedError):
    """The policy is not valid. The text names the faulty part and the reason."""


def read_policy(data: bytes, before: CouncilPolicy) -> CouncilPolicy:
    """Read a policy from JSON. Raises PolicyRefusedError if it is not valid.

    A route written as ******** is taken from the policy `before`: from the contact with the same tier and label.
    """
    try:
        values = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise PolicyRefusedError("the policy is not JSON: `pullcord policy show COUNCIL --json` writes one") from None
    _put_routes_back(values, before)
    _read_contacts(values)
    policy = _made(values)
    for tier, contact in _contacts(policy):
        understood(tier, contact.label, contact.route.get_secret_value())
    return policy


def with_contact(policy: CouncilPolicy, tier: str, from_days: int | None, label: str, route: str) -> CouncilPolicy:
    """Return the policy with this contact. If the tier has a contact with this label, it gets the new route.

    A new tier is alerted from `from_days` days before the harmful day. An existing tier keeps its number of days if
    `from_days` is None. Raises PolicyRefusedError if the new policy is not valid.
    """
    # Routes are included, because a mask would otherwise be stored as the route.
    values = policy.model_dump(mode="json", context={"routes": "reveal"})
    known = next((one for one in values["tiers"] if one["label"] == tier.strip()), None)
    if known is None:
        known = {"label": tier, "from_days": NEW_TIER_DAYS if from_days is None else from_days, "contacts": []}
        values["tiers"].append(known)
    elif from_days is not None:
        known["from_days"] = from_days
    others = [one for one in known["contacts"] if one["label"] != label.strip()]
    # The changed contact comes last. The order has no meaning.
    known["contacts"] = [*others, {"label": label, "route": route}]
    return _made(values)


def understood(tier: str, label: str, route: str) -> str:
    """Return the address in a route, to show to the person who enters the route. Never log it.

    Raises PolicyRefusedError if the route cannot be used.
    """
    try:
        return what_is_understood(route)
    except RouteRefusedError as error:
        who = f"{plain(label)}, tier {plain(tier)}"
        # The text names the contact and never holds the route.
        raise PolicyRefusedError(f"the route cannot be used ({who}): {error.remedy}") from None


def new_routes(policy: CouncilPolicy, before: CouncilPolicy) -> Iterator[tuple[str, str]]:
    # A stored route was already shown to the person who entered it.
    known = {(tier, contact.label, contact.route) for tier, contact in _contacts(before)}
    for tier, contact in _contacts(policy):
        if (tier, contact.label, contact.route) not in known:
            yield contact.label, understood(tier, contact.label, contact.route.get_secret_value())


def _contacts(policy: CouncilPolicy) -> Iterator[tuple[str, Contact]]:
    return ((tier.label, contact) for tier in policy.tiers for contact in tier.contacts)


def _put_routes_back(values: Any, before: CouncilPolicy) -> None:
    known = {(tier.label, one.label): one.route for tier in before.tiers for one in tier.contacts}
    for tier in _list(values, "tiers"):
        for contact in _list(tier, "contacts"):
            kept = known.get((str(tier.get("label")), str(contact.get("label"))))
            # The mask of an unknown contact stays, and is then refused as a route.
            if contact.get("route") == MASK and kept is not None:
                contact["route"] = kept.get_secret_value()


def _read_contacts(values: Any) -> None:
    # A mail address or a telephone number becomes a route. A mask stays, and is then refused.
    for tier in _list(values, "tiers"):
        for contact in _list(tier, "contacts"):
            if isinstance(contact.get("route"), str):
                contact["route"] = to_route(contact["route"])


def _list(values: Any, name: str) -> list[dict[str, Any]]:
    # The file was not checked yet, so it may hold anything.
    found = values.get(name) if isinstance(values, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _made(values: Any) -> CouncilPolicy:
    try:
        return CouncilPolicy.model_validate(values)
    except ValidationError as error:
        # The input is left out, because it may be a route.
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    said = "; ".join(f"{_place(fault['loc'])}{fault['msg'].removeprefix('Value error, ')}" for fault in faults)
    raise PolicyRefusedError(f"the policy cannot be used: {said}")


def _place(location: tuple[int | str, ...]) -> str:
    named = [str(part) for part in location if isinstance(part, int) or part in _PARTS]
    return f"{'.'.join(named)}: " if named else ""


# The field names of a policy. Any other name may be personal data, so error messages leave it out.
_PARTS: Final = frozenset(name for model in (CouncilPolicy, Tier, Contact) for name in model.model_fields)
