from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, Table, func, select, update

from services.alerts.review.case import Case
from services.core.audit import AuditAction
from services.storage.tables import audit, matches, metadata, notices, outbox, register_entries
from services.storage.vault import place
from tests.support.deployment import Deployment

# Tables that a replay changes, because it records that events were published and handled again.
QUIET_TABLES = ("outbox", "inbox", "audit", "sequences", "engine_clock")


def rows(deployment: Deployment, table: Table, *conditions: ColumnElement[bool]) -> list[Row[Any]]:
    with deployment.store.reading() as connection:
        return list(connection.execute(select(table).where(*conditions).order_by(*table.primary_key)))


def count(deployment: Deployment, table: Table, *conditions: ColumnElement[bool]) -> int:
    with deployment.store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def said(deployment: Deployment, word: AuditAction) -> list[dict[str, Any]]:
    return [row.fields for row in rows(deployment, audit, audit.c.action == word.value)]


def references(deployment: Deployment, table: Table) -> dict[int, str]:
    return {row.pk: _reference(deployment, table, row) for row in rows(deployment, table)}


def pairs(deployment: Deployment) -> dict[tuple[str, str], tuple[str, str]]:
    notice, entry = references(deployment, notices), references(deployment, register_entries)
    return {(notice[one], entry[other]): (level, reasons) for one, other, level, reasons in deployment.matches()}


def match_id(deployment: Deployment, notice: str, entry: str) -> tuple[int, int]:
    known = {name: pk for pk, name in references(deployment, notices).items()}
    theirs = {name: pk for pk, name in references(deployment, register_entries).items()}
    return known[notice], theirs[entry]


def cases_by_entry(deployment: Deployment) -> dict[str, Case]:
    names = references(deployment, register_entries)
    return {names[case.entry_pk]: case for case in deployment.cases()}


def state_of_record(deployment: Deployment) -> dict[str, list[Any]]:
    # A case's revision may differ.
    kept = {name: table for name, table in metadata.tables.items() if name not in QUIET_TABLES}
    return {name: [_without_revision(name, row) for row in rows(deployment, table)] for name, table in kept.items()}


def tell_everything_again(deployment: Deployment) -> int:
    # Events that are marked as unpublished are published again.
    with deployment.store.writing() as connection:
        # The next run of the event dispatcher publishes every event that is not marked as published.
        return connection.execute(update(outbox).values(published_at=None)).rowcount


def stale_matches(deployment: Deployment) -> int:
    query = (
        select(func.count())
        .select_from(matches)
        .join(notices, notices.c.pk == matches.c.notice_pk)
        .join(register_entries, register_entries.c.pk == matches.c.entry_pk)
        .where(matches.c.live)
        .where(
            (matches.c.notice_revision != notices.c.revision)
            | (matches.c.entry_revision != register_entries.c.revision)
        )
    )
    with deployment.store.reading() as connection:
        return connection.scalar(query) or 0


def _reference(deployment: Deployment, table: Table, row: Row[Any]) -> str:
    record = deployment.store.vault.open(place(table.name, row.record_key), row.sealed)["record"]
    # A notice may have the provider's own reference, which then counts instead of its id.
    return str(record.get("entry_id") or record.get("provider_reference") or record["id"])


def _without_revision(table: str, row: Row[Any]) -> dict[str, Any]:
    values = dict(row._mapping)
    if table == "cases":
        # A replay may write a case again without changing it.
        del values["revision"]
    return values
