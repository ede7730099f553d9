"""The pages behind the link of an alert: say that you are acting, see that it was recorded, or learn what is wrong.

Each function returns a whole HTML page. No page needs JavaScript, and none loads anything: the style carries the
nonce of the Content-Security-Policy header. Opening a page acknowledges nothing; only its form does, by POST.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from services.alerts.message import advice, withdrawn_message
from services.alerts.message.case_line import CaseLine, most_urgent_first, row
from services.alerts.message.wording import lines, moment, shown_name
from services.core.clock import london_day
from services.core.texts import LABEL_LENGTH

NAME_FIELD = "name"
CASE_FIELD = "case"
"""Sent once for each ticked case, with the case's reference as its value."""

PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
)
"""What every page is sent with, beside the policy of `page_headers`.

The address of the page is a secret, so no other site may learn it. A browser that sends no referrer sends
`Origin: null` with the form: the server must not refuse that.
"""


def page_headers(csp_nonce: str) -> dict[str, str]:
    """`PAGE_HEADERS` with the Content-Security-Policy for the page rendered with the same nonce."""
    policy = (
        f"default-src 'none'; style-src 'nonce-{csp_nonce}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {**PAGE_HEADERS, "Content-Security-Policy": policy}


class FormError(StrEnum):
    """What is wrong with an answered form."""

    NAME_MISSING = "name_missing"
    NAME_NOT_A_PERSON = "name_not_a_person"
    CASES_MISSING = "cases_missing"


class LinkProblem(StrEnum):
    """Why a link leads to no alert that can be acknowledged."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    NOTHING_OPEN = "nothing_open"
    CHANGED = "changed"


_NAME_ERRORS = {
    FormError.NAME_MISSING: "Enter your name",
    FormError.NAME_NOT_A_PERSON: "Enter the name of a person, with at least 2 letters and no telephone number",
}
_CASE_ERRORS = {FormError.CASES_MISSING: "Tick at least one case that you are acting on"}
_PROBLEMS = {
    LinkProblem.UNKNOWN: (
        "We do not know this link",
        "The link may be cut short. Copy all of it from the message.",
    ),
    LinkProblem.EXPIRED: ("This link has expired", "Use the link in the latest message about these cases."),
    LinkProblem.CHANGED: (
        "Something has changed since this message",
        "Its cases are more urgent now, or have news. Use the link in the latest message about them.",
    ),
    LinkProblem.NOTHING_OPEN: ("Nothing is left to acknowledge", "No case of this alert is open any more."),
}


@dataclass(frozen=True, slots=True)
class PageCase:
    """A case, with the council's own reference of the register entry (None where it has none)."""

    case: CaseLine
    entry_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who said when (aware) that they are acting."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementView:
    """The form. `ticked` holds case references, None for all; `errors` and `name` are those of a refused answer.

    `pauses_until` is until when an acknowledgement given now pauses messages, None if that is not known.
    `earlier` are acknowledgements others gave on this alert.
    """

    council: str
    reference: str
    cases: tuple[PageCase, ...]
    form_action: str
    csp_nonce: str
    now: datetime
    pauses_until: datetime | None = None
    clock_note: str | None = None
    earlier: tuple[Acknowledgement, ...] = ()
    name: str = ""
    ticked: frozenset[str] | None = None
    errors: tuple[FormError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedView:
    """What was recorded: `cases` are those acknowledged (in the state they have now), `left` the others."""

    council: str
    reference: str
    cases: tuple[PageCase, ...]
    left: tuple[PageCase, ...]
    acknowledgement: Acknowledgement
    csp_nonce: str
    now: datetime
    pauses_until: datetime | None = None
    clock_note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnView:
    """What is left of an alert none of whose cases is open: those that ended as no notice is about them any more."""

    council: str
    reference: str
    cases: tuple[PageCase, ...]
    csp_nonce: str
    now: datetime
    clock_note: str | None = None


def acknowledgement_page(view: AcknowledgementView) -> str:
    """The form by which a named person acknowledges some or all cases; nothing has been acknowledged yet."""
    today = london_day(view.now)
    groups = advice.grouped([page_case.case for page_case in view.cases], today)
    ticked = frozenset(page_case.case.reference for page_case in view.cases) if view.ticked is None else view.ticked
    return _render(
        "acknowledgement.html.j2",
        view=view,
        csp_nonce=view.csp_nonce,
        total=lines(len(view.cases)),
        summary=advice.summary(groups, today),
        doubtful=advice.doubtful([page_case.case for page_case in view.cases]),
        cases=_rows(view.cases, view.now),
        ticked=ticked,
        name_error=_first_error(view.errors, _NAME_ERRORS),
        case_error=_first_error(view.errors, _CASE_ERRORS),
    )


def acknowledged_page(view: AcknowledgedView) -> str:
    """Who acknowledged what, until when messages pause, and what to do next."""
    groups = advice.grouped([page_case.case for page_case in view.cases], london_day(view.now))
    return _render(
        "acknowledged.html.j2",
        view=view,
        csp_nonce=view.csp_nonce,
        total=lines(len(view.cases)),
        steps=advice.steps(groups),
        cases=_rows(view.cases, view.now),
        left=_rows(view.left, view.now),
    )


def withdrawn_page(view: WithdrawnView) -> str:
    """Which lines are no longer planned to be switched; there is nothing to acknowledge."""
    return _render(
        "withdrawn.html.j2",
        view=view,
        csp_nonce=view.csp_nonce,
        total=lines(len(view.cases)),
        cases=_rows(view.cases, view.now),
    )


def error_page(problem: LinkProblem, *, csp_nonce: str) -> str:
    """A page that says what is wrong with the link and what to do; it names no council, alert or case."""
    title, remedy = _PROBLEMS[problem]
    return _render("problem.html.j2", title=title, remedy=remedy, csp_nonce=csp_nonce)


def _rows(cases: Sequence[PageCase], now: datetime) -> list[dict[str, object]]:
    """The cases in words, the most urgent first."""
    today = london_day(now)
    entries = {page_case.case.reference: page_case.entry_reference for page_case in cases}
    ordered = most_urgent_first([page_case.case for page_case in cases], today)
    return [{"row": row(case, today), "entry": entries[case.reference] or "not given"} for case in ordered]


def _first_error(errors: Sequence[FormError], sentences: Mapping[FormError, str]) -> str | None:
    return next((sentences[error] for error in errors if error in sentences), None)


def _render(template: str, **context: object) -> str:
    return _ENVIRONMENT.get_template(template).render(context)


_ENVIRONMENT = Environment(
    loader=PackageLoader("services.console"),
    autoescape=select_autoescape(("html.j2",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {"moment": moment, "shown_name": shown_name}
_ENVIRONMENT.globals |= {
    "advice": advice,
    "withdrawn": withdrawn_message,
    "NAME_FIELD": NAME_FIELD,
    "CASE_FIELD": CASE_FIELD,
    "NAME_LIMIT": LABEL_LENGTH,
}
