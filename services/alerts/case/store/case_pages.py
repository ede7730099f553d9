from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_

from schemas.codes import CaseState
from services.alerts.case.store.cases import cases_of_council, find_case
from services.alerts.review.case import Case
from services.core.errors import NotFoundError, RefusedError
from services.storage.tables import cases

UNDATED = "undated"


class CasePage(NamedTuple):
    cases: list[Case]
    # None on the last page.
    next_cursor: str | None


def page_of_council(
    connection: Connection, feed_id: str, state: CaseState | None, *, ended: bool, limit: int, cursor: str | None
) -> CasePage:
    """Raises RefusedError if the cursor is not valid."""
    beyond = () if cursor is None else (_beyond(connection, feed_id, cursor),)
    # One more than the page holds shows that there is another page.
    found = cases_of_council(connection, feed_id, state, *beyond, ended=ended, limit=limit + 1)
    page = found[:limit]
    return CasePage(page, _cursor(page[-1]) if len(found) > limit else None)


def _cursor(case: Case) -> str:
    return f"{case.harm_on or UNDATED}_{case.reference}"


def _beyond(connection: Connection, feed_id: str, cursor: str) -> ColumnElement[bool]:
    day, _, reference = cursor.partition("_")
    try:
        harm_on = None if day == UNDATED else date.fromisoformat(day)
        pk = find_case(connection, reference, feed_id).pk
    except (ValueError, NotFoundError):
        raise RefusedError("no page of yours has this cursor: begin again without one") from None
    later = cases.c.pk > pk
    # Cases without a date come last.
    if harm_on is None:
        return and_(cases.c.harm_on.is_(None), later)
    same_day = and_(cases.c.harm_on == harm_on, later)
    return or_(cases.c.harm_on > harm_on, same_day, cases.c.harm_on.is_(None))
