"""A GET request changes nothing."""

from __future__ import annotations

import re
from secrets import token_urlsafe
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from services.alerts.case.by_link import ByLink
from services.alerts.case.store.links import find_sent_link
from services.alerts.delivery.drills.answering import record_answer
from services.alerts.delivery.drills.rules import AnswerWay, DrillState
from services.alerts.delivery.drills.starting import DrillRefusedError
from services.alerts.delivery.drills.store import Drill, find_drill_of_alert
from services.alerts.policy.councils import load_council
from services.console.acknowledgements import FORM_BYTES, NAME_LENGTH, name_error_of, read_form
from services.console.drill_pages import DrillView, drill_page, drill_problem_page
from services.console.followed_links import presentation_of
from services.console.link_problems import STATUS, LinkProblem
from services.console.links import end_of_link
from services.console.pages import NAME_FIELD, PAGE_HEADERS, FormError, page_headers
from services.core.tokens import LinkPurpose
from services.storage.store import Store
from services.web.auth import StoreOf
from services.web.bodies import read_body
from services.web.rates import rates_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Token = Annotated[str, Path()]  # the reference of a drill, a dot and its code
# Anything else is no link, and is not searched for.
_TOKEN: Final = re.compile(r"(D-[0-9A-Z]{4}-[0-9A-Z]{4})\.([0-9A-Za-z_-]{22})", re.ASCII)


class DrillLink(NamedTuple):
    drill: Drill
    contact: str  # the label of the contact that the link was sent to
    delivery: int


@router.get("/d/{token}")
def show_drill(request: Request, store: StoreOf, token: Token) -> HTMLResponse:
    # Mail scanners follow links, so a GET must not answer anything.
    nonce = token_urlsafe(16)
    with store.reading() as connection:
        link = _followed(connection, store, token, request)
        if isinstance(link, LinkProblem):
            return _problem(link, nonce)
        return _page(drill_page(_view(connection, store, link, request, nonce)), 200, nonce)


@router.post("/d/{token}")
async def answer_by_form(request: Request, store: StoreOf, token: Token) -> Response:
    form = read_form(await read_body(request, FORM_BYTES))
    name = form.get(NAME_FIELD, [""])[0][:NAME_LENGTH]
    # Database calls block, so they run on a thread of the pool.
    return await run_in_threadpool(_answer, request, store, token, name)


def _answer(request: Request, store: Store, token: str, name: str) -> Response:
    nonce = token_urlsafe(16)
    with store.reading() as connection:
        link = _followed(connection, store, token, request)
        if isinstance(link, LinkProblem):
            return _problem(link, nonce)
        error = name_error_of(name)
        # A drill that is over needs no name: its page says what became of it.
        if error is not None and link.drill.due_at is not None:
            view = _view(connection, store, link, request, nonce, name=name, error=error)
            return _page(drill_page(view), 422, nonce)
    if error is None:
        _record(store, link, name)
    # The browser asks for the page with GET, so that a reload sends no form.
    return Response(status_code=303, headers={**PAGE_HEADERS, "Location": request.url.path})


def _record(store: Store, link: DrillLink, name: str) -> None:
    recorded = ByLink(link.contact, pause_days=0).recorded()
    try:
        record_answer(store, link.drill.reference, name.strip(), AnswerWay.LINK, sealed=recorded)
    except DrillRefusedError:
        # Somebody else was faster, or the form was sent twice. The page says so.
        return


def _followed(connection: Connection, store: Store, token: str, request: Request) -> DrillLink | LinkProblem:
    link, rates = _follow(connection, store, token, request), rates_of(request)
    if isinstance(link, LinkProblem):
        rates.count_failure(request)
    else:
        rates.count_link(str(link.delivery))
    return link


def _follow(connection: Connection, store: Store, token: str, request: Request) -> DrillLink | LinkProblem:
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return LinkProblem.UNKNOWN
    reference, code = parts.groups()
    purpose = LinkPurpose.ANSWER_DRILL
    # A wrong code and a missing drill get the same answer, so that nobody can learn which references exist.
    sent = find_sent_link(connection, purpose, reference, store.tokeniser.link_hash(purpose, reference, code))
    if sent is None:
        return LinkProblem.UNKNOWN
    drill = find_drill_of_alert(connection, sent.alert_pk)
    problem = end_of_link(connection, store, sent, drill.feed_id, presentation_of(request).links_last)
    if problem is None and drill.state is DrillState.ENDED:
        problem = LinkProblem.EXPIRED
    return problem or DrillLink(drill, sent.contact, sent.delivery)


def _view(
    connection: Connection,
    store: Store,
    link: DrillLink,
    request: Request,
    nonce: str,
    *,
    name: str = "",
    error: FormError | None = None,
) -> DrillView:
    return DrillView(
        council=load_council(connection, store, link.drill.feed_id).name,
        reference=link.drill.reference,
        answered_at=link.drill.answered_at,
        form_action=request.url.path,
        csp_nonce=nonce,
        clock_note=presentation_of(request).clock_note,
        name=name,
        error=error,
    )


def _page(html: str, status: int, nonce: str) -> HTMLResponse:
    return HTMLResponse(html, status, headers=page_headers(nonce))


def _problem(problem: LinkProblem, nonce: str) -> HTMLResponse:
    return _page(drill_problem_page(problem, csp_nonce=nonce), STATUS[problem], nonce)
