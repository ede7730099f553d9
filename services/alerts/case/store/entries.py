"""Loads encrypted register entries. The caller must show an entry only to the entry's own council."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, exists, or_, select

from services.alerts.states.machine import ENDED
from services.storage.dialect import among
from services.storage.tables import cases, matches, register_entries


class SealedEntry(NamedTuple):
    pk: int
    record_key: bytes  # the vault binds the sealed part to this key
    sealed: bytes


def find_sealed_entries(connection: Connection, entry_pks: Sequence[int]) -> list[SealedEntry]:
    row = register_entries.c
    query = select(row.pk, row.record_key, row.sealed).where(among(connection, row.pk, entry_pks))
    return [SealedEntry(*found) for found in connection.execute(query)]


def load_sealed_entry(connection: Connection, entry_pk: int) -> SealedEntry:
    row = connection.execute(select(register_entries).where(register_entries.c.pk == entry_pk)).one()
    return SealedEntry(row.pk, row.record_key, row.sealed)


def entries_to_review(connection: Connection, feed_id: str, after: int, limit: int) -> Sequence[int]:
    # Returns the next entries, by id, to which a new rule set may apply.
    entry = register_entries.c
    # An entry without a match is included while its case is open: only the old rule set may keep the case open.
    matched = exists().where(matches.c.entry_pk == entry.pk, matches.c.live)
    running = exists().where(cases.c.entry_pk == entry.pk, cases.c.state.not_in([state.value for state in ENDED]))
    query = select(entry.pk).where(entry.feed_id == feed_id, entry.pk > after, or_(matched, running))
    return connection.scalars(query.order_by(entry.pk).limit(limit)).all()
