from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, func, select

from schemas.codes import CaseState
from services.alerts.review.owed import LOOK_AGAIN
from services.alerts.states.machine import CLOCK_STOPPED, ENDED
from services.core.audit import AuditAction
from services.core.clock import london_day, london_midnight
from services.storage.feeds import ended_by_operator
from services.storage.tables import (
    alert_cases,
    alerts,
    api_keys,
    audit,
    cases,
    deliveries,
    feeds,
    matches,
    quarantine,
    refused_files,
    refused_rows,
    unfinished_matching,
)

STOPPED = [state.value for state in CLOCK_STOPPED]
# A line that moved after its alarm was confirmed needs a test call, and no confirmation.
UNSAFE_AFTER_DATE = [state.value for state in CaseState if state not in CLOCK_STOPPED | {CaseState.MIGRATED}]

# A case or delivery counts as overdue after this time, which leaves room for the next check.
OVERDUE_AFTER = timedelta(minutes=2)

Counts = Sequence[tuple[str, int]]


def count_quarantined(connection: Connection) -> int:
    return _count(connection, quarantine)


def count_unfinished_matching(connection: Connection) -> int:
    return _count(connection, unfinished_matching)


def oldest_unfinished_matching(connection: Connection) -> datetime | None:
    moment: datetime | None = connection.scalar(select(func.min(unfinished_matching.c.since)))
    return moment


def count_refused_overdue(connection: Connection, now: datetime) -> int:
    return _count(connection, refused_rows, refused_rows.c.due_at <= now)


def count_refused_files_overdue(connection: Connection, now: datetime) -> int:
    return _count(connection, refused_files, refused_files.c.due_at <= now)


def count_waiting_changes(connection: Connection) -> int:
    return _count(connection, cases, cases.c.changes_wait_since.is_not(None))


def oldest_waiting_change(connection: Connection) -> datetime | None:
    moment: datetime | None = connection.scalar(select(func.min(cases.c.changes_wait_since)))
    return moment


def cases_by_state(connection: Connection) -> Counts:
    return _count_by(connection, cases.c.state)


def live_matches_by_level(connection: Connection) -> Counts:
    return _count_by(connection, matches.c.level, matches.c.live)


def deliveries_by_state(connection: Connection) -> Counts:
    return _count_by(connection, deliveries.c.state)


def oldest_unacknowledged_alert(connection: Connection, now: datetime) -> datetime | None:
    # An alert from before the end of the case's last pause counts as acknowledged.
    since = func.coalesce(cases.c.paused_until, cases.c.opened_at)
    waiting = cases.c.state.not_in(STOPPED) & (cases.c.paused_until.is_(None) | (cases.c.paused_until <= now))
    query = (
        select(func.min(alerts.c.created_at))
        .join_from(alerts, alert_cases, alert_cases.c.alert_pk == alerts.c.pk)
        .join(cases, cases.c.pk == alert_cases.c.case_pk)
        .where(waiting, alerts.c.created_at >= since)
    )
    found: datetime | None = connection.scalar(query)
    return found


def count_overdue(connection: Connection, now: datetime) -> int:
    limit = now - OVERDUE_AFTER
    return sum(_count(connection, table, table.c.due_at < limit) for table in (cases, deliveries))


def count_without_due_time(connection: Connection, now: datetime) -> int:
    running = cases.c.state.not_in([state.value for state in ENDED])
    # A review sets a due time at most LOOK_AGAIN ahead. The limit is one hour later, so that a case is not counted just
    # after its review.
    never = cases.c.due_at.is_(None) | (cases.c.due_at > now + LOOK_AGAIN + timedelta(hours=1))
    return _count(connection, cases, running, never)


def count_past_date(connection: Connection, now: datetime) -> int:
    return _count(connection, cases, *_past_date(now))


def newest_past_date(connection: Connection, now: datetime) -> datetime | None:
    """Return the last time at which an unsafe case passed its harmful day, or None if no case did."""
    # A case passes its harmful day at the end of that day. If the case opens later, the time of its opening counts.
    query = select(func.max(cases.c.harm_on), func.max(cases.c.opened_at)).where(*_past_date(now))
    harm_on, opened_at = connection.execute(query).one()
    return None if harm_on is None else max(london_midnight(harm_on + timedelta(days=1)), opened_at)


def _past_date(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return cases.c.harm_on < london_day(now), cases.c.state.in_(UNSAFE_AFTER_DATE)


def feeds_last_heard(connection: Connection) -> Sequence[tuple[str, datetime]]:
    """Return each feed with the time of its last data, unless the operator has ended the feed."""
    query = select(feeds.c.feed_id, feeds.c.last_heard_at, feeds.c.created_at).where(~ended_by_operator())
    rows = connection.execute(query)
    # A feed without data has the time of its creation instead.
    return [(feed_id, heard or added) for feed_id, heard, added in rows]


def last_backup(connection: Connection) -> datetime | None:
    made: datetime | None = connection.scalar(
        select(func.max(audit.c.at)).where(audit.c.action == AuditAction.BACKUP_MADE.value)
    )
    return made


def first_on_record(connection: Connection) -> datetime | None:
    # Without a backup, the age of the backup counts from the first row of the audit.
    first: datetime | None = connection.scalar(select(audit.c.at).order_by(audit.c.pk).limit(1))
    return first


def first_key_to_expire(connection: Connection) -> datetime | None:
    expires: datetime | None = connection.scalar(
        select(func.min(api_keys.c.expires_at)).where(api_keys.c.revoked_at.is_(None))
    )
    return expires


def _count(connection: Connection, table: FromClause, *conditions: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def _count_by(connection: Connection, column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Counts:
    rows = connection.execute(select(column, func.count()).where(*conditions).group_by(column))
    return [(row[0], row[1]) for row in rows]
