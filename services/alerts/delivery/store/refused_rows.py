"""Finds overdue refused rows. Refused rows are overdue after one working day without a correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from services.storage.tables import feeds, refused_rows


@dataclass(frozen=True, slots=True)
class RefusedRows:
    sender: str  # such as `provider:RAVN`
    name: str
    submission: str
    count: int
    first_row: int
    refused_at: datetime


def mark_overdue_rows(connection: Connection, now: datetime) -> int:
    row = refused_rows.c
    due = (row.due_at <= now) & row.alerted_at.is_(None)
    # The update locks the rows: of two workers, only one finds them.
    return connection.execute(update(refused_rows).where(due).values(alerted_at=now)).rowcount


def overdue_rows(connection: Connection) -> Sequence[RefusedRows]:
    row = refused_rows.c
    query = (
        select(row.feed_id, feeds.c.name, row.submission_id, func.count(), func.min(row.row), func.min(row.refused_at))
        .join_from(refused_rows, feeds, feeds.c.feed_id == row.feed_id)
        .where(row.alerted_at.is_not(None))
        .group_by(row.feed_id, feeds.c.name, row.submission_id)
        .order_by(func.min(row.refused_at), row.submission_id)
    )
    return [RefusedRows(*values) for values in connection.execute(query)]
