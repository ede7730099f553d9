"""Reads records whole, with their sealed parts and their tokens, to compare the parts with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from services.ingest.recording.record_types import RecordType
from services.storage.dialect import among

CHUNK = 1_000  # the most records in memory at once


def records_with_tokens(connection: Connection, record_type: RecordType[Any]) -> Iterator[tuple[Any, set[bytes]]]:
    """Yield every record of a kind with the tokens that are stored for it, in the order of the ids."""
    last, table = 0, record_type.table
    while True:
        rows = connection.execute(select(table).where(table.c.pk > last).order_by(table.c.pk).limit(CHUNK)).all()
        if not rows:
            return
        tokens = _tokens_of(connection, record_type, [row.pk for row in rows])
        yield from ((row, tokens[row.pk]) for row in rows)
        last = rows[-1].pk


def _tokens_of(connection: Connection, record_type: RecordType[Any], pks: list[int]) -> dict[int, set[bytes]]:
    owner = record_type.tokens.c[record_type.owner]
    query = select(owner, record_type.tokens.c.token).where(among(connection, owner, pks))
    found: dict[int, set[bytes]] = defaultdict(set)
    for pk, token in connection.execute(query):
        found[pk].add(token)
    return found
