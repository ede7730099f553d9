from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, insert, select

from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.submission import SubmissionContext
from services.storage.dialect import among_keys
from services.storage.tables import refused_rows


class RefusedRow(NamedTuple):
    key: bytes
    has_reference: bool
    # The row number, and the number of rows in the submission.
    row: int
    of_rows: int
    due_at: datetime


def refused_keys(context: SubmissionContext, kind: RecordKind) -> set[bytes]:
    return set(context.connection.scalars(select(refused_rows.c.row_key).where(*_of(context, kind))))


def delete_refused(context: SubmissionContext, kind: RecordKind, keys: Collection[bytes]) -> None:
    for condition in among_keys(context.connection, refused_rows.c.row_key, keys) if keys else ():
        context.connection.execute(delete(refused_rows).where(*_of(context, kind), condition))


def close_without_reference(context: SubmissionContext, kind: RecordKind, rows: int) -> None:
    """Delete the refused rows without a reference, if their submission had from 2 to `rows` rows."""
    # The sender has probably sent an earlier submission again, perhaps with more rows.
    # A single row without a reference cannot be recognised when it comes again.
    again = (refused_rows.c.of_rows > 1) & (refused_rows.c.of_rows <= rows)
    statement = delete(refused_rows).where(*_of(context, kind), refused_rows.c.has_reference.is_(False), again)
    context.connection.execute(statement)


def drop_alerted(context: SubmissionContext, before: datetime) -> None:
    """Delete the refused rows whose alert was sent before the time `before`."""
    old = (refused_rows.c.feed_id == context.feed_id) & (refused_rows.c.alerted_at < before)
    context.connection.execute(delete(refused_rows).where(old))


def insert_refused(context: SubmissionContext, kind: RecordKind, rows: Sequence[RefusedRow]) -> None:
    if not rows:
        return
    values = [
        {
            "feed_id": context.feed_id,
            "kind": kind.value,
            "row_key": row.key,
            "has_reference": row.has_reference,
            "submission_id": context.submission_id,
            "row": row.row,
            "of_rows": row.of_rows,
            "refused_at": context.now,
            "due_at": row.due_at,
        }
        for row in rows
    ]
    context.connection.execute(insert(refused_rows), values)


def _of(context: SubmissionContext, kind: RecordKind) -> tuple[ColumnElement[bool], ...]:
    return refused_rows.c.feed_id == context.feed_id, refused_rows.c.kind == kind.value
