# Nobody can change the encrypted part of a record without a vault key.

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection

from services.core.addresses.keys.keys import KeySide
from services.core.area_facts import to_json
from services.core.differences import Difference
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.places import OF_AREAS, shares_area, values_of
from services.ingest.recording.record_types import ENTRIES, NOTICES, RecordType
from services.ingest.recording.rules.area_notices import area_summary
from services.ingest.recording.rules.ties import SAME_STAMP, place_of
from services.ingest.recording.store.areas import area_rows, live_notices
from services.ingest.recording.store.sealed import WholeRecord, whole_records
from services.storage.store import Store
from services.storage.vault import VaultError, place

# Unencrypted columns with their fields in the sealed record. A field that the sender left out decides nothing here.
_FACTS: Final[Mapping[RecordKind, Mapping[str, str]]] = {
    RecordKind.NOTICE: {
        "planned_on": "planned_migration_date",
        "restriction_on": "restriction_start_date",
        "status": "status",
        "scope": "scope",
        "target_service": "target_service",
    },
    RecordKind.ENTRY: {"service_status": "service_status", "connection": "connection"},
}
_NAMES: Final = {RecordKind.NOTICE: "notice", RecordKind.ENTRY: "register entry"}


def sealed_differences(connection: Connection, store: Store) -> Iterator[Difference]:
    for record_type in (NOTICES, ENTRIES):
        for whole in whole_records(connection, record_type):
            yield from _of_record(store, record_type, whole)
    # The facts of an area record are worked out again from the notices about the area.
    for row in area_rows(connection):
        summary = area_summary(live_notices(connection, [row.record_key]).get(row.record_key, ()))
        if row.live is not (summary is not None) or (summary and row.area_facts != to_json(summary.parts)):
            yield Difference(f"notice {row.pk} facts of its area", "others", "those of the notices on the area")


def _of_record(store: Store, record_type: RecordType[Any], whole: WholeRecord) -> Iterator[Difference]:
    row = whole.row
    what = f"{_NAMES[record_type.kind]} {row.pk}"
    try:
        private = store.vault.open(place(record_type.table.name, row.record_key), row.sealed)
    except VaultError:
        yield Difference(f"{what} sealed part", "does not open", "opens")
        return
    expected, areas = _tokens(store, record_type, row, private)
    if whole.tokens != expected:
        yield Difference(f"{what} tokens", _counted(whole.tokens, expected), str(len(expected)))
    if whole.areas != areas:
        yield Difference(f"{what} areas", _counted(whole.areas, areas), str(len(areas)))
    # If two versions tie, the columns hold the more dangerous facts, which may differ from the sealed version.
    if SAME_STAMP not in row.flags.split():
        yield from _of_facts(what, record_type.kind, row, private["record"])


def _tokens(
    store: Store, record_type: RecordType[Any], row: Any, private: Mapping[str, Any]
) -> tuple[set[bytes], set[bytes]]:
    # Returns the tokens of a record, and the keys of the areas that its notice is about.
    own = values_of(place_of(private), record_type.side)
    tied = [values_of(one, record_type.side) for one in private.get("rivals", ())]
    values = chain(own, *tied)
    tokens = {(kind, store.tokeniser.token(kind, value)) for kind, value in values}
    # The shared record of an area has the token of the area itself.
    is_entry = record_type.side is KeySide.ENTRY
    if is_entry or row.area_facts is not None or not shares_area(row.scope, own):
        return {token for _, token in tokens}, set()
    shared = {one for one in tokens if one[0] in OF_AREAS}
    areas = {store.tokeniser.area_key(row.feed_id, kind, token) for kind, token in shared}
    return {token for _, token in tokens - shared}, areas


def _counted(tokens: set[bytes], expected: set[bytes]) -> str:
    others = len(tokens - expected)
    return f"{len(tokens & expected)}" + (f" and {others} of no value" if others else "")


def _of_facts(what: str, kind: RecordKind, row: Any, record: Mapping[str, Any]) -> Iterator[Difference]:
    for column, name in _FACTS[kind].items():
        told, is_now = record.get(name), getattr(row, column)
        if told is not None and told != str(is_now):
            yield Difference(f"{what} {name.replace('_', ' ')}", str(is_now or "none"), str(told))
