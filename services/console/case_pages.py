from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from fastapi import Request
from sqlalchemy import Connection

from services.alerts.case.store.cases import cases_by_pk
from services.alerts.case.store.lines import find_unsure_days
from services.alerts.delivery.digest import case_lines, entry_references
from services.alerts.message.case_line import CaseLine, most_urgent_first
from services.alerts.review.case import Case
from services.console.pages import PageCase
from services.console.store import ListedCase
from services.console.taken import takers
from services.core.clock import london_day
from services.storage.store import Store

PAGE_SIZE: Final = 100  # cases [P]
PAGE_FIELD: Final = "page"
_LONGEST_NUMBER: Final = 6


class CasesOfPage(NamedTuple):
    shown: tuple[PageCase, ...]
    others: tuple[ListedCase, ...]  # the cases of all other pages
    number: int
    pages: int


def page_number(request: Request) -> int:
    # A number that somebody has changed by hand opens a page, and never an error.
    given = request.query_params.get(PAGE_FIELD, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _LONGEST_NUMBER else 1


def one_page(connection: Connection, store: Store, cases: Sequence[ListedCase], number: int) -> CasesOfPage:
    """A number beyond the end shows the final page."""
    pages = max(1, -(-len(cases) // PAGE_SIZE))
    number = min(max(number, 1), pages)
    ordered = most_urgent_first(cases, london_day(store.now()))
    start, end = (number - 1) * PAGE_SIZE, number * PAGE_SIZE
    others = (*ordered[:start], *ordered[end:])
    # Only the cases of this page are read whole, and cost the opening of their sealed references.
    shown = page_cases(connection, store, cases_by_pk(connection, [case.pk for case in ordered[start:end]]))
    return CasesOfPage(shown, others, number, pages)


def uncertain_among(connection: Connection, cases: Sequence[ListedCase]) -> tuple[CaseLine, ...]:
    """Return all of `cases` with a doubtful statement by a provider. The result may include some cases without one."""
    unsure = find_unsure_days(connection, [case.entry_pk for case in cases]) if cases else {}
    pks = [case.pk for case in cases if case.may_doubt or case.claimed or case.entry_pk in unsure]
    return tuple(case_lines(connection, cases_by_pk(connection, pks))) if pks else ()


def page_cases(connection: Connection, store: Store, cases: Sequence[Case]) -> tuple[PageCase, ...]:
    own = entry_references(connection, store, [case.entry_pk for case in cases])
    shown, takers_of, now = case_lines(connection, cases), takers(connection, store, cases), store.now()
    return tuple(
        PageCase(
            line,
            own[case.entry_pk],
            taken=takers_of.get(case.reference),
            # A case whose clock has stopped needs nobody, so it is not said to be without anybody.
            lapsed=not case.clock_stopped and not (case.paused_until and case.paused_until > now),
        )
        for case, line in zip(cases, shown, strict=True)
    )
