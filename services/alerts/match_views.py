from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Row

from schemas.codes import MatchDecision, MatchLevel, NoticeStatus
from services.alerts.case.store.area_orders import count_on_area, nearest_on_area
from services.alerts.case.store.lines import find_matches
from services.core.errors import RefusedError
from services.core.match_reference import match_reference, read_match_reference
from services.core.telephone.telephone import national
from services.storage.store import Store
from services.storage.vault import VaultError, place

# References of one match that are shown [P]. An area may have thousands of notices.
MOST_ORDERS: Final = 5
NO_SUCH_PAGE: Final = "no page of this case has this cursor: begin again without one"


class MatchView(BaseModel):
    """A match of a register entry with a notice.

    `area` holds the codes of the area if the notice is about an area.
    """

    model_config = ConfigDict(frozen=True)

    match: str
    level: MatchLevel
    reasons: list[str]
    decision: MatchDecision
    # A person has still to look at the match.
    to_check: bool
    # The match counts for nothing: number and place of another match show whose line it is. See ADR 13.
    waits: bool
    provider: str
    provider_reference: str | None  # the first of `provider_references`; None if no notice can be opened
    # The provider's orders, to be quoted to it. Of an area, those of the notices with the nearest dates.
    provider_references: list[str]
    more_references: int  # the number of notices on the area whose references are not in the list
    area: str | None
    provider_contact: str | None  # how to reach the provider, if the operator has entered it
    status: NoticeStatus
    planned_on: date | None
    restriction_on: date | None
    issued_at: datetime


class Orders(NamedTuple):
    area: str | None
    references: list[str]
    # The number of notices that are left out.
    more: int


class MatchPage(NamedTuple):
    matches: list[MatchView]
    # None on the last page.
    next_cursor: str | None


def page_of_matches(
    connection: Connection, store: Store, entry_pk: int, cursor: str | None, limit: int | None
) -> MatchPage:
    """Raises RefusedError if the cursor is not valid."""
    after = 0 if cursor is None else _after(store, entry_pk, cursor)
    # One more than the page holds shows that there is another page.
    found = find_matches(connection, entry_pk, after, limit and limit + 1)
    page = [_view(store, row, orders_of(connection, store, row)) for row in found[:limit]]
    return MatchPage(page, page[-1].match if len(found) > len(page) else None)


def _after(store: Store, entry_pk: int, cursor: str) -> int:
    pair = read_match_reference(store.tokeniser, cursor)
    if pair is None or pair[1] != entry_pk:
        raise RefusedError(NO_SUCH_PAGE)
    return pair[0]


def _view(store: Store, row: Row[Any], orders: Orders) -> MatchView:
    return MatchView(
        match=match_reference(store.tokeniser, row.notice_pk, row.entry_pk),
        level=MatchLevel(row.level),
        reasons=row.reasons.split(),
        decision=MatchDecision(row.decision),
        to_check=row.to_check,
        waits=row.waits,
        provider=row.name,
        provider_reference=next(iter(orders.references), None),
        provider_references=orders.references,
        more_references=orders.more,
        area=orders.area,
        provider_contact=row.contact,
        status=NoticeStatus(row.status),
        planned_on=row.planned_on,
        restriction_on=row.restriction_on,
        issued_at=row.issued_at,
    )


def orders_of(connection: Connection, store: Store, match: Row[Any]) -> Orders:
    opened = open_notice(store, match)
    if match.area_facts is None:
        return Orders(None, _references([opened]), 0)
    # The record of the area is ours, so its own id means nothing to the provider.
    codes: Sequence[str] = opened.get("record", {}).get("area_codes", ())
    nearest = nearest_on_area(connection, match.record_key, MOST_ORDERS)
    references = _references([open_notice(store, one) for one in nearest])
    more = count_on_area(connection, match.record_key) - len(references)
    return Orders(", ".join(codes) or None, references, more)


def notice_numbers(connection: Connection, store: Store, entry_pk: int) -> dict[str, list[str]]:
    """Return the telephone numbers of each matched notice, by the reference of the match.

    The caller must record in the audit who reads the numbers.
    """
    rows = find_matches(connection, entry_pk)
    return {
        match_reference(store.tokeniser, row.notice_pk, row.entry_pk): [
            national(number) for number in open_notice(store, row).get("numbers", ())
        ]
        for row in rows
    }


def open_notice(store: Store, row: Any) -> dict[str, Any]:
    """Return an empty dictionary if the notice is damaged."""
    try:
        opened: dict[str, Any] = store.vault.open(place("notices", row.record_key), row.sealed)
    except VaultError:
        store.damaged.note("notices", row.pk)
        return {}
    return opened


def _references(opened: Sequence[dict[str, Any]]) -> list[str]:
    records = (one.get("record", {}) for one in opened)
    found = (record.get("provider_reference") or record.get("id") for record in records)
    return [reference for reference in found if reference]
