from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, update

from services.core.tokens import TokenKind
from services.ingest.recording.record_types import RecordType
from services.ingest.recording.store.sealed import WholeRecord
from services.storage.bulk import bulk_insert
from services.storage.vault import key_of


class Reread(NamedTuple):
    record: WholeRecord
    # The tokens that the record should have.
    tokens: Mapping[bytes, TokenKind]
    # None if the sealed part is as it should be.
    sealed: bytes | None


def write_rereads(
    connection: Connection, record_type: RecordType[Any], rereads: Iterable[Reread], *, drop: bool
) -> None:
    """Add the missing tokens, and replace the sealed parts that differ. `drop` also deletes the surplus tokens."""
    table, tokens = record_type.table, record_type.tokens
    missing: list[tuple[bytes, int, int]] = []
    for one in rereads:
        pk = one.record.row.pk
        if one.sealed is not None:
            values = {"sealed": one.sealed, "key_id": key_of(one.sealed)}
            connection.execute(update(table).where(table.c.pk == pk).values(values))
        missing += [(token, pk, int(kind)) for token, kind in one.tokens.items() if token not in one.record.tokens]
        surplus = one.record.tokens - one.tokens.keys() if drop else set()
        if surplus:
            owned = tokens.c[record_type.owner] == pk
            connection.execute(delete(tokens).where(owned, tokens.c.token.in_(surplus)))
    # Sorted, so that the index grows in few places.
    bulk_insert(connection, tokens, ("token", record_type.owner, "kind"), sorted(missing))
