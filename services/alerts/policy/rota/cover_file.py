from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from services.alerts.policy.policy_settings import CouncilPolicy
from services.alerts.policy.rota.cover import CoverPolicy, CoverTier
from services.alerts.policy.rota.rota_settings import DutyHours, Rota, RotaLayer, RotaOverride
from services.core.days.closures import Closure
from services.core.errors import RefusedError


class RotaRefusedError(RefusedError):
    """The text of the error names the faulty part and the remedy."""


def read_cover(data: bytes) -> CoverPolicy:
    """Raises RotaRefusedError if the rota is not valid."""
    try:
        values = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise RotaRefusedError("the policy is not JSON: `pullcord policy show COUNCIL --json` writes one") from None
    if not isinstance(values, dict) or values.get("rota") is None:
        raise RotaRefusedError(
            "the policy has no rota: add a member `rota` with the layers, as docs/operations.md shows"
        )
    if values.keys() - CouncilPolicy.model_fields.keys() - CoverPolicy.model_fields.keys():
        raise RotaRefusedError(
            f"the policy has a member that no policy has: {_MEMBERS} are read here, correct the name"
        )
    read = {name: value for name, value in values.items() if name in CoverPolicy.model_fields}
    # The contact for nights is somebody with an address, or a label alone.
    night = values.get("out_of_hours")
    of_night = {"out_of_hours": night.get("person")} if isinstance(night, dict) else {}
    return _made(read | {"tiers": _labels_alone(values.get("tiers"))} | of_night)


def _labels_alone(tiers: Any) -> Any:
    # The file was not checked yet, so it may hold anything. What has another shape is left to the model.
    if not isinstance(tiers, list):
        return tiers
    return [_tier(tier) if isinstance(tier, dict) else tier for tier in tiers]


def _tier(tier: dict[str, Any]) -> dict[str, Any]:
    contacts = tier.get("contacts", [])
    if isinstance(contacts, list):
        # A person with several addresses is one person on duty.
        people = [one.get("person") if isinstance(one, dict) else one for one in contacts]
        contacts = [person for number, person in enumerate(people) if person not in people[:number]]
    return {"label": tier.get("label"), "contacts": contacts}


def _made(values: Any) -> CoverPolicy:
    try:
        return CoverPolicy.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    said = "; ".join(f"{_place(fault['loc'])}{fault['msg'].removeprefix('Value error, ')}" for fault in faults)
    raise RotaRefusedError(f"the rota cannot be used: {said}")


def _place(location: tuple[int | str, ...]) -> str:
    # Any other name may be personal data, so it is left out.
    named = [str(part) for part in location if isinstance(part, int) or part in _PARTS]
    return f"{'.'.join(named)}: " if named else ""


_MODELS: Final = (CoverPolicy, CoverTier, Rota, RotaLayer, DutyHours, RotaOverride, Closure)
_PARTS: Final = frozenset(name for model in _MODELS for name in model.model_fields)
_MEMBERS: Final = ", ".join(CoverPolicy.model_fields)
