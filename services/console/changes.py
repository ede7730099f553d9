"""A GET request changes nothing."""

from __future__ import annotations

from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from schemas.codes import CaseEvent
from services.alerts.case.acts import accept_changes, read_record
from services.alerts.case.store.cases import cases_by_pk
from services.alerts.policy.councils import load_council
from services.console.acknowledgements import (
    FORM_BYTES,
    NAME_LENGTH,
    form_errors,
    read_form,
)
from services.console.case_pages import page_cases
from services.console.followed_links import by_link, followed_link, presentation_of
from services.console.link_problems import STATUS, LinkProblem
from services.console.links import Link
from services.console.offers import every_case
from services.console.pages import (
    CASE_FIELD,
    NAME_FIELD,
    PAGE_HEADERS,
    ChangesView,
    FormError,
    PageCase,
    changes_page,
    error_page,
    page_headers,
)
from services.core.tokens import LinkPurpose
from services.storage.store import Store
from services.web.auth import StoreOf
from services.web.bodies import read_body

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Token = Annotated[str, Path()]  # an alert's reference, a dot and its code


@router.get("/a/{token}/changes")
def show_changes(request: Request, store: StoreOf, token: Token) -> HTMLResponse:
    # Mail scanners follow links, so a GET must not accept anything.
    nonce = token_urlsafe(16)
    with store.reading() as connection:
        link = followed_link(connection, store, token, LinkPurpose.ACCEPT_CHANGES, request)
        if isinstance(link, LinkProblem):
            return _page(error_page(link, csp_nonce=nonce), STATUS[link], nonce)
        return _page(changes_page(_view(connection, store, link, request, nonce)), 200, nonce)


@router.post("/a/{token}/changes")
async def accept_ticked(request: Request, store: StoreOf, token: Token) -> Response:
    form = read_form(await read_body(request, FORM_BYTES))
    name, ticked = form.get(NAME_FIELD, [""])[0][:NAME_LENGTH], frozenset(form.get(CASE_FIELD, ()))
    # Database calls block, so they run on a thread of the pool.
    return await run_in_threadpool(_accept, request, store, token, name, ticked)


def _accept(request: Request, store: Store, token: str, name: str, ticked: frozenset[str]) -> Response:
    nonce = token_urlsafe(16)
    with store.reading() as connection:
        link = followed_link(connection, store, token, LinkPurpose.ACCEPT_CHANGES, request)
        if isinstance(link, LinkProblem):
            return _page(error_page(link, csp_nonce=nonce), STATUS[link], nonce)
        view = _view(connection, store, link, request, nonce)
        # A case whose changes are others than the person saw is not accepted: the page shows it again.
        chosen = {ticket_of(one): one.case.reference for one in view.cases if ticket_of(one) in ticked}
        errors = form_errors(name, frozenset(chosen))
        if errors:
            view = _view(connection, store, link, request, nonce, name=name, ticked=frozenset(chosen), errors=errors)
            return _page(changes_page(view), 422, nonce)
    record = read_record(CaseEvent.ACCEPT_CHANGES, {"by": name})
    accept_changes(store, link.council, record, chosen.values(), by_link(link, request))
    # The browser asks for the page with GET, so that a reload sends no form.
    return Response(status_code=303, headers={**PAGE_HEADERS, "Location": request.url.path})


def ticket_of(one: PageCase) -> str:
    return f"{one.case.reference}.{sha256(repr(one.case.changes).encode()).hexdigest()[:12]}"


def _view(
    connection: Connection,
    store: Store,
    link: Link,
    request: Request,
    nonce: str,
    *,
    name: str = "",
    ticked: frozenset[str] = frozenset(),
    errors: tuple[FormError, ...] = (),
) -> ChangesView:
    waiting = [case.pk for case in every_case(connection, link) if case.changes_wait]
    shown = page_cases(connection, store, cases_by_pk(connection, waiting))
    return ChangesView(
        council=load_council(connection, store, link.council).name,
        reference=link.reference,
        cases=shown,
        tickets={one.case.reference: ticket_of(one) for one in shown},
        form_action=request.url.path,
        csp_nonce=nonce,
        now=store.now(),
        clock_note=presentation_of(request).clock_note,
        name=name,
        ticked=ticked,
        errors=errors,
    )


def _page(html: str, status: int, nonce: str) -> HTMLResponse:
    return HTMLResponse(html, status, headers=page_headers(nonce))
