from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from schemas.codes import Scope
from services.core.addresses.keys.keys import KeySide
from services.core.tokens import TokenKind
from services.ingest.reading.places import values_of
from services.matcher.rules import Finding, Location, judge
from services.matcher.store.matches import location_of
from services.storage.store import Store
from services.storage.tables import matches, notices, register_entries
from services.storage.vault import place

Value = tuple[TokenKind, str]
# The key is a notice and an entry. The value is the level, the reasons, the notice's version and the entry's version.
Pairs = dict[tuple[int, int], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Differences:
    # Pairs that should match, but have no stored match.
    missed: frozenset[tuple[int, int]]
    # Pairs whose stored match should not exist, or has a wrong level, wrong reasons or old versions.
    stale: frozenset[tuple[int, int]]

    def __bool__(self) -> bool:
        return bool(self.missed or self.stale)


NONE = Differences(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class LiveRecord:
    pk: int
    revision: int
    values: frozenset[Value]
    whereabouts: Location


def differences(store: Store) -> Differences:
    with store.reading() as connection:
        kept, called_for = _on_record(connection), _judged(store, connection)
    stale = {pair for pair, match in kept.items() if called_for.get(pair) != match}
    return Differences(frozenset(called_for.keys() - kept.keys()), frozenset(stale))


def _on_record(connection: Connection) -> Pairs:
    row = matches.c
    columns = (row.notice_pk, row.entry_pk, row.level, row.reasons, row.notice_revision, row.entry_revision)
    found = connection.execute(select(*columns).where(row.live))
    return {(notice, entry): tuple(match) for notice, entry, *match in found}


def live_matches(store: Store) -> int:
    with store.reading() as connection:
        return len(_on_record(connection))


def _judged(store: Store, connection: Connection) -> Pairs:
    entries = defaultdict(list)
    for entry in _standing(store, connection, register_entries):
        for value in entry.values:
            entries[value].append(entry)
    judged: Pairs = {}
    for notice in _standing(store, connection, notices):
        for entry in {entry.pk: entry for value in notice.values for entry in entries[value]}.values():
            finding = _finding(notice, entry)
            if finding is not None:
                match = (finding.level.value, " ".join(finding.reasons), notice.revision, entry.revision)
                judged[notice.pk, entry.pk] = match
    return judged


def _finding(notice: LiveRecord, entry: LiveRecord) -> Finding | None:
    kinds = {kind for kind, _ in notice.values & entry.values}
    return judge(kinds, Scope.LINE, lambda: (notice.whereabouts, entry.whereabouts))


def _standing(store: Store, connection: Connection, table: Table) -> Iterator[LiveRecord]:
    row = table.c
    for pk, revision, key, sealed in connection.execute(
        select(row.pk, row.revision, row.record_key, row.sealed).where(row.live)
    ):
        private = store.vault.open(place(table.name, key), sealed)
        side = KeySide.NOTICE if table is notices else KeySide.ENTRY
        yield LiveRecord(pk, revision, frozenset(values_of(private, side)), location_of(private))
