from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from services.alerts.api import Reference
from services.alerts.case.store.cases import find_case
from services.alerts.engine import Engine
from services.alerts.preview.case_preview import LONGEST_PREVIEW, CasePreview, preview_case
from services.core.errors import NotFoundError
from services.web.auth import CouncilFeed, StoreOf
from services.web.problems import ProblemError, ProblemType, answers

router = APIRouter(prefix="/v1/cases/{reference}", tags=["council"])


def engine_of(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


EngineOf = Annotated[Engine, Depends(engine_of)]


@router.get("/preview", summary="Preview the messages about a case", responses=answers(401, 403, 404, 422))
def preview_messages(
    store: StoreOf,
    feed: CouncilFeed,
    engine: EngineOf,
    reference: Reference,
    days: Annotated[int, Query(ge=1, le=LONGEST_PREVIEW, description="Days to look ahead.")] = 60,
) -> CasePreview:
    """Preview the messages that would be sent about a case in the next `days` days.

    The preview assumes that nobody acts. The answer has at most 200 messages, and lists all assumptions. Nothing is
    stored or sent.
    """
    with store.reading() as connection:
        try:
            case = find_case(connection, reference, feed)
        except NotFoundError as error:
            raise ProblemError(404, ProblemType.NOT_FOUND, str(error)) from None
        return preview_case(connection, store, engine.ruleset, engine.fallback, case, days)
