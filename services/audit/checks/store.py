from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Table, exists, func, select

from services.audit.store import CHUNK
from services.core.audit import AuditAction
from services.storage.tables import (
    alert_cases,
    alerts,
    api_keys,
    audit,
    cases,
    deliveries,
    delivery_attempts,
    drills,
    feeds,
    matches,
    notices,
    quarantine,
    register_entries,
    sequences,
    submissions,
)
from services.storage.tables.cases import ENDS


class StoredCase(NamedTuple):
    reference: str
    entry: int
    feed_id: str
    state: str
    due_at: datetime | None
    paused_until: datetime | None
    last_alert_at: datetime | None
    hold_until: date | None
    review_on: date | None
    # True if a message of some alert about the case was accepted for somebody.
    alerted: bool

    @property
    def ended(self) -> bool:
        return self.state in ENDS


class StoredAlert(NamedTuple):
    reference: str
    acknowledged: bool
    link_revoked: bool
    accepted: bool
    cases: int
    deliveries: int


def stored_cases(connection: Connection) -> Iterator[StoredCase]:
    case = cases.c
    # A message that was accepted and came back later was a message too.
    came_back = exists().where(deliveries.c.alert_pk == alerts.c.pk, deliveries.c.state == "refused")
    accepted = exists().where(
        alert_cases.c.case_pk == case.pk,
        alerts.c.pk == alert_cases.c.alert_pk,
        alerts.c.accepted_at.is_not(None) | came_back,
    )
    columns = (case.reference, case.entry_pk, case.feed_id, case.state, case.due_at, case.paused_until)
    days = (case.last_alert_at, case.hold_until, case.review_on)
    yield from (StoredCase(*row) for row in _all(connection, select(*columns, *days, accepted)))


def acts_with_days(
    connection: Connection, actions: Collection[AuditAction], events: Collection[str]
) -> Iterator[tuple[int, str, str, bytes | None]]:
    row = audit.c
    query = select(row.pk, row.fields, row.actor_sealed).where(row.action.in_([action.value for action in actions]))
    for pk, fields, sealed in _all(connection, query.order_by(row.pk)):
        if fields["event"] in events:
            yield pk, fields["case"], fields["event"], sealed


def stored_alerts(connection: Connection) -> Iterator[StoredAlert]:
    alert = alerts.c
    named = select(func.count()).where(alert_cases.c.alert_pk == alert.pk).scalar_subquery()
    made = select(func.count()).where(deliveries.c.alert_pk == alert.pk).scalar_subquery()
    times = (alert.acknowledged_at, alert.link_revoked_at, alert.accepted_at)
    query = select(alert.reference, *(time.is_not(None) for time in times), named, made)
    yield from (StoredAlert(*row) for row in _all(connection, query))


def stored_deliveries(connection: Connection) -> Iterator[Row[Any]]:
    # Each row has the delivery's id, state and due time, its number of attempts, and the attempts that are stored.
    row, attempt = deliveries.c, delivery_attempts.c
    made = select(func.count()).where(attempt.delivery_pk == row.pk).scalar_subquery().label("stored_attempts")
    revoked = row.link_revoked_at.is_not(None).label("link_revoked")
    query = select(row.pk, row.state, row.due_at, row.attempts, made, alerts.c.reference, revoked)
    yield from _all(connection, query.join_from(deliveries, alerts, alerts.c.pk == row.alert_pk))


def stored_matches(connection: Connection) -> Iterator[tuple[tuple[int, int], bool, str]]:
    row = matches.c
    for notice, entry, live, decision in _all(connection, select(row.notice_pk, row.entry_pk, row.live, row.decision)):
        yield (notice, entry), live, decision


def stored_records(connection: Connection, table: str) -> Mapping[int, bool]:
    """Map the id of each record to True if the record is live."""
    chosen = _TABLES[table]
    return {row.pk: row.live for row in _all(connection, select(chosen.c.pk, chosen.c.live))}


def superseded_without_a_successor(connection: Connection) -> frozenset[int]:
    # Notices of areas are left out.
    earlier, later = notices.c, notices.alias("later")
    query = select(earlier.pk).where(earlier.live.is_(False), earlier.area_facts.is_(None))
    return frozenset(connection.scalars(query.where(~exists().where(later.c.supersedes_key == earlier.record_key))))


def stored_drills(connection: Connection) -> dict[str, tuple[str, str]]:
    query = select(alerts.c.reference, drills.c.feed_id, drills.c.state)
    rows = connection.execute(query.join_from(drills, alerts, alerts.c.pk == drills.c.alert_pk))
    return {row.reference: (row.feed_id, row.state) for row in rows}


def stored_keys(connection: Connection) -> Mapping[str, tuple[str, bool]]:
    """Map the id of each API key to a text and a bool.

    The text has the role and the expiry of the key. The bool is True for a revoked key.
    """
    row = api_keys.c
    found = connection.execute(select(row.key_id, row.role, row.expires_at, row.revoked_at))
    return {one.key_id: (f"{one.role} until {one.expires_at.isoformat()}", one.revoked_at is not None) for one in found}


def policy_versions(connection: Connection) -> Mapping[str, int]:
    rows = _all(connection, select(feeds.c.feed_id, feeds.c.policy_version))
    return {feed_id: version for feed_id, version in rows}  # noqa: C416 - rows are no pairs to dict()


def stored_submissions(connection: Connection) -> frozenset[str]:
    return frozenset(connection.scalars(select(submissions.c.submission_id)))


def quarantined(connection: Connection) -> frozenset[tuple[str, str]]:
    rows = _all(connection, select(quarantine.c.consumer, quarantine.c.event_id))
    return frozenset((consumer, event) for consumer, event in rows)


def missing_audit_rows(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        # A transaction that is rolled back also uses up ids, so a missing id proves nothing.
        return 0
    following = connection.scalar(select(sequences.c.next_value).where(sequences.c.name == audit.name)) or 1
    return following - 1 - (connection.scalar(select(func.count()).select_from(audit)) or 0)


def _all(connection: Connection, query: Any) -> Iterator[Any]:
    # In chunks: a deployment may have a million rows.
    yield from connection.execute(query.execution_options(yield_per=CHUNK))


_TABLES: Mapping[str, Table] = {table.name: table for table in (notices, register_entries)}
