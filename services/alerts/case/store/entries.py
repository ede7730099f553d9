"""Loads the sealed part of register entries: whose alarm it is and where. Only their own council may read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, exists, or_, select

from services.alerts.states.machine import ENDED
from services.storage.dialect import among
from services.storage.tables import cases, matches, register_entries


class SealedEntry(NamedTuple):
    pk: int
    record_key: bytes  # part of what the vault binds the sealed part to
    sealed: bytes


def find_sealed_entries(connection: Connection, entry_pks: Sequence[int]) -> list[SealedEntry]:
    row = register_entries.c
    query = select(row.pk, row.record_key, row.sealed).where(among(connection, row.pk, entry_pks))
    return [SealedEntry(*found) for found in connection.execute(query)]


def load_sealed_entry(connection: Connection, entry_pk: int) -> SealedEntry:
    row = connection.execute(select(register_entries).where(register_entries.c.pk == entry_pk)).one()
    return SealedEntry(row.pk, row.record_key, row.sealed)


def entries_to_review(connection: Connection, feed_id: str, after: int, limit: int) -> Sequence[int]:
    # The next entries, by id, that a new rule set may say something about.
    entry = register_entries.c
    # An entry without a match counts too while its case is open: the old rule set may be what holds it open.
    matched = exists().where(matches.c.entry_pk == entry.pk, matches.c.live)
    running = exists().where(cases.c.entry_pk == entry.pk, cases.c.state.not_in([state.value for state in ENDED]))
    query = select(entry.pk).where(entry.feed_id == feed_id, entry.pk > after, or_(matched, running))
    return connection.scalars(query.order_by(entry.pk).limit(limit)).all()
