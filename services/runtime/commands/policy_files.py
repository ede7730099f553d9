"""Reads a policy from a file and puts contacts into one."""

from __future__ import annotations

from typing import Any, Final

from pydantic import SecretStr, ValidationError
from pydantic_core import from_json

from services.alerts.channels.routes import RouteRefusedError, is_mail, read_mail_route, read_route
from services.alerts.policy import Contact, CouncilPolicy, Tier
from services.core.errors import RefusedError

MASK: Final = str(SecretStr("any"))
"""What stands for a route wherever a policy is shown."""

NEW_TIER_DAYS: Final = 56

_ROUTE_FAULTS: Final = {
    "route_not_understood": "it is no address of a service that Apprise knows, with a target",
    "several_targets": "it has several targets: give each contact one; copies (cc, bcc) are targets too",
    "encrypted_mail_not_supported": "leave out the PGP options; the message holds nothing secret",
}


class PolicyRefusedError(RefusedError):
    """The policy is not one; the text says which part and why."""


def read_policy(data: bytes, before: CouncilPolicy) -> CouncilPolicy:
    """A policy from JSON. A masked route is taken from the policy before, from the contact of the same tier and label.

    Raises PolicyRefusedError.
    """
    try:
        values = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise PolicyRefusedError("the policy is not JSON: `pullcord policy show COUNCIL --json` writes one") from None
    _put_routes_back(values, before)
    policy = _made(values)
    for tier in policy.tiers:
        for contact in tier.contacts:
            checked_route(contact.route.get_secret_value())
    return policy


def with_contact(policy: CouncilPolicy, tier: str, from_days: int | None, label: str, route: str) -> CouncilPolicy:
    """The policy with a contact more, or with its route changed where the tier has one of that label.

    Raises PolicyRefusedError.
    """
    values = policy.model_dump(mode="json", context={"routes": "reveal"})
    known = next((one for one in values["tiers"] if one["label"] == tier.strip()), None)
    if known is None:
        known = {"label": tier, "from_days": NEW_TIER_DAYS if from_days is None else from_days, "contacts": []}
        values["tiers"].append(known)
    elif from_days is not None:
        known["from_days"] = from_days
    others = [one for one in known["contacts"] if one["label"] != label.strip()]
    known["contacts"] = [*others, {"label": label, "route": route}]
    return _made(values)


def checked_route(route: str) -> str:
    """A route that names one target.

    Raises PolicyRefusedError; its text never holds the route.
    """
    try:
        read_mail_route(route) if is_mail(route) else read_route(route)
    except RouteRefusedError as error:
        raise PolicyRefusedError(f"the route cannot be used: {_ROUTE_FAULTS[str(error)]}") from None
    return route


def _put_routes_back(values: Any, before: CouncilPolicy) -> None:
    known = {(tier.label, one.label): one.route for tier in before.tiers for one in tier.contacts}
    for tier in _list(values, "tiers"):
        for contact in _list(tier, "contacts"):
            kept = known.get((str(tier.get("label")), str(contact.get("label"))))
            if contact.get("route") == MASK and kept is not None:
                contact["route"] = kept.get_secret_value()


def _list(values: Any, name: str) -> list[dict[str, Any]]:
    found = values.get(name) if isinstance(values, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _made(values: Any) -> CouncilPolicy:
    try:
        return CouncilPolicy.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    said = "; ".join(f"{_place(fault['loc'])}{fault['msg'].removeprefix('Value error, ')}" for fault in faults)
    raise PolicyRefusedError(f"the policy cannot be used: {said}")


def _place(location: tuple[int | str, ...]) -> str:
    named = [str(part) for part in location if isinstance(part, int) or part in _PARTS]
    return f"{'.'.join(named)}: " if named else ""


_PARTS: Final = frozenset(name for model in (CouncilPolicy, Tier, Contact) for name in model.model_fields)
"""The fields of a policy: a name that is none of them may be anything, and is not repeated."""
