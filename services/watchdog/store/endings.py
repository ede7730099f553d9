from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from services.storage.tables import audit, matches, notices, register_entries
from services.watchdog.findings import FaultKind, RecordFault

# Ended records in memory at once.
PAGE: Final = 5_000


def matches_ended_alone(connection: Connection) -> Iterator[RecordFault]:
    row = matches.c
    query = (
        select(row.notice_pk, row.entry_pk, row.ended_at.label("at"), register_entries.c.feed_id)
        .join_from(matches, notices, notices.c.pk == row.notice_pk)
        .join(register_entries, register_entries.c.pk == row.entry_pk)
        .where(row.live.is_(False), notices.c.live, register_entries.c.live)
        .order_by(row.ended_at)
    )
    for page in _pages(connection, query):
        told = _recorded(connection, "lines_unmatched", page)
        for one in page:
            if (one.at, one.notice_pk, one.entry_pk) not in told:
                yield RecordFault(FaultKind.MATCH_ENDED, one.feed_id)


def entries_ended_alone(connection: Connection) -> Iterator[RecordFault]:
    row = register_entries.c
    query = (
        select(row.pk, row.revision, row.received_at.label("at"), row.feed_id)
        .where(row.live.is_(False))
        .order_by(row.received_at)
    )
    for page in _pages(connection, query):
        told = _recorded(connection, "entries_withdrawn", page)
        for one in page:
            if (one.at, one.pk, one.revision) not in told:
                yield RecordFault(FaultKind.ENTRY_ENDED, one.feed_id)


def _pages(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    # In the order of their ends, so that a page needs few rows of the audit.
    yield from connection.execute(query.execution_options(yield_per=PAGE)).partitions()


def _recorded(connection: Connection, action: str, page: Iterable[Row[Any]]) -> set[tuple[datetime, int, int]]:
    # The end of a record and its audit row are written in one transaction, with the same time.
    moments = {one.at for one in page if one.at is not None}
    row = audit.c
    query = select(row.at, row.fields).where(row.action == action, row.at.in_(moments))
    return {(at, first, second) for at, fields in connection.execute(query) for first, second, *_ in fields["records"]}
