"""Compares notices and register entries with their sealed parts, which nobody can change without a vault key.

A token that is missing, or a date that was changed, would hide a line at risk from matching.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection

from services.core.differences import Difference
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.places import values_of
from services.ingest.recording.record_types import ENTRIES, NOTICES, RecordType
from services.ingest.recording.rules.ties import SAME_STAMP, place_of
from services.ingest.recording.store.sealed import records_with_tokens
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
        for row, tokens in records_with_tokens(connection, record_type):
            yield from _of_record(store, record_type, row, tokens)


def _of_record(store: Store, record_type: RecordType[Any], row: Any, tokens: set[bytes]) -> Iterator[Difference]:
    what = f"{_NAMES[record_type.kind]} {row.pk}"
    try:
        private = store.vault.open(place(record_type.table.name, row.record_key), row.sealed)
    except VaultError:
        yield Difference(f"{what} sealed part", "does not open", "opens")
        return
    expected = _tokens(store, record_type, private)
    if tokens != expected:
        yield Difference(f"{what} tokens", _counted(tokens, expected), str(len(expected)))
    # Of two versions that tie, the columns hold the more dangerous facts, and not those of the version that is sealed.
    if SAME_STAMP not in row.flags.split():
        yield from _of_facts(what, record_type.kind, row, private["record"])


def _tokens(store: Store, record_type: RecordType[Any], private: Mapping[str, Any]) -> set[bytes]:
    places = chain([place_of(private)], private.get("rivals", ()))
    with_areas = record_type.kind is RecordKind.ENTRY
    values = chain.from_iterable(values_of(one, with_areas=with_areas) for one in places)
    return {store.tokeniser.token(kind, value) for kind, value in values}


def _counted(tokens: set[bytes], expected: set[bytes]) -> str:
    others = len(tokens - expected)
    return f"{len(tokens & expected)}" + (f" and {others} of no value" if others else "")


def _of_facts(what: str, kind: RecordKind, row: Any, record: Mapping[str, Any]) -> Iterator[Difference]:
    for column, name in _FACTS[kind].items():
        told, is_now = record.get(name), getattr(row, column)
        if told is not None and told != str(is_now):
            yield Difference(f"{what} {name.replace('_', ' ')}", str(is_now or "none"), str(told))
