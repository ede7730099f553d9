from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.codes import CaseEvent, CaseState
from services.alerts.case.acts import PEOPLES_ACTS, acknowledge, act, read_record
from services.alerts.case.links import revoke_link
from services.alerts.case.store.case_pages import page_of_council
from services.alerts.case.store.cases import find_case
from services.alerts.checks import MatchesToCheck, matches_to_check
from services.alerts.delivery.metrics import ACKNOWLEDGEMENTS
from services.alerts.review.recording import ActRefusedError, RecordFaultyError
from services.alerts.views import CaseSummary, CaseView, case_view, summaries
from services.core.audit import AuditAction
from services.core.errors import NotFoundError, RefusedError
from services.core.texts import Label, Note, PersonName
from services.storage.allowances import allow_repeat
from services.web.auth import CouncilFeed, StoreOf
from services.web.bodies import SmallBodyRoute
from services.web.paging import Cursor, link_next
from services.web.problem_schemas import ActRefusedProblem
from services.web.problems import ProblemError, ProblemType, answers, capped_faults, shown_field

router = APIRouter(prefix="/v1", tags=["council"], route_class=SmallBodyRoute)

Reference = Annotated[str, Path(max_length=20, pattern="^[A-Za-z0-9-]+$", examples=["C-7K3M-2Q9P"])]
LIST_LIMIT = 1_000  # the most cases in one answer
NAMED_LIMIT = 10_000  # the most cases that one acknowledgement names, and that its answer lists [P]
SHOWN_OF_LISTS = 100  # matches, and events of the history, in the answer on one case [P]


class ActBody(BaseModel):
    """A person's act on a case. docs/case-states.md lists the fields of `record`."""

    model_config = ConfigDict(extra="forbid")

    event: Annotated[CaseEvent, "one of the acts of people"]
    record: dict[str, Any]


class AcknowledgementBody(BaseModel):
    """A person's acknowledgement of an alert. An acknowledgement pauses the messages about cases, but ends no case."""

    model_config = ConfigDict(extra="forbid")

    by: PersonName
    note: Note | None = None
    # The references of the acknowledged cases. If it is None, all open cases of the alert are acknowledged.
    cases: Annotated[list[str], Field(min_length=1, max_length=NAMED_LIMIT)] | None = None


class AcknowledgementAnswer(BaseModel):
    """The acknowledged cases. Messages about these cases pause.

    `paused_until` is the earliest end of a pause, or null if no case was acknowledged.
    """

    alert: str
    cases: list[str]  # at most 10,000 of them
    paused_until: str | None
    # The number of cases that are not in the list. Absent if the list has all of them.
    more_cases: int | None = None


class RevocationBody(BaseModel):
    """The person who revokes the links of an alert.

    If `contact` is given, only the links of this contact are revoked.
    """

    model_config = ConfigDict(extra="forbid")

    by: PersonName
    contact: Label | None = None


@router.get("/cases", summary="List cases", responses=answers(401, 403, 422))
def list_cases(
    request: Request,
    response: Response,
    store: StoreOf,
    feed: CouncilFeed,
    state: Annotated[CaseState | None, Query()] = None,
    ended: Annotated[bool, Query(description="Also those that have ended.")] = False,
    limit: Annotated[int, Query(ge=1, le=LIST_LIMIT)] = 100,
    cursor: Cursor = None,
) -> list[CaseSummary]:
    """List the cases of the council. The case with the earliest harm comes first.

    The header `Link` has the address of the next page, with `rel="next"`. The last page has no such link.
    """
    with store.reading() as connection:
        try:
            page = page_of_council(connection, feed, state, ended=ended, limit=limit, cursor=cursor)
        except RefusedError as error:
            raise ProblemError(422, ProblemType.INVALID_REQUEST, str(error)) from None
        link_next(request, response, page.next_cursor)
        return summaries(connection, store, page.cases)


@router.get("/cases/{reference}", summary="Show a case", responses=answers(401, 403, 404, 422))
def show_case(store: StoreOf, feed: CouncilFeed, reference: Reference) -> CaseView:
    """Show a case with its matched notices and its history.

    The answer has at most 100 matches and 100 events. To get more matches, send `next_matches_cursor` as `cursor` to
    `/v1/cases/{reference}/matches`. To get more events, send `next_history_cursor` as `cursor` to
    `/v1/cases/{reference}/history`.
    """
    with store.reading() as connection:
        try:
            return case_view(connection, store, find_case(connection, reference, feed), SHOWN_OF_LISTS)
        except NotFoundError as error:
            raise _not_found(error) from None


@router.get("/matches", summary="List the matches to check", responses=answers(401, 403, 422))
def list_matches_to_check(
    store: StoreOf, feed: CouncilFeed, limit: Annotated[int, Query(ge=1, le=LIST_LIMIT)] = 100
) -> MatchesToCheck:
    """List the matches that a person must still check.

    The list has one match for each register entry: the entry's surest match. If a person rejects this match, the
    entry's next match is listed instead.

    The matches with the nearest harm come first. If several matches have about equally near harm, the surest match
    comes first.
    """
    with store.reading() as connection:
        return matches_to_check(connection, store, feed, limit)


@router.post(
    "/cases/{reference}/events",
    summary="Record what was done",
    responses=answers(400, 404, 413, 415, 429, further=[(409, ActRefusedProblem)]),
)
def record_act(store: StoreOf, feed: CouncilFeed, reference: Reference, body: ActBody) -> CaseSummary:
    """Record a named person's act on a case, such as a visit or a test.

    The answer is the case after the act.
    """
    try:
        case = act(store, reference, body.event, read_record(body.event, body.record), feed)
    except NotFoundError as error:
        raise _not_found(error) from None
    except ActRefusedError as error:
        raise ProblemError(
            409, ProblemType.ACT_REFUSED, str(error), acts=[event.value for event in PEOPLES_ACTS]
        ) from None
    except RecordFaultyError as error:
        raise _faulty(error) from None
    # The act was written in an earlier transaction.
    with store.reading() as connection:
        return summaries(connection, store, [case])[0]


@router.post(
    "/alerts/{reference}/acknowledgement",
    summary="Acknowledge an alert",
    response_model_exclude_unset=True,
    responses=answers(400, 401, 403, 404, 413, 415, 422, 429),
)
def acknowledge_alert(
    store: StoreOf, feed: CouncilFeed, reference: Reference, body: AcknowledgementBody
) -> AcknowledgementAnswer:
    """Record that a named person takes on the open cases of an alert.

    Messages about these cases pause. The council's policy limits the length of the pause.
    """
    try:
        with store.reading() as connection:
            allow_repeat(store, connection, reference.upper(), AuditAction.ALERT_ACKNOWLEDGED)
        values = {"by": body.by} | ({"note": body.note} if body.note else {})
        done = acknowledge(store, reference, read_record(CaseEvent.ACKNOWLEDGE, values), feed, body.cases)
    except NotFoundError as error:
        raise _not_found(error) from None
    except RecordFaultyError as error:
        raise _faulty(error) from None
    # If no case of the alert is open, the answer has an empty list and the acknowledgement is not counted.
    if done.cases:
        ACKNOWLEDGEMENTS.labels("api").inc()
    until = done.paused_until.isoformat() if done.paused_until else None
    named = [case.reference for case in done.cases[:NAMED_LIMIT]]
    more = len(done.cases) - len(named)
    answer = AcknowledgementAnswer(alert=done.alert, cases=named, paused_until=until)
    # A field that is not set is left out of the answer.
    return answer.model_copy(update={"more_cases": more}) if more else answer


@router.post(
    "/alerts/{reference}/link/revocation",
    status_code=204,
    summary="Revoke the links of an alert",
    responses=answers(400, 401, 403, 404, 413, 415, 422),
)
def revoke_alert_link(store: StoreOf, feed: CouncilFeed, reference: Reference, body: RevocationBody) -> None:
    """Revoke the links of an alert. A revoked link never works again.

    If an open case has no link left, the council's contacts get a new message.
    """
    try:
        revoke_link(store, reference, body.by, feed, body.contact)
    except NotFoundError as error:
        raise _not_found(error) from None


def _not_found(error: NotFoundError) -> ProblemError:
    return ProblemError(404, ProblemType.NOT_FOUND, str(error))


def _faulty(error: RecordFaultyError) -> ProblemError:
    # The names of fields are the caller's own text, so only names that look like fields are repeated in the answer.
    faults = [{"field": shown_field(field.split(".")), "reason": reason} for field, reason in error.faults]
    detail = "what must be recorded with this is missing or faulty: see `faults`"
    return ProblemError(422, ProblemType.RECORD_FAULTY, detail, faults=capped_faults(faults))
