"""Loads what is sealed of register entries: whose alarm it is and where, which only their council may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from services.storage.dialect import among
from services.storage.tables import register_entries


class SealedEntry(NamedTuple):
    """A register entry's sealed part, and the key of the record it is sealed for."""

    pk: int
    record_key: bytes
    sealed: bytes


def find_sealed_entries(connection: Connection, entry_pks: Sequence[int]) -> list[SealedEntry]:
    row = register_entries.c
    query = select(row.pk, row.record_key, row.sealed).where(among(connection, row.pk, entry_pks))
    return [SealedEntry(*found) for found in connection.execute(query)]


def load_sealed_entry(connection: Connection, entry_pk: int) -> SealedEntry:
    row = connection.execute(select(register_entries).where(register_entries.c.pk == entry_pk)).one()
    return SealedEntry(row.pk, row.record_key, row.sealed)
