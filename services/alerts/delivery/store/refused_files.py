"""Finds overdue refused files. A refused file is overdue after one working day without an acceptable file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from services.storage.tables import feeds, refused_files


@dataclass(frozen=True, slots=True)
class OverdueFile:
    sender: str  # such as `provider:RAVN`
    name: str
    kind: str
    sent_as: str
    code: str
    refused_at: datetime


def mark_overdue_files(connection: Connection, now: datetime) -> int:
    row = refused_files.c
    due = (row.due_at <= now) & row.alerted_at.is_(None)
    # The update locks the rows: of two workers, only one finds them.
    return connection.execute(update(refused_files).where(due).values(alerted_at=now)).rowcount


def overdue_files(connection: Connection) -> Sequence[OverdueFile]:
    row = refused_files.c
    query = (
        select(row.feed_id, feeds.c.name, row.kind, row.sent_as, row.code, row.refused_at)
        .join_from(refused_files, feeds, feeds.c.feed_id == row.feed_id)
        .where(row.alerted_at.is_not(None))
        .order_by(row.refused_at, row.feed_id, row.kind)
    )
    return [OverdueFile(*values) for values in connection.execute(query)]
