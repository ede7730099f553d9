from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from schemas.codes import Connection as AlarmConnection
from schemas.codes import ServiceStatus
from services.alerts.case.store.cases import find_cases
from services.alerts.case.store.lines import find_lines
from services.alerts.review.case import Case, Entry, Line
from services.alerts.review.consent.snapshot import Facts
from services.storage.dialect import among
from services.storage.tables import cases, register_entries


@dataclass(frozen=True, slots=True)
class CaseContext:
    entry: Entry
    lines: tuple[Line, ...]
    case: Case | None  # None if the entry has no case yet


def load_contexts(connection: Connection, entry_pks: Collection[int]) -> dict[int, CaseContext]:
    if not entry_pks:
        return {}
    # Cases are locked before entries and lines are read, so no other review of these cases can write in between.
    found = find_cases(connection, among(connection, cases.c.entry_pk, entry_pks), to_change=True)
    known = {case.entry_pk: case for case in found}
    entries = _entries(connection, entry_pks)
    lines = find_lines(connection, entry_pks)
    return {pk: CaseContext(entry, tuple(lines.get(pk, ())), known.get(pk)) for pk, entry in entries.items()}


def find_facts(connection: Connection, entry_pks: Collection[int]) -> dict[int, Facts]:
    if not entry_pks:
        return {}
    lines = find_lines(connection, entry_pks)
    return {pk: Facts(entry, tuple(lines.get(pk, ()))) for pk, entry in _entries(connection, entry_pks).items()}


def _entries(connection: Connection, pks: Collection[int]) -> dict[int, Entry]:
    row = register_entries.c
    query = select(row.pk, row.feed_id, row.shard, row.live, row.service_status, row.connection)
    return {
        pk: Entry(pk, feed_id, shard, live, ServiceStatus(status), AlarmConnection(connection_))
        for pk, feed_id, shard, live, status, connection_ in connection.execute(
            query.where(among(connection, row.pk, pks))
        )
    }
