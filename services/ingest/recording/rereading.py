"""Reads the stored addresses again, after a new version of the reader or of the keys of addresses."""
# A run that was cut off can be started again: records that are as they should be are not written.

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from pydantic_core import to_json

from schemas.codes import Scope
from services.core.addresses.keys.keys import KeySide
from services.ingest.reading.places import Place, read_place, shares_area, values_of
from services.ingest.recording.record_types import ENTRIES, NOTICES, RecordType
from services.ingest.recording.store.rereads import Reread, write_rereads
from services.ingest.recording.store.sealed import WholeRecord, some_whole_records
from services.storage.store import Store
from services.storage.vault import VaultError, place

# Records in one transaction. On SQLite no other process can write during the transaction.
BATCH = 500


def read_again(store: Store, *, drop: bool) -> Iterator[int]:
    """Give each record the tokens of this version, and yield the number of records in each finished batch.

    `drop` also deletes the tokens of earlier versions. Use `drop` only after every record has the new tokens, and after
    all records that share a new token have been matched.

    A record that cannot be decrypted stays unchanged. A notice that would now be about an area stays unchanged too:
    `pullcord audit check` names the notice, and the provider must send the notice again.
    """
    for record_type in (NOTICES, ENTRIES):
        last = 0
        while True:
            with store.writing() as connection:
                found = some_whole_records(connection, record_type, last, BATCH, to_change=True)
                rereads = [one for record in found if (one := _reread(store, record_type, record)) is not None]
                write_rereads(connection, record_type, rereads, drop=drop)
            if not found:
                break
            yield len(found)
            last = found[-1].row.pk


def _reread(store: Store, record_type: RecordType[Any], record: WholeRecord) -> Reread | None:
    row, where = record.row, place(record_type.table.name, record.row.record_key)
    is_notice = record_type.side is KeySide.NOTICE
    # A notice on an area is found by its area, whatever its address.
    if is_notice and (row.area_facts is not None or row.scope != Scope.LINE.value or record.areas):
        return None
    try:
        private = store.vault.open(where, row.sealed)
    except VaultError:
        store.damaged.note(record_type.table.name, row.pk)
        return None
    read = _place(private["record"])
    own = read.values(record_type.side)
    if is_notice and shares_area(row.scope, own):
        return None
    values = chain(own, *(values_of(one, record_type.side) for one in private.get("rivals", ())))
    tokens = {store.tokeniser.token(kind, value): kind for kind, value in values}
    now = {name: value for name, value in (private | read.private).items() if value is not None}
    before, after = to_json(private), to_json(now)
    return Reread(record, tokens, None if before == after else store.vault.seal_json(where, after))


def _place(record: Mapping[str, Any]) -> Place:
    found = record.get
    return read_place(found("cli"), found("uprn"), found("postcode"), found("address_lines", ()), found("post_town"))
