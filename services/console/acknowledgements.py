"""A GET request changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from secrets import token_urlsafe
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection

from schemas.codes import CaseEvent
from services.alerts.case.acts import acknowledge, read_record
from services.alerts.case.store.cases import cases_by_pk, cases_of_alert
from services.alerts.delivery.metrics import ACKNOWLEDGEMENTS
from services.alerts.policy.councils import load_council
from services.alerts.policy.policy import pause_until
from services.alerts.review.case import Case
from services.console.case_pages import one_page, page_cases, page_number, uncertain_among
from services.console.followed_links import by_link, followed_link, presentation_of
from services.console.link_problems import STATUS, LinkProblem
from services.console.links import Link, follow
from services.console.offers import by_alert, every_case, offered
from services.console.pages import (
    ALL_FIELD,
    CASE_FIELD,
    NAME_FIELD,
    PAGE_HEADERS,
    AcknowledgedView,
    AcknowledgementView,
    FormError,
    WithdrawnView,
    acknowledged_page,
    acknowledgement_page,
    error_page,
    page_headers,
    withdrawn_page,
)
from services.console.store import ListedCase
from services.console.taken import TakenCases, number_of_acknowledgement, taken_of
from services.core.clock import from_micros, to_micros
from services.core.texts import PersonName
from services.core.tokens import LinkPurpose
from services.storage.store import Store
from services.web.auth import StoreOf
from services.web.bodies import read_body

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Token = Annotated[str, Path()]  # an alert's reference, a dot and its code
# Limits on the data that a stranger can make us read. A longer name is cut, and is then refused as too long.
FORM_BYTES, FORM_FIELDS, NAME_LENGTH = 256 * 1024, 5_000, 200
_NAME = TypeAdapter(PersonName)


@router.get("/a/{token}")
def show_alert_page(request: Request, store: StoreOf, token: Token) -> HTMLResponse:
    # Mail scanners follow links, so a GET must not acknowledge anything.
    nonce = token_urlsafe(16)
    with store.reading() as connection:
        link = followed_link(connection, store, token, LinkPurpose.ACKNOWLEDGE, request)
        if isinstance(link, LinkProblem):
            return _problem(link, nonce)
        view = _form(connection, store, link, request, nonce)
        if view is None:
            return _over(connection, store, link, request, nonce)
    return _page(acknowledgement_page(view), 200, nonce)


@router.get("/a/{token}/taken/{number}")
def show_taken(request: Request, store: StoreOf, token: Token, number: Annotated[int, Path(ge=1)]) -> HTMLResponse:
    # A reload of this page records nothing.
    nonce = token_urlsafe(16)
    with store.reading() as connection:
        link = follow(connection, store, token, LinkPurpose.ACKNOWLEDGE, presentation_of(request).links_last)
        if isinstance(link, LinkProblem):
            return _problem(link, nonce)
        taken = taken_of(connection, store, link)
        if number > len(taken):
            return _problem(LinkProblem.UNKNOWN, nonce)
        shown = _acknowledged(connection, store, link, request, taken[number - 1], nonce)
    return _page(acknowledged_page(shown), 200, nonce)


@router.post("/a/{token}")
async def take(request: Request, store: StoreOf, token: Token) -> Response:
    form = read_form(await read_body(request, FORM_BYTES))
    name, ticked = form.get(NAME_FIELD, [""])[0], frozenset(form.get(CASE_FIELD, ()))
    # Database calls block, so they run on a thread of the pool. None stands for the button that takes all cases.
    chosen = None if ALL_FIELD in form else ticked
    return await run_in_threadpool(_take, request, store, token, name[:NAME_LENGTH], chosen)


def read_form(body: bytes) -> dict[str, list[str]]:
    # parse_qs raises ValueError if there are too many fields. The answer is the page of an empty form, with its errors.
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=FORM_FIELDS)
    except ValueError:
        return {}


def _take(request: Request, store: Store, token: str, name: str, chosen: frozenset[str] | None) -> Response:
    nonce = token_urlsafe(16)
    with store.reading() as connection:
        link = followed_link(connection, store, token, LinkPurpose.ACKNOWLEDGE, request)
        if isinstance(link, LinkProblem):
            return _problem(link, nonce)
        # A case may have ended, or had news, since the form was shown. Only cases that are still open can be
        # acknowledged.
        offers = {case.reference: case for case in offered(every_case(connection, link))}
        ticked = frozenset(offers) if chosen is None else chosen & offers.keys()
        errors = form_errors(name, ticked)
        view = _form(connection, store, link, request, nonce, name=name, ticked=ticked, errors=errors)
        if view is None:
            return _over(connection, store, link, request, nonce)
        if errors:
            return _page(acknowledgement_page(view), 422, nonce)
        again = _sent_before(connection, store, link, name, [offers[reference] for reference in ticked])
    if again:
        return _to_taken(request, again)
    return _record(request, store, link, name, by_alert(link, offers, ticked), nonce)


def _sent_before(
    connection: Connection, store: Store, link: Link, name: str, cases: Sequence[ListedCase]
) -> int | None:
    # A form that is sent twice, by a second click or the back button, records nothing while its pause still runs.
    now = to_micros(store.now())
    if not all(case.paused_until and case.paused_until > now for case in cases):
        return None
    return number_of_acknowledgement(taken_of(connection, store, link), name, {case.reference for case in cases})


def _record(
    request: Request, store: Store, link: Link, name: str, chosen: Mapping[str, Collection[str]], nonce: str
) -> Response:
    # `acknowledge` has a transaction of its own. It checks again under locks which cases are open, so a race does no
    # harm. One moment for all alerts shows that they were on one form.
    record, act, now = read_record(CaseEvent.ACKNOWLEDGE, {"by": name}), by_link(link, request), store.now()
    done = {
        case.reference
        for alert, cases in chosen.items()
        for case in acknowledge(store, alert, record, only=cases, link=act, now=now).cases
    }
    # Somebody else ended the cases after they were read above.
    if not done:
        return _problem(LinkProblem.NOTHING_OPEN, nonce)
    ACKNOWLEDGEMENTS.labels("link").inc()
    with store.reading() as connection:
        taken = taken_of(connection, store, link)
    return _to_taken(request, number_of_acknowledgement(taken, name, done) or len(taken))


def _to_taken(request: Request, number: int) -> Response:
    # The browser asks for the page with GET, so that a reload sends no form.
    headers = {**PAGE_HEADERS, "Location": f"{request.url.path}/taken/{number}"}
    return Response(status_code=303, headers=headers)


def _acknowledged(
    connection: Connection, store: Store, link: Link, request: Request, taken: TakenCases, nonce: str
) -> AcknowledgedView:
    now, every = store.now(), every_case(connection, link)
    mine = [case for case in every if case.reference in taken.cases]
    others = [case for case in offered(every) if case.reference not in taken.cases]
    pauses = [from_micros(case.paused_until) for case in mine if case.paused_until]
    mine_shown, left_shown = one_page(connection, store, mine, 1), one_page(connection, store, others, 1)
    return AcknowledgedView(
        council=load_council(connection, store, link.council).name,
        reference=link.reference,
        cases=mine_shown.shown,
        others=mine_shown.others,
        uncertain=uncertain_among(connection, mine_shown.others),
        left=left_shown.shown,
        more_left=len(left_shown.others),
        acknowledgement=taken.acknowledgement,
        csp_nonce=nonce,
        now=now,
        pauses_until=min((pause for pause in pauses if pause > now), default=None),
        clock_note=presentation_of(request).clock_note,
    )


def _form(
    connection: Connection,
    store: Store,
    link: Link,
    request: Request,
    nonce: str,
    *,
    name: str = "",
    ticked: frozenset[str] = frozenset(),
    errors: tuple[FormError, ...] = (),
) -> AcknowledgementView | None:
    open_cases = offered(every_case(connection, link))
    if not open_cases:
        return None
    owner, now, acts = load_council(connection, store, link.council), store.now(), by_link(link, request)
    page = one_page(connection, store, open_cases, page_number(request))
    return AcknowledgementView(
        council=owner.name,
        reference=link.reference,
        cases=page.shown,
        others=page.others,
        uncertain=uncertain_among(connection, page.others),
        page=page.number,
        pages=page.pages,
        address=request.url.path,
        csp_nonce=nonce,
        now=now,
        # The page shows the shortest pause of the cases.
        pauses_until=min(
            acts.pause(pause_until(owner.policy, case.clock, now), case, owner.policy.days, now)
            for case in _with_different_pauses(connection, open_cases)
        ),
        clock_note=presentation_of(request).clock_note,
        earlier=tuple(one.acknowledgement for one in taken_of(connection, store, link)),
        from_earlier=sum(case.offered_by != link.pk for case in open_cases),
        changes_wait=any(case.changes_wait for case in open_cases),
        name=name,
        ticked=ticked,
        errors=errors,
    )


def _with_different_pauses(connection: Connection, cases: Sequence[ListedCase]) -> list[Case]:
    # Of thousands of cases most have a pause in common, and each pause is counted by the calendar.
    different = {
        (case.state, case.level, case.harm_on, *case.pause_facts, case.claimed and case.pk): case for case in cases
    }
    return cases_by_pk(connection, [case.pk for case in different.values()])


def _over(connection: Connection, store: Store, link: Link, request: Request, nonce: str) -> HTMLResponse:
    # Returns the page of an alert that has nothing to acknowledge.
    members = cases_of_alert(connection, link.pk)
    # The cases of the alert are open, but have news that the alert did not contain.
    if any(not case.clock_stopped for case in members):
        return _problem(LinkProblem.CHANGED, nonce)
    if any(case.changes_wait for case in members):
        return _problem(LinkProblem.ONLY_CHANGES, nonce)
    withdrawn = [case for case in members if case.withdrawn]
    if not withdrawn:
        return _problem(LinkProblem.NOTHING_OPEN, nonce)
    view = WithdrawnView(
        council=load_council(connection, store, link.council).name,
        reference=link.reference,
        cases=page_cases(connection, store, withdrawn),
        csp_nonce=nonce,
        now=store.now(),
        clock_note=presentation_of(request).clock_note,
    )
    return _page(withdrawn_page(view), 200, nonce)


def form_errors(name: str, ticked: frozenset[str]) -> tuple[FormError, ...]:
    name_error = name_error_of(name)
    found = [] if name_error is None else [name_error]
    if not ticked:
        found.append(FormError.CASES_MISSING)
    return tuple(found)


def name_error_of(name: str) -> FormError | None:
    if not name.strip():
        return FormError.NAME_MISSING
    try:
        _NAME.validate_python(name)
    except ValidationError:
        return FormError.NAME_NOT_A_PERSON
    return None


def _page(html: str, status: int, nonce: str) -> HTMLResponse:
    return HTMLResponse(html, status, headers=page_headers(nonce))


def _problem(problem: LinkProblem, nonce: str) -> HTMLResponse:
    return _page(error_page(problem, csp_nonce=nonce), STATUS[problem], nonce)
