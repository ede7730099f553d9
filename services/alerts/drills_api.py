from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from services.alerts.delivery.drills.answering import record_answer
from services.alerts.delivery.drills.rules import AnswerWay, DrillState
from services.alerts.delivery.drills.starting import DrillRefusedError, start_by_person
from services.alerts.delivery.drills.store import Drill, find_drill, newest_drills
from services.core.errors import NotFoundError
from services.core.texts import PersonName
from services.storage.store import Store
from services.web.auth import CouncilFeed, CouncilOrOperator, StoreOf
from services.web.bodies import SmallBodyRoute
from services.web.paging import Cursor, link_next
from services.web.problems import ProblemError, ProblemType, answers

router = APIRouter(prefix="/v1", tags=["council"], route_class=SmallBodyRoute)

DrillReference = Annotated[str, Path(max_length=20, pattern="^[A-Za-z0-9-]+$", examples=["D-7K3M-2Q9P"])]
MOST_LISTED = 1_000  # the most drills in one answer [P]


class DrillBody(BaseModel):
    """The person who starts or answers a drill."""

    model_config = ConfigDict(extra="forbid")

    by: PersonName


class DrillSummary(BaseModel):
    """The state and the times of a drill."""

    drill: str
    # The GSS code of the council.
    council: str
    # The month of a monthly drill, such as `2026-12`. Null if a person started the drill.
    month: str | None
    state: DrillState
    # The number of tiers that were asked.
    tiers_asked: int
    started_at: datetime
    # An answer by this time comes within one working day.
    answer_by: datetime
    # When it was clear that nobody had answered, and the operator was told.
    failed_at: datetime | None
    answered_at: datetime | None


class DrillList(BaseModel):
    """Drills, the newest first."""

    drills: list[DrillSummary]


@router.get("/drills", summary="List drills", responses=answers(401, 403, 422))
def list_drills(
    request: Request,
    response: Response,
    store: StoreOf,
    feed: CouncilOrOperator,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 100,
    cursor: Cursor = None,
) -> DrillList:
    """List the drills of the council, the newest first. An operator sees the drills of all councils.

    The header `Link` has the address of the next page, with `rel="next"`. The last page has no such link.
    """
    with store.reading() as connection:
        try:
            before = None if cursor is None else find_drill(connection, cursor, feed).alert_pk
        except NotFoundError:
            detail = "no page of yours has this cursor: begin again without one"
            raise ProblemError(422, ProblemType.INVALID_REQUEST, detail) from None
        # One more than the page holds shows that there is another page.
        found = newest_drills(connection, feed, limit + 1, before)
    page = found[:limit]
    link_next(request, response, page[-1].reference if len(found) > limit else None)
    return DrillList(drills=[_summary(drill) for drill in page])


@router.post(
    "/drills",
    status_code=201,
    summary="Start a drill",
    responses=answers(400, 401, 403, 409, 413, 415, 422, 429),
)
def start_drill(store: StoreOf, feed: CouncilFeed, body: DrillBody) -> DrillSummary:
    """Send an extra drill to the council at once. The first tier is asked first.

    The request is refused outside working hours, while another drill waits for an answer, or while a case is urgent.
    """
    try:
        reference = start_by_person(store, feed, body.by)
    except DrillRefusedError as error:
        raise _refused(error) from None
    return _read(store, reference, feed)


@router.post(
    "/drills/{drill}/answer",
    summary="Answer a drill",
    responses=answers(400, 401, 403, 404, 409, 413, 415, 422, 429),
)
def answer_drill(store: StoreOf, feed: CouncilFeed, drill: DrillReference, body: DrillBody) -> DrillSummary:
    """Record that a named person has read the drill. Only the first answer counts."""
    try:
        return _summary(record_answer(store, drill, body.by, AnswerWay.API, feed))
    except NotFoundError as error:
        raise ProblemError(404, ProblemType.NOT_FOUND, str(error)) from None
    except DrillRefusedError as error:
        raise _refused(error) from None


def _read(store: Store, reference: str, feed: str) -> DrillSummary:
    with store.reading() as connection:
        return _summary(find_drill(connection, reference, feed))


def _refused(error: DrillRefusedError) -> ProblemError:
    return ProblemError(409, ProblemType.DRILL_REFUSED, str(error))


def _summary(drill: Drill) -> DrillSummary:
    return DrillSummary(
        drill=drill.reference,
        council=drill.feed_id.partition(":")[2],
        month=drill.month,
        state=drill.state,
        tiers_asked=drill.level,
        started_at=drill.started_at,
        answer_by=drill.answer_by,
        failed_at=drill.failed_at,
        answered_at=drill.answered_at,
    )
