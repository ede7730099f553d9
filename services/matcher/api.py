from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from schemas.codes import MatchDecision
from services.core.errors import NotFoundError, RefusedError
from services.core.texts import Note, PersonName
from services.matcher.decisions import MatchId, decide_match
from services.matcher.store.progress import count_waiting
from services.web.auth import CouncilFeed, StoreOf
from services.web.bodies import SmallBodyRoute
from services.web.problems import ProblemError, ProblemType, answers

MOST_COUNTED = 10_000

router = APIRouter(prefix="/v1", tags=["council"], route_class=SmallBodyRoute)


class DecisionBody(BaseModel):
    """A decision on a match, with the evidence and the name of the person who decided."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["confirmed", "rejected"]
    by: PersonName
    evidence: Note


class MatchingView(BaseModel):
    """The number of register entries that still wait to be compared with a notice."""

    model_config = ConfigDict(frozen=True)

    # At most `MOST_COUNTED`. Very many possible matches by area or postcode are found in turns.
    entries_waiting: int


@router.get("/matching", summary="Show what is not yet matched", responses=answers(401, 403))
def show_matching(store: StoreOf, feed: CouncilFeed) -> MatchingView:
    """Show the number of register entries that still wait to be compared with a notice. The count stops at 10,000.

    An entry may wait if a notice covers very many homes. An entry may also wait if very many notices name the postcode
    of the entry.

    Only possible matches by area or postcode may come later. A match by telephone number, UPRN or the same address is
    always found at once.
    """
    with store.reading() as connection:
        return MatchingView(entries_waiting=count_waiting(connection, feed, MOST_COUNTED))


@router.post(
    "/matches/{match}/decision",
    status_code=204,
    summary="Confirm or reject a match",
    responses=answers(400, 401, 403, 404, 413, 415, 422),
)
def decide_on_match(
    store: StoreOf,
    feed: CouncilFeed,
    match: Annotated[str, Path(max_length=44, examples=["M-7K3M-2Q9P-4XTB-8HWN"])],
    body: DecisionBody,
) -> None:
    """Record a person's decision on a match. The match must not have ended.

    The decision also counts for other notices that name exactly the same number and place. But a rejection takes back
    no confirmation. A rejection ends the case if no other notice puts the resident's line at risk.
    """
    try:
        decide_match(store, MatchId.read(store, match), MatchDecision(body.decision), body.by, body.evidence, feed)
    except NotFoundError as error:
        raise ProblemError(404, ProblemType.NOT_FOUND, str(error)) from None
    except RefusedError as error:
        raise ProblemError(422, ProblemType.INVALID_REQUEST, str(error)) from None
