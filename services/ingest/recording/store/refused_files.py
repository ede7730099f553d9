from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, select

from services.ingest.reading.drafts import RecordKind
from services.storage.dialect import upsert
from services.storage.tables import refused_files

_KEY = ("feed_id", "kind", "sent_as")


class RefusedFile(NamedTuple):
    feed_id: str
    kind: RecordKind
    sent_as: str
    code: str


def waits_for_alert(connection: Connection, refused: RefusedFile) -> bool:
    row = refused_files.c
    waiting = (row.sent_as == refused.sent_as) & row.alerted_at.is_(None)
    found = select(row.refused_at).where(*_of(refused.feed_id, refused.kind), waiting)
    return connection.scalar(found) is not None


def upsert_refused(connection: Connection, refused: RefusedFile, now: datetime, due_at: datetime) -> None:
    values = {**refused._asdict(), "kind": refused.kind.value, "refused_at": now, "due_at": due_at, "alerted_at": None}
    changing = ("code", "refused_at", "due_at", "alerted_at")
    connection.execute(upsert(connection, refused_files, _KEY, changing), values)


def delete_refused_files(connection: Connection, feed_id: str, kind: RecordKind, sent_as: str | None) -> None:
    """`sent_as` limits the deletion to refusals of a `file` or of a request `body`. None deletes all refusals."""
    alike = () if sent_as is None else (refused_files.c.sent_as == sent_as,)
    connection.execute(delete(refused_files).where(*_of(feed_id, kind), *alike))


def _of(feed_id: str, kind: RecordKind) -> tuple[ColumnElement[bool], ...]:
    return refused_files.c.feed_id == feed_id, refused_files.c.kind == kind.value
