from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, select

from services.ingest.recording.record_types import RecordType
from services.storage.dialect import among
from services.storage.tables import area_members, notices

CHUNK = 1_000  # the most records in memory at once


class WholeRecord(NamedTuple):
    row: Any
    tokens: set[bytes]
    areas: set[bytes]


def whole_records(connection: Connection, record_type: RecordType[Any]) -> Iterator[WholeRecord]:
    last = 0
    while found := some_whole_records(connection, record_type, last, CHUNK):
        yield from found
        last = found[-1].row.pk


def some_whole_records(
    connection: Connection, record_type: RecordType[Any], after: int, limit: int, *, to_change: bool = False
) -> list[WholeRecord]:
    """Return at most `limit` records with ids above `after`, in the order of ids. `to_change` locks the records."""
    table = record_type.table
    query = select(table).where(table.c.pk > after).order_by(table.c.pk).limit(limit)
    rows = connection.execute(query.with_for_update() if to_change else query).all()
    pks = [row.pk for row in rows]
    tokens = _by_record(connection, record_type.tokens.c[record_type.owner], record_type.tokens.c.token, pks)
    is_notice = table is notices
    areas = _by_record(connection, area_members.c.notice_pk, area_members.c.area_key, pks) if is_notice else {}
    return [WholeRecord(row, tokens.get(row.pk, set()), areas.get(row.pk, set())) for row in rows]


def _by_record(
    connection: Connection, owner: Column[int], column: Column[bytes], pks: list[int]
) -> dict[int, set[bytes]]:
    found: dict[int, set[bytes]] = defaultdict(set)
    for pk, value in connection.execute(select(owner, column).where(among(connection, owner, pks))):
        found[pk].add(value)
    return found
