from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, true

from schemas.codes import CaseState
from services.alerts.case.store.cases import find_cases
from services.alerts.delivery.delivery import DeliveryState
from services.alerts.review.case import Case
from services.alerts.states.machine import CLOCK_STOPPED, ENDED
from services.alerts.views import person_of
from services.core.audit import AuditAction
from services.storage.store import Store
from services.storage.tables import alert_cases, alerts, audit, cases, deliveries, notices, register_entries


@dataclass(frozen=True, slots=True)
class CaseAlert:
    reference: str
    created_at: datetime
    acknowledged_at: datetime | None
    # Both are None if there is no delivery, because the council had no contact.
    contact: str | None
    state: str | None


def find_cases_to_list(
    connection: Connection, feed_id: str | None, state: CaseState | None, *, ended: bool, limit: int
) -> tuple[list[Case], int]:
    conditions: list[ColumnElement[bool]] = []
    if feed_id is not None:
        conditions.append(cases.c.feed_id == feed_id)
    if state is not None:
        conditions.append(cases.c.state == state.value)
    elif not ended:
        conditions.append(cases.c.state.not_in(_values(ENDED)))
    total = connection.scalar(select(func.count()).select_from(cases).where(*conditions)) or 0
    return find_cases(connection, *conditions, limit=limit, urgent_first=True), total


def count_open_cases(connection: Connection) -> int:
    query = select(func.count()).select_from(cases).where(cases.c.state.not_in(_values(ENDED)))
    return connection.scalar(query) or 0


def councils_with_running_cases(connection: Connection) -> Sequence[str]:
    running = cases.c.state.not_in(_values(CLOCK_STOPPED))
    return connection.scalars(select(cases.c.feed_id).where(running).distinct().order_by(cases.c.feed_id)).all()


def cases_of_records(connection: Connection, keys: Sequence[bytes]) -> list[Case]:
    entries = select(register_entries.c.pk).where(register_entries.c.record_key.in_(keys))
    return find_cases(connection, cases.c.entry_pk.in_(entries))


def alerts_of_case(connection: Connection, case: Case) -> Sequence[CaseAlert]:
    query = (
        select(
            alerts.c.reference, alerts.c.created_at, alerts.c.acknowledged_at, deliveries.c.contact, deliveries.c.state
        )
        .join_from(alert_cases, alerts, alerts.c.pk == alert_cases.c.alert_pk)
        .outerjoin(deliveries, deliveries.c.alert_pk == alerts.c.pk)
        .where(alert_cases.c.case_pk == case.pk)
        .order_by(alerts.c.pk, deliveries.c.pk)
    )
    return [CaseAlert(*row) for row in connection.execute(query)]


def deciders(connection: Connection, store: Store, match_ids: Sequence[str]) -> Mapping[str, str]:
    decided = (audit.c.action == AuditAction.MATCH_DECIDED.value, audit.c.subject.in_(match_ids))
    # Oldest first: a later decision replaces an earlier one in the mapping.
    query = select(audit.c.pk, audit.c.subject, audit.c.actor_sealed).where(*decided).order_by(audit.c.pk)
    rows = connection.execute(query)
    return {row.subject: person_of(store, row.pk, row.actor_sealed) for row in rows}


def count_given_up(connection: Connection, since: datetime) -> int:
    recent = (deliveries.c.state == DeliveryState.GIVEN_UP.value, deliveries.c.settled_at > since)
    return connection.scalar(select(func.count()).select_from(deliveries).where(*recent)) or 0


def live_rows(connection: Connection) -> Mapping[str, int]:
    found: dict[str, int] = {}
    # An area record is not itself a notice.
    for records, is_own in ((notices, notices.c.area_facts.is_(None)), (register_entries, true())):
        query = select(records.c.feed_id, func.count()).where(records.c.live, is_own).group_by(records.c.feed_id)
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def _values(states: frozenset[CaseState]) -> list[str]:
    return [state.value for state in states]
