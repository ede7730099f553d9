"""No page needs JavaScript or loads another file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from services.alerts.message import advice, withdrawn_message
from services.alerts.message.case_line import CaseFacts, CaseLine, case_row, most_urgent_first
from services.alerts.message.wording import lines, moment, shown_name
from services.console.link_problems import PROBLEM_TEXTS, LinkProblem
from services.core.clock import london_day
from services.core.texts import LABEL_LENGTH

NAME_FIELD = "name"
ALL_FIELD = "all"  # the button that takes every case sends this field
CASE_FIELD = "case"  # the form sends this field once for each ticked case, with the reference of the case

# Sent with every page, together with the policy of `page_headers`. The address of a page is secret, so no other site
# may learn it. A browser that sends no referrer sends `Origin: null` with the form: the server must not refuse this.
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


def page_headers(csp_nonce: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src 'nonce-{csp_nonce}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {**PAGE_HEADERS, "Content-Security-Policy": policy}


class FormError(StrEnum):
    NAME_MISSING = "name_missing"
    NAME_NOT_A_PERSON = "name_not_a_person"
    CASES_MISSING = "cases_missing"


NAME_ERRORS = {
    FormError.NAME_MISSING: "Enter your name",
    FormError.NAME_NOT_A_PERSON: "Enter the name of a person, with at least 2 letters and no telephone number",
}
_CASE_ERRORS = {FormError.CASES_MISSING: "Tick at least one case that you are acting on"}
_CHANGE_ERRORS = {FormError.CASES_MISSING: "Tick at least one case whose changes are right, as the page shows them now"}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    by: str
    at: datetime  # has a time zone
    sent_to: str | None = None  # the contact whose link was used; None if the person was signed in


@dataclass(frozen=True, slots=True)
class PageCase:
    case: CaseLine
    entry_reference: str | None = None  # the council's own reference; None if the entry has none
    taken: Acknowledgement | None = None  # who last acted on the case
    lapsed: bool = False  # True if messages about a case that was taken go on again


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementView:
    council: str
    reference: str
    cases: tuple[PageCase, ...]
    address: str  # the path of the page
    csp_nonce: str
    now: datetime
    others: tuple[CaseFacts, ...] = ()  # the cases on other pages
    uncertain: tuple[CaseLine, ...] = ()  # at least those of them about which a provider's word is doubtful
    page: int = 1
    pages: int = 1
    pauses_until: datetime | None = None  # the end of the pause if the alert is acknowledged now; None if not known
    clock_note: str | None = None
    earlier: tuple[Acknowledgement, ...] = ()  # earlier acknowledgements of this alert
    from_earlier: int = 0  # the number of cases from messages whose links have ended
    changes_wait: bool = False  # True if changes to some of the cases wait until a person agrees
    name: str = ""  # the name in a form that was refused
    ticked: frozenset[str] = frozenset()  # the references of the cases ticked in a form that was refused
    errors: tuple[FormError, ...] = ()  # the faults of a form that was refused


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedView:
    council: str
    reference: str
    cases: tuple[PageCase, ...]  # the acknowledged cases, in their current state
    left: tuple[PageCase, ...]  # the open cases that were not ticked
    others: tuple[CaseFacts, ...] = ()  # acknowledged cases that the page does not list
    uncertain: tuple[CaseLine, ...] = ()  # at least those of them about which a provider's word is doubtful
    more_left: int = 0  # cases that were not ticked and are not listed
    acknowledgement: Acknowledgement
    csp_nonce: str
    now: datetime
    pauses_until: datetime | None = None
    clock_note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnView:
    # All notices of the alert were withdrawn.
    council: str
    reference: str
    cases: tuple[PageCase, ...]
    csp_nonce: str
    now: datetime
    clock_note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesView:
    council: str
    reference: str
    cases: tuple[PageCase, ...]
    tickets: Mapping[str, str]  # the value of the box of each case, by the reference of the case
    form_action: str
    csp_nonce: str
    now: datetime
    clock_note: str | None = None
    name: str = ""
    ticked: frozenset[str] = frozenset()  # the boxes ticked in a form that was refused
    errors: tuple[FormError, ...] = ()


def acknowledgement_page(view: AcknowledgementView) -> str:
    today = london_day(view.now)
    shown = [page_case.case for page_case in view.cases]
    every = [*shown, *view.others]
    groups = advice.grouped(every, today)
    return render_page(
        "acknowledgement.html.j2",
        view=view,
        csp_nonce=view.csp_nonce,
        count=len(every),
        total=lines(len(every)),
        from_earlier=lines(view.from_earlier),
        summary=advice.summary(groups, today),
        doubtful=advice.doubtful([*shown, *view.uncertain]),
        cases=_rows(view.cases, view.now),
        ticked=view.ticked,
        name_error=_first_error(view.errors, NAME_ERRORS),
        case_error=_first_error(view.errors, _CASE_ERRORS),
    )


def acknowledged_page(view: AcknowledgedView) -> str:
    shown = [page_case.case for page_case in view.cases]
    every = [*shown, *view.others]
    groups = advice.grouped(every, london_day(view.now))
    return render_page(
        "acknowledged.html.j2",
        view=view,
        csp_nonce=view.csp_nonce,
        total=lines(len(every)),
        steps=advice.steps(groups, [*shown, *view.uncertain]),
        cases=_rows(view.cases, view.now),
        left=_rows(view.left, view.now),
    )


def withdrawn_page(view: WithdrawnView) -> str:
    return render_page(
        "withdrawn.html.j2",
        view=view,
        csp_nonce=view.csp_nonce,
        total=lines(len(view.cases)),
        cases=_rows(view.cases, view.now),
    )


def changes_page(view: ChangesView) -> str:
    return render_page(
        "changes.html.j2",
        view=view,
        csp_nonce=view.csp_nonce,
        total=lines(len(view.cases)),
        cases=_rows(view.cases, view.now),
        ticked=view.ticked,
        name_error=_first_error(view.errors, NAME_ERRORS),
        case_error=_first_error(view.errors, _CHANGE_ERRORS),
    )


def error_page(problem: LinkProblem, *, csp_nonce: str) -> str:
    """Return a page that names no council, alert or case, because anybody may see the page."""
    title, remedy = PROBLEM_TEXTS[problem]
    return render_page("problem.html.j2", title=title, remedy=remedy, csp_nonce=csp_nonce)


def _rows(cases: Sequence[PageCase], now: datetime) -> list[dict[str, object]]:
    # The most urgent case comes first, as in the mail.
    today = london_day(now)
    known = {page_case.case.reference: page_case for page_case in cases}
    ordered = most_urgent_first([page_case.case for page_case in cases], today)
    return [
        {
            "row": case_row(case, today),
            "entry": known[case.reference].entry_reference or "not given",
            "taken": known[case.reference].taken,
            "lapsed": known[case.reference].lapsed,
        }
        for case in ordered
    ]


def _first_error(errors: Sequence[FormError], sentences: Mapping[FormError, str]) -> str | None:
    return next((sentences[error] for error in errors if error in sentences), None)


def _who(one: Acknowledgement) -> str:
    # A name that was typed behind a link is not checked, so a colleague sees how it came.
    if one.sent_to is None:
        return one.by
    return f"{one.by} (not signed in, by the link sent to {shown_name(one.sent_to)})"


def render_page(template: str, **context: object) -> str:
    return _ENVIRONMENT.get_template(template).render(context)


_ENVIRONMENT = Environment(
    loader=PackageLoader("services.console"),
    autoescape=select_autoescape(("html.j2",)),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {"moment": moment, "shown_name": shown_name, "who": _who}
_ENVIRONMENT.globals |= {
    "advice": advice,
    "withdrawn": withdrawn_message,
    "NAME_FIELD": NAME_FIELD,
    "ALL_FIELD": ALL_FIELD,
    "CASE_FIELD": CASE_FIELD,
    "NAME_LIMIT": LABEL_LENGTH,
}
