"""Who calls: the API key in the `Authorization` header, and what it may see."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.storage.secrets.keys import Caller, KeyEndedError, Role, find_caller
from services.storage.store import Store
from services.web.problems import ProblemError, ProblemType

_bearer = HTTPBearer(auto_error=False, description="An API key made with `pullcord keys create`.")


def store_of(request: Request) -> Store:
    """The store the application was made with."""
    store: Store = request.app.state.store
    return store


StoreOf = Annotated[Store, Depends(store_of)]


def caller(
    store: StoreOf, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
) -> Caller:
    """The caller, or a 401."""
    try:
        found = find_caller(store, credentials.credentials) if credentials else None
    except KeyEndedError as ended:
        raise _unauthenticated(str(ended)) from ended
    if found is None:
        raise _unauthenticated("send a valid API key: `Authorization: Bearer pcd.…`")
    return found


def _unauthenticated(detail: str) -> ProblemError:
    return ProblemError(401, ProblemType.UNAUTHENTICATED, detail, headers={"WWW-Authenticate": "Bearer"})


CallerOf = Annotated[Caller, Depends(caller)]


def own_feed(caller: Caller, role: Role) -> str:
    """The feed of a caller that must have a role, or a 403."""
    if caller.role is not role or caller.feed_id is None:
        raise ProblemError(403, ProblemType.FORBIDDEN, f"this needs a {role}'s key")
    return caller.feed_id


def provider(caller: CallerOf) -> str:
    """The feed of a calling provider."""
    return own_feed(caller, Role.PROVIDER)


def council(caller: CallerOf) -> str:
    """The feed of a calling council."""
    return own_feed(caller, Role.COUNCIL)


ProviderFeed = Annotated[str, Depends(provider)]
CouncilFeed = Annotated[str, Depends(council)]


def named_council(council: str, feed: CouncilFeed) -> str:
    """The feed of a calling council, which must be the one the address names."""
    if feed != f"council:{council}":
        raise ProblemError(403, ProblemType.FORBIDDEN, "the key belongs to another council")
    return feed


def regulator(caller: CallerOf) -> Caller:
    """A calling regulator."""
    if caller.role is not Role.REGULATOR:
        raise ProblemError(403, ProblemType.FORBIDDEN, "this needs a regulator's key")
    return caller


Regulator = Annotated[Caller, Depends(regulator)]
NamedCouncilFeed = Annotated[str, Depends(named_council)]
