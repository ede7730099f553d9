from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from services.alerts.api import Reference
from services.alerts.case.store.cases import find_case
from services.alerts.match_views import MatchView, page_of_matches
from services.alerts.review.case import Case
from services.alerts.views import EventView, page_of_history
from services.core.errors import NotFoundError, RefusedError
from services.web.auth import CouncilFeed, StoreOf
from services.web.paging import Cursor, link_next
from services.web.problems import ProblemError, ProblemType, answers

router = APIRouter(prefix="/v1/cases/{reference}", tags=["council"])

Limit = Annotated[int, Query(ge=1, le=1_000)]


@router.get("/matches", summary="List the matches of a case", responses=answers(401, 403, 404, 422))
def list_matches(
    request: Request,
    response: Response,
    store: StoreOf,
    feed: CouncilFeed,
    reference: Reference,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> list[MatchView]:
    """List the notices that are matched to the register entry of a case.

    The header `Link` has the address of the next page, with `rel="next"`. The last page has no such link.
    """
    with store.reading() as connection:
        case = _found(connection, reference, feed)
        try:
            page = page_of_matches(connection, store, case.entry_pk, cursor, limit)
        except RefusedError as error:
            raise ProblemError(422, ProblemType.INVALID_REQUEST, str(error)) from None
    link_next(request, response, page.next_cursor)
    return page.matches


@router.get("/history", summary="List what happened to a case", responses=answers(401, 403, 404, 422))
def list_history(
    request: Request,
    response: Response,
    store: StoreOf,
    feed: CouncilFeed,
    reference: Reference,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> list[EventView]:
    """List the events of a case, the oldest first.

    The header `Link` has the address of the next page, with `rel="next"`. The last page has no such link.
    """
    with store.reading() as connection:
        case = _found(connection, reference, feed)
        try:
            page = page_of_history(connection, store, case, cursor, limit)
        except RefusedError as error:
            raise ProblemError(422, ProblemType.INVALID_REQUEST, str(error)) from None
    link_next(request, response, page.next_cursor)
    return page.events


def _found(connection: Connection, reference: str, feed: str) -> Case:
    try:
        return find_case(connection, reference, feed)
    except NotFoundError as error:
        raise ProblemError(404, ProblemType.NOT_FOUND, str(error)) from None
