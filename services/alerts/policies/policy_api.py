from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict

from services.alerts.engine import Engine
from services.alerts.policies.policy_change import CasesLaterError, NobodyIsToldError, PolicyChange, change_policy
from services.alerts.policies.policy_json import PolicyFault, PolicyRefusedError, policy_from
from services.alerts.policy.councils import Council, PolicyMovedError, load_council
from services.alerts.policy.rota.cover import FilledBy
from services.alerts.policy.rota.cover_warnings import cover_warnings
from services.alerts.preview.preview_api import EngineOf
from services.core.texts import PersonName
from services.storage.store import Store
from services.web.auth import CouncilFeed, StoreOf
from services.web.bodies import SmallBodyRoute
from services.web.problem_schemas import CasesLaterProblem, VersionChangedProblem
from services.web.problems import ProblemError, ProblemType, answers, capped_faults, shown_field

# A rota may have a thousand overrides of some 120 bytes each [P].
LARGEST_POLICY = 512 * 1024


class PolicyRoute(SmallBodyRoute):
    # A policy may be larger than other bodies.
    limit: ClassVar[int] = LARGEST_POLICY


router = APIRouter(prefix="/v1", tags=["council"], route_class=PolicyRoute)


class PolicyBody(BaseModel):
    """A whole policy, and the person who decides it."""

    model_config = ConfigDict(extra="forbid")

    by: PersonName
    # As `GET /v1/policy` gives it. A masked address keeps its stored value.
    policy: dict[str, Any]


class CoverWarningView(BaseModel):
    """The days on which a tier has nobody on duty for some hours.

    `recipients` get the tier's messages in these hours. If `recipients` is empty, the operator gets the messages.
    `tier` is null if no tier has a contact.
    """

    tier: str | None
    days: list[date]
    filled_by: FilledBy
    recipients: list[str]
    text: str


class PolicyView(BaseModel):
    """The policy of a council, with masked addresses. The version is 0 for the default policy.

    If `damaged` is true, the stored policy is unreadable. `policy` is then a policy without contacts, and the operator
    gets the alerts.
    """

    version: int
    damaged: bool
    policy: dict[str, Any]
    warnings: list[CoverWarningView]


class ChangedPolicyView(PolicyView):
    """A policy that was saved just now. `changed_cases` is the number of open cases with a new due time."""

    changed_cases: int


IfMatch = Annotated[
    str,
    Header(
        pattern='^"?[0-9]{1,9}"?$',
        max_length=11,
        description="The version of the policy that is replaced, as the `ETag` of `GET /v1/policy` gives it.",
        examples=['"3"'],
    ),
]
ConfirmedLater = Annotated[
    int | None,
    Query(
        ge=0,
        le=1_000_000_000,
        description="The number of open cases whose next message may come later. It must be the number that the "
        "problem `cases-later` names.",
    ),
]


@router.get("/policy", summary="Show the policy", responses=answers(401, 403))
def show_policy(store: StoreOf, feed: CouncilFeed, response: Response) -> PolicyView:
    """Show the alert policy of the council. The addresses in the policy are masked.

    `warnings` covers the next 90 days. Each warning lists days on which a tier has nobody on duty for some hours.
    """
    council = _council(store, feed)
    response.headers["ETag"] = _tag(council.version)
    return PolicyView(**_view(store, council))


@router.put(
    "/policy",
    summary="Replace the policy",
    responses=answers(400, 401, 403, 413, 415, 422, further=[(409, CasesLaterProblem), (412, VersionChangedProblem)]),
)
def replace_policy(
    store: StoreOf,
    feed: CouncilFeed,
    engine: EngineOf,
    body: PolicyBody,
    response: Response,
    if_match: IfMatch,
    confirm_later: ConfirmedLater = None,
) -> ChangedPolicyView:
    """Replace the policy. Pullcord then recalculates the next message about each open case.

    A masked address keeps its stored value.

    If the new policy would delay the next message about any open case, Pullcord refuses the request with the problem
    `cases-later`. The problem gives the number of delayed cases. To confirm the delay, send the request again with
    this number as `confirm_later`.
    """
    council = _council(store, feed)
    if if_match.strip('"') != str(council.version):
        raise _moved(council.version)
    changed = _changed(store, engine, council, body, confirm_later)
    saved = _council(store, feed)
    response.headers["ETag"] = _tag(saved.version)
    return ChangedPolicyView(**_view(store, saved), changed_cases=changed)


def _changed(store: Store, engine: Engine, council: Council, body: PolicyBody, confirmed: int | None) -> int:
    try:
        policy = policy_from(body.policy, council.policy, store.policy.services)
        made = PolicyChange(council, policy, body.by, confirmed, has_fallback=bool(engine.fallback))
        return change_policy(store, engine.ruleset, made).touched
    except PolicyRefusedError as error:
        raise _faulty(error.faults) from None
    except NobodyIsToldError as error:
        raise _faulty([PolicyFault("tiers", str(error))]) from None
    except CasesLaterError as error:
        detail = f"{error}. If this is right, send it again with confirm_later={error.later}"
        raise ProblemError(409, ProblemType.CASES_LATER, detail, later=error.later, sooner=error.sooner) from None
    except PolicyMovedError:
        raise _moved(_council(store, council.feed_id).version) from None


def _view(store: Store, council: Council) -> dict[str, Any]:
    found = cover_warnings(council.policy, store.now())
    warnings = [CoverWarningView.model_validate(one, from_attributes=True) for one in found]
    shown = council.policy.model_dump(mode="json")
    return {"version": council.version, "damaged": council.damaged, "policy": shown, "warnings": warnings}


def _council(store: Store, feed: str) -> Council:
    with store.reading() as connection:
        return load_council(connection, store, feed)


def _tag(version: int) -> str:
    return f'"{version}"'


def _moved(version: int) -> ProblemError:
    detail = f"the policy has version {version} by now: read it again, and change that one"
    return ProblemError(412, ProblemType.VERSION_CHANGED, detail, version=version)


def _faulty(found: Iterable[PolicyFault]) -> ProblemError:
    faults = [
        {"field": shown_field(["body", "policy", *filter(None, one.field.split("."))]), "reason": one.reason}
        for one in found
    ]
    detail = "the policy cannot be used: see `faults`"
    return ProblemError(422, ProblemType.INVALID_REQUEST, detail, faults=capped_faults(faults))
