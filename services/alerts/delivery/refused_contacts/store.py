from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, delete, exists, select, update

from services.storage.dialect import skipping_locked, upsert
from services.storage.tables import refused_contacts

_ROW = refused_contacts.c


class RefusedContact(NamedTuple):
    contact_key: bytes
    feed_id: str
    person: str
    channel: str
    refused_at: datetime


def insert_refused_contact(connection: Connection, refused: RefusedContact, due_at: datetime) -> None:
    values = {**refused._asdict(), "due_at": due_at, "alert_pk": None}
    # A contact that is on record keeps its times: it is reported once.
    connection.execute(upsert(connection, refused_contacts, ("contact_key",), ("channel",)), values)


def delete_refused_contact(connection: Connection, contact_key: bytes) -> None:
    connection.execute(delete(refused_contacts).where(_ROW.contact_key == contact_key))


def has_refused(connection: Connection, feed_id: str, person: str) -> bool:
    return bool(connection.scalar(select(exists().where(_ROW.feed_id == feed_id, _ROW.person == person))))


def councils_to_report_to(connection: Connection, now: datetime) -> Sequence[str]:
    query = select(_ROW.feed_id).where(_ROW.due_at <= now).distinct().order_by(_ROW.feed_id)
    return connection.scalars(query).all()


def claim_unreported(connection: Connection, feed_id: str) -> list[RefusedContact]:
    # A row without a due time is reported. Rows that another worker has locked are skipped.
    query = select(refused_contacts).where(_ROW.feed_id == feed_id, _ROW.due_at.is_not(None))
    return _read(connection, skipping_locked(connection, query.order_by(_ROW.refused_at, _ROW.person)))


def refused_of(connection: Connection, feed_id: str) -> list[RefusedContact]:
    return _read(connection, select(refused_contacts).where(_ROW.feed_id == feed_id))


def reported_by(connection: Connection, alert_pk: int) -> list[RefusedContact]:
    # A contact that takes messages again has no row any more.
    query = select(refused_contacts).where(_ROW.alert_pk == alert_pk)
    return _read(connection, query.order_by(_ROW.refused_at, _ROW.person))


def mark_refusal_reported(connection: Connection, refused: RefusedContact, alert_pk: int) -> None:
    changed = update(refused_contacts).where(_ROW.contact_key == refused.contact_key)
    connection.execute(changed.values(due_at=None, alert_pk=alert_pk))


def _read(connection: Connection, query: Select[Any]) -> list[RefusedContact]:
    rows = connection.execute(query)
    return [
        RefusedContact(bytes(row.contact_key), row.feed_id, row.person, row.channel, row.refused_at) for row in rows
    ]
