from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from schemas.codes import Connection as AlarmConnection
from schemas.codes import MatchLevel
from services.alerts.case.store.entries import load_sealed_entry
from services.alerts.case.store.history import find_history
from services.alerts.delivery.digest import DAMAGED, case_lines, entry_references
from services.alerts.match_views import NO_SUCH_PAGE, MatchView, page_of_matches
from services.alerts.review.case import Case
from services.core.errors import RefusedError
from services.core.match_reference import OF_HISTORY, hide_ids, read_ids
from services.core.telephone.telephone import national
from services.storage.store import Store
from services.storage.vault import VaultError, place

# Stands in place of the name of a person whose sealed name does not open.
NAME_DAMAGED = "a person whose sealed name is damaged"
# Fields of audit rows that hold internal ids.
INTERNAL_IDS = frozenset({"entry", "notice"})


class ApiView(BaseModel):
    """Base class of the immutable models in answers of the API."""

    model_config = ConfigDict(frozen=True)


class CaseSummary(ApiView):
    """The main facts of a case."""

    case: str
    entry_id: str  # the reference that the council itself gives the register entry
    state: str
    level: MatchLevel
    harm_on: date | None
    planned_on: date | None
    restriction_on: date | None
    provider: str
    opened_at: datetime
    last_alert_at: datetime | None
    paused_until: datetime | None
    # Since when a change of a feed, which would end or delay the case, waits until somebody accepts it.
    changes_wait_since: datetime | None = None
    # True if the sealed record of the entry does not open. The operator is alerted.
    damaged: bool = False


class DeviceView(ApiView):
    """The alarm and its alarm receiving centre (ARC), as the council's register names them."""

    device_kind: str | None
    make_model: str | None
    connection: str
    protocol: str | None
    arc_name: str | None


class PlaceView(ApiView):
    """The address and telephone numbers of the alarm. Only the council of the case sees them."""

    telephone_numbers: list[str]
    uprn: str | None
    address_lines: list[str]
    post_town: str | None
    postcode: str | None


class EventView(ApiView):
    """An event in the history of a case. `by` is the name of the person who acted, or null."""

    at: datetime
    action: str
    fields: dict[str, Any]
    by: str | None
    record: dict[str, Any]


class CaseView(ApiView):
    """A case with its alarm, its first matches and its first events.

    The two cursors lead to more matches and to more events.
    """

    summary: CaseSummary
    # The version of the council's policy at the last review of the case. It is 0 for the default policy.
    policy_version: int
    rulesets: list[str]  # the rule sets that judge the case; the current one is last
    place: PlaceView
    device: DeviceView
    supported_journey_codes: list[str]
    communication_needs: list[str]
    matches: list[MatchView]
    next_matches_cursor: str | None
    history: list[EventView]
    next_history_cursor: str | None


class HistoryPage(NamedTuple):
    events: list[EventView]
    # None on the last page.
    next_cursor: str | None


def summaries(connection: Connection, store: Store, cases: Sequence[Case]) -> list[CaseSummary]:
    owned = entry_references(connection, store, [case.entry_pk for case in cases])
    return [
        CaseSummary(
            case=case.reference,
            entry_id=owned[case.entry_pk],
            state=case.state.value,
            level=line.level,
            harm_on=case.harm_on,
            planned_on=case.planned_on,
            restriction_on=case.restriction_on,
            provider=line.provider,
            opened_at=case.opened_at,
            last_alert_at=case.last_alert_at,
            paused_until=case.paused_until,
            changes_wait_since=case.changes_wait_since,
            damaged=owned[case.entry_pk] == DAMAGED,
        )
        for case, line in zip(cases, case_lines(connection, cases), strict=True)
    ]


def case_view(connection: Connection, store: Store, case: Case, most: int | None = None) -> CaseView:
    """Return a view with personal data. Only the council of the case may see the view."""
    (summary,) = summaries(connection, store, [case])
    private = _private(connection, store, case.entry_pk)
    found = page_of_matches(connection, store, case.entry_pk, None, most)
    past = page_of_history(connection, store, case, None, most)
    record = private.get("record", {})
    return CaseView(
        summary=summary,
        policy_version=case.policy_version,
        rulesets=list(case.rulesets),
        place=_place(private, record),
        device=_device(record),
        supported_journey_codes=record.get("supported_journey_codes", []),
        communication_needs=record.get("communication_needs", []),
        matches=found.matches,
        next_matches_cursor=found.next_cursor,
        history=past.events,
        next_history_cursor=past.next_cursor,
    )


def page_of_history(
    connection: Connection, store: Store, case: Case, cursor: str | None, limit: int | None
) -> HistoryPage:
    """Raises RefusedError if the cursor is not valid."""
    after = 0 if cursor is None else _after(store, case, cursor)
    # One more than the page holds shows that there is another page.
    found = find_history(connection, case.reference, after, limit and limit + 1)
    page = found[:limit]
    # Ids of the audit count up, so a cursor hides that of the last event.
    following = hide_ids(store.tokeniser, OF_HISTORY, page[-1].pk, case.pk) if len(found) > len(page) else None
    return HistoryPage([_event(store, row) for row in page], following)


def _after(store: Store, case: Case, cursor: str) -> int:
    pair = read_ids(store.tokeniser, OF_HISTORY, cursor)
    if pair is None or pair[1] != case.pk:
        raise RefusedError(NO_SUCH_PAGE)
    return pair[0]


def _private(connection: Connection, store: Store, entry_pk: int) -> dict[str, Any]:
    # Empty if it is damaged: the dates, the matches and the history of the case are shown all the same.
    entry = load_sealed_entry(connection, entry_pk)
    try:
        opened: dict[str, Any] = store.vault.open(place("register_entries", entry.record_key), entry.sealed)
    except VaultError:
        store.damaged.note("register_entries", entry_pk)
        return {}
    return opened


def _device(record: dict[str, Any]) -> DeviceView:
    return DeviceView(
        device_kind=record.get("device_kind"),
        make_model=record.get("make_model"),
        connection=record.get("connection", AlarmConnection.UNKNOWN),
        protocol=record.get("protocol"),
        arc_name=record.get("arc_name"),
    )


def _place(private: dict[str, Any], record: dict[str, Any]) -> PlaceView:
    # The sealed part holds the normalised value. If there is none, the value in the record that the council sent is
    # used.
    return PlaceView(
        telephone_numbers=[national(number) for number in private.get("numbers", ())],
        uprn=private.get("uprn") or record.get("uprn"),
        address_lines=record.get("address_lines", []),
        post_town=record.get("post_town"),
        postcode=private.get("postcode") or record.get("postcode"),
    )


def person_of(store: Store, audit_pk: int, sealed: bytes) -> str:
    return str(sealed_act(store, audit_pk, sealed)["actor"])


def sealed_act(store: Store, audit_pk: int, sealed: bytes) -> dict[str, Any]:
    """Open the sealed part of an audit row.

    A damaged part gives only `actor`, with the value NAME_DAMAGED.
    """
    try:
        opened: dict[str, Any] = store.vault.open(place("audit", audit_pk), sealed)
    except VaultError:
        store.damaged.note("audit", audit_pk)
        return {"actor": NAME_DAMAGED}
    return opened


def _event(store: Store, row: Any) -> EventView:
    # The actor is sealed together with the record, and is separated from the record here.
    record = sealed_act(store, row.pk, row.actor_sealed) if row.actor_sealed else {}
    by = record.pop("actor", None)
    # The ids of records count up, so nobody outside sees them.
    fields = {name: value for name, value in row.fields.items() if name not in INTERNAL_IDS}
    return EventView(at=row.at, action=row.action, fields=fields, by=by, record=record)
