from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.storage.secrets.keys import Caller, KeyEndedError, Role, find_caller
from services.storage.store import Store
from services.web.problems import ProblemError, ProblemType
from services.web.query_parameters import refuse_unknown_parameters
from services.web.rates import rates_of

# The framework's own error is off, because it would not be a problem of RFC 9457.
_bearer = HTTPBearer(auto_error=False, description="An API key made with `pullcord keys create`.")


def store_of(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


StoreOf = Annotated[Store, Depends(store_of)]


def caller(
    request: Request,
    store: StoreOf,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
) -> Caller:
    """Raises ProblemError 401 for a bad key. Raises ProblemError 429 after too many requests."""
    rates = rates_of(request)
    try:
        found = find_caller(store, credentials.credentials) if credentials else None
    # Only the holder of the right key learns that it has expired.
    except KeyEndedError as ended:
        rates.count_failure(request)
        raise _unauthenticated(str(ended)) from ended
    if found is None:
        # A request without any key guesses nothing, but is as cheap to send.
        rates.count_failure(request)
        raise _unauthenticated("send a valid API key: `Authorization: Bearer pcd.…`")
    rates.count_key(found.key_id)
    return found


def _unauthenticated(detail: str) -> ProblemError:
    return ProblemError(401, ProblemType.UNAUTHENTICATED, detail, headers={"WWW-Authenticate": "Bearer"})


def of_known_parameters(request: Request, caller: Annotated[Caller, Depends(caller)]) -> Caller:
    """Raises ProblemError 422 if a query parameter is unknown or repeated."""
    refuse_unknown_parameters(request)
    return caller


CallerOf = Annotated[Caller, Depends(of_known_parameters)]


def own_feed(caller: Caller, role: Role) -> str:
    """Raises ProblemError 403 if the caller has another role."""
    if caller.role is not role or caller.feed_id is None:
        raise ProblemError(403, ProblemType.FORBIDDEN, f"this needs a {role}'s key")
    return caller.feed_id


def provider(caller: CallerOf) -> str:
    return own_feed(caller, Role.PROVIDER)


def council(caller: CallerOf) -> str:
    return own_feed(caller, Role.COUNCIL)


ProviderFeed = Annotated[str, Depends(provider)]
CouncilFeed = Annotated[str, Depends(council)]


def named_council(council: str, feed: CouncilFeed) -> str:
    """Raises ProblemError 403 if the path names another council."""
    if feed != f"council:{council}":
        raise ProblemError(403, ProblemType.FORBIDDEN, "the key belongs to another council")
    return feed


def council_or_operator(caller: CallerOf) -> str | None:
    """Return the feed of the caller's council. Return None for an operator, who sees all councils."""
    return None if caller.role is Role.OPERATOR else own_feed(caller, Role.COUNCIL)


def regulator(caller: CallerOf) -> Caller:
    if caller.role is not Role.REGULATOR:
        raise ProblemError(403, ProblemType.FORBIDDEN, "this needs a regulator's key")
    return caller


def operator(caller: CallerOf) -> Caller:
    if caller.role is not Role.OPERATOR:
        raise ProblemError(403, ProblemType.FORBIDDEN, "this needs an operator's key")
    return caller


CouncilOrOperator = Annotated[str | None, Depends(council_or_operator)]
Regulator = Annotated[Caller, Depends(regulator)]
NamedCouncilFeed = Annotated[str, Depends(named_council)]
