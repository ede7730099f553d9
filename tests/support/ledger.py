"""What a test may read of a deployment behind its API: rows of tables, and matches by the feeds' own references."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, Table, func, select, update

from services.alerts.review.case import Case
from services.core.audit import AuditAction
from services.storage.tables import audit, matches, metadata, notices, outbox, register_entries
from services.storage.vault import place
from tests.support.deployment import Deployment

QUIET_TABLES = ("outbox", "inbox", "audit", "sequences")
"""Tables in which a replay may leave a trace: what was told again, and that it was."""


def rows(deployment: Deployment, table: Table, *conditions: ColumnElement[bool]) -> list[Row[Any]]:
    """The rows of a table that meet all conditions, by its primary key."""
    with deployment.store.reading() as connection:
        return list(connection.execute(select(table).where(*conditions).order_by(*table.primary_key)))


def count(deployment: Deployment, table: Table, *conditions: ColumnElement[bool]) -> int:
    """How many rows of a table meet all conditions."""
    with deployment.store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def said(deployment: Deployment, word: AuditAction) -> list[dict[str, Any]]:
    """The fields of every audit row with this word, in order."""
    return [row.fields for row in rows(deployment, audit, audit.c.word == word.value)]


def references(deployment: Deployment, table: Table) -> dict[int, str]:
    """The feeds' own references of notices or register entries, by Pullcord's id."""
    return {row.pk: _reference(deployment, table, row) for row in rows(deployment, table)}


def pairs(deployment: Deployment) -> dict[tuple[str, str], tuple[str, str]]:
    """The live matches: by the notice's and the entry's own references, the level and the reasons."""
    notice, entry = references(deployment, notices), references(deployment, register_entries)
    return {(notice[one], entry[other]): (level, reasons) for one, other, level, reasons in deployment.matches()}


def match_id(deployment: Deployment, notice: str, entry: str) -> tuple[int, int]:
    """A match's notice and entry by Pullcord's ids, from the feeds' own references."""
    known = {name: pk for pk, name in references(deployment, notices).items()}
    theirs = {name: pk for pk, name in references(deployment, register_entries).items()}
    return known[notice], theirs[entry]


def cases_by_entry(deployment: Deployment) -> dict[str, Case]:
    """Every case, by its entry's own reference."""
    names = references(deployment, register_entries)
    return {names[case.entry_pk]: case for case in deployment.cases()}


def state_of_record(deployment: Deployment) -> dict[str, list[Any]]:
    """Everything on record but what `QUIET_TABLES` hold; a case without the count of its writings."""
    kept = {name: table for name, table in metadata.tables.items() if name not in QUIET_TABLES}
    return {name: [_without_revision(name, row) for row in rows(deployment, table)] for name, table in kept.items()}


def tell_everything_again(deployment: Deployment) -> int:
    """Have every event on record told once more; returns how many there are."""
    with deployment.store.writing() as connection:
        return connection.execute(update(outbox).values(published_at=None)).rowcount


def stale_matches(deployment: Deployment) -> int:
    """Live matches that name another version of a record than the one on record."""
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
    return str(record.get("entry_id") or record.get("provider_reference") or record["id"])


def _without_revision(table: str, row: Row[Any]) -> dict[str, Any]:
    values = dict(row._mapping)
    if table == "cases":
        del values["revision"]
    return values
