from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, Table, or_, select, update

from schemas.codes import MatchDecision, MatchLevel, Scope
from services.core.addresses.address import AddressParts
from services.core.tokens import TokenKind
from services.matcher.pages import Page
from services.matcher.rules import Finding, Location
from services.matcher.step import (
    EntryRow,
    MatchOutcome,
    MatchRow,
    MatchState,
    NoticeRow,
    Pair,
    changes_of_settling,
)
from services.storage.bulk import bulk_upsert
from services.storage.damage import open_row
from services.storage.dialect import among, listed, looked_up, share_lock
from services.storage.store import Store
from services.storage.tables import entry_tokens, matches, notice_tokens, notices, register_entries
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import MissingKeyError, VaultError, place


@dataclass(frozen=True, slots=True)
class Side:
    tokens: Table
    # The column of `tokens` with the id of the record.
    owner: Column[int]


# By record id: the key for which the part is sealed, the sealed part, and the id of its vault key.
Sealed = dict[int, tuple[bytes, bytes, str]]

NOTICES = Side(notice_tokens, notice_tokens.c.notice_pk)
ENTRIES = Side(entry_tokens, entry_tokens.c.entry_pk)

_OF_FINDING = ("level", "reasons", "weight", "settles")
_KINDS = {int(kind): kind for kind in TokenKind}
_SCOPES = {scope.value: scope for scope in Scope}


def load(
    work: UnitOfWork, changed_notices: Collection[int], changed_entries: Collection[int], pages: Sequence[Page] = ()
) -> MatchState:
    connection = work.connection
    shared = _shared_tokens(connection, changed_notices, changed_entries)
    on_record = _matches(connection, changed_notices, changed_entries)
    for page in pages:
        for pair, kinds in page.shared.items():
            shared[pair] = shared.get(pair, set()) | kinds
        on_record.update(page.matched)
    # A stored match whose records share no token any more is loaded too, so that it can be ended.
    return state_of(work, shared, on_record)


def state_of(
    work: UnitOfWork, shared: Mapping[Pair, Collection[TokenKind]], on_record: Mapping[Pair, MatchRow]
) -> MatchState:
    connection, pairs = work.connection, shared.keys() | on_record.keys()
    found_notices, sealed_notices = _notices(connection, {pair[0] for pair in pairs})
    found_entries, sealed_entries = _entries(connection, {pair[1] for pair in pairs})
    return MatchState(
        notices=found_notices,
        entries=found_entries,
        shared=shared,
        matches=on_record,
        look=_looker(work.store, sealed_notices, sealed_entries),
    )


def _shared_tokens(
    connection: Connection, changed_notices: Collection[int], changed_entries: Collection[int]
) -> dict[Pair, set[TokenKind]]:
    shared: dict[Pair, set[TokenKind]] = defaultdict(set)
    if changed_notices:
        for notice, entry, kind in connection.execute(partners(connection, NOTICES, changed_notices, ENTRIES)).all():
            shared[notice, entry].add(_KINDS[kind])
    if changed_entries:
        for entry, notice, kind in connection.execute(partners(connection, ENTRIES, changed_entries, NOTICES)).all():
            shared[notice, entry].add(_KINDS[kind])
    return dict(shared)


def partners(connection: Connection, mine: Side, pks: Collection[int], theirs: Side) -> Select[Any]:
    """Select a row for each token that a record of `pks` shares with a record of the other side.

    The row has the id from `pks`, the id of the other record and the kind of the token.
    """
    # The tables are read one after another: see `looked_up` for the query plan that this avoids.
    changed, my, their = listed(connection, pks), mine.tokens.c, theirs.tokens.c
    is_mine = mine.owner == changed.c.value
    rows, held = looked_up(connection, changed, mine.tokens, is_mine, my.token, my.kind, mine.owner)
    rows, met = looked_up(connection, rows, theirs.tokens, their.token == held.token, theirs.owner)
    return select(held[mine.owner.name], met[theirs.owner.name], held.kind).select_from(rows)


def _matches(
    connection: Connection, changed_notices: Collection[int], changed_entries: Collection[int]
) -> dict[Pair, MatchRow]:
    row = matches.c
    if not (changed_notices or changed_entries):
        return {}
    sides = ((row.notice_pk, changed_notices), (row.entry_pk, changed_entries))
    conditions = [among(connection, column, pks) for column, pks in sides if pks]
    found = connection.execute(select(matches).where(or_(*conditions)))
    return {(match.notice_pk, match.entry_pk): match_row(match) for match in found}


def match_row(row: Any) -> MatchRow:
    finding = Finding(MatchLevel(row.level), tuple(row.reasons.split()), row.weight, row.settles)
    return MatchRow(row.live, finding, row.notice_revision, row.entry_revision, MatchDecision(row.decision))


def _notices(connection: Connection, pks: Collection[int]) -> tuple[dict[int, NoticeRow], Sealed]:
    row = notices.c
    query = select(row.pk, row.record_key, row.sealed, row.key_id, row.revision, row.live, row.scope)
    found, sealed = {}, {}
    for pk, key, body, key_id, revision, live, scope in _rows(connection, query, row.pk, pks):
        found[pk], sealed[pk] = NoticeRow(pk, revision, live, _SCOPES[scope]), (key, body, key_id)
    return found, sealed


def _entries(connection: Connection, pks: Collection[int]) -> tuple[dict[int, EntryRow], Sealed]:
    row = register_entries.c
    query = select(row.pk, row.record_key, row.sealed, row.key_id, row.revision, row.live, row.feed_id, row.shard)
    found, sealed = {}, {}
    for pk, key, body, key_id, *values in _rows(connection, query, row.pk, pks):
        found[pk], sealed[pk] = EntryRow(pk, *values), (key, body, key_id)
    return found, sealed


def _rows(
    connection: Connection, query: Select[Any], column: ColumnElement[int], pks: Collection[int]
) -> Iterable[Any]:
    # All rows are fetched in one call: one call for each row costs more than reading the rows.
    return connection.execute(query.where(among(connection, column, pks))).all() if pks else ()


def _looker(
    store: Store, sealed_notices: Sealed, sealed_entries: Sealed
) -> Callable[[Pair], tuple[Location, Location]]:
    # Each address is decrypted once, when it is first needed: most matches are decided by the telephone number.
    seen_notices: dict[int, Location] = {}
    seen_entries: dict[int, Location] = {}

    def look(pair: Pair) -> tuple[Location, Location]:
        notice, entry = pair
        return (
            _open(store, notices.name, notice, sealed_notices, seen_notices),
            _open(store, register_entries.name, entry, sealed_entries, seen_entries),
        )

    return look


def _open(store: Store, table: str, pk: int, sealed: Sealed, seen: dict[int, Location]) -> Location:
    if pk not in seen:
        key, body, key_id = sealed[pk]
        try:
            seen[pk] = location_of(open_row(store.vault, place(table, key), body, key_id))
        except MissingKeyError:
            # The key may come with the next look at the key file, so the batch is tried again.
            raise
        except VaultError:
            # Without the location, nothing rules out a match. The other pairs of the batch are matched as usual.
            store.damaged.note(table, pk)
            seen[pk] = Location(has_numbers=False, parts=None)
    return seen[pk]


def location_of(private: Mapping[str, Any]) -> Location:
    parts = private.get("parts")
    others = tuple(location_of(rival) for rival in private.get("rivals", ()))
    return Location(
        bool(private.get("numbers")),
        AddressParts.from_compact(parts) if parts else None,
        private.get("uprn"),
        private.get("postcode"),
        tuple(private.get("places") or ()),
        bool((private.get("record") or {}).get("scheme_id")),
        others,
    )


def find_match(connection: Connection, pair: Pair, feed_id: str | None) -> Row[Any] | None:
    notice, entry = pair
    query = (
        select(matches, register_entries.c.feed_id, register_entries.c.shard)
        .join_from(matches, register_entries, register_entries.c.pk == matches.c.entry_pk)
        .where(matches.c.notice_pk == notice, matches.c.entry_pk == entry, matches.c.live)
    )
    if feed_id is not None:
        query = query.where(register_entries.c.feed_id == feed_id)
    return connection.execute(query).one_or_none()


def save_decision(connection: Connection, pair: Pair, decision: MatchDecision, level: str, now: datetime) -> None:
    # `level` is the level at the time of the decision. If the match becomes surer, the person is asked again.
    notice, entry = pair
    if share_lock(connection):
        # The decision may settle whose line it is: see `_still_current`.
        _locked(connection, notices, [notice], alone=True)
    connection.execute(
        update(matches)
        .where(matches.c.notice_pk == notice, matches.c.entry_pk == entry)
        .values(decision=decision.value, decided_level=level, decided_at=now)
    )


def save(work: UnitOfWork, state: MatchState, outcome: MatchOutcome) -> MatchOutcome:
    """Save found and ended matches. Return the matches that were saved."""
    # A pair is left out if one of its records has changed since `state` was loaded. The event about the change will
    # match the pair again.
    connection, now = work.connection, work.now
    lasting = _still_current(connection, state, outcome)
    if lasting.found:
        # Rows are sorted, so that two workers lock the same rows in the same order.
        rows = [_match_row(state, pair, lasting.found[pair], now) for pair in sorted(lasting.found)]
        # An update does not change the decision of a person.
        changing = ("live", *_OF_FINDING, "notice_revision", "entry_revision", "found_at", "ended_at")
        bulk_upsert(connection, matches, ("notice_pk", "entry_pk"), changing, rows)
    for notice, entry in sorted(lasting.ended):
        connection.execute(
            update(matches)
            .where(matches.c.notice_pk == notice, matches.c.entry_pk == entry)
            .values(live=False, ended_at=now)
        )
    return lasting


def _still_current(connection: Connection, state: MatchState, outcome: MatchOutcome) -> MatchOutcome:
    # Share locks keep both records of every pair unchanged until the match is written. SQLite has only one writer and
    # needs no lock.
    if not share_lock(connection):
        return outcome
    pairs = outcome.found.keys() | outcome.ended.keys()
    # Notices are locked before entries, and both in the order of their ids. If a pair begins or ceases to settle whose
    # line it is, no other worker may add a match of the notice before the others are announced.
    alone = bool(changes_of_settling(state, outcome))
    current_notices = _locked(connection, notices, sorted({notice for notice, _ in pairs}), alone=alone)
    current_entries = _locked(connection, register_entries, sorted({entry for _, entry in pairs}))

    def current(pair: Pair) -> bool:
        revisions = (state.notices[pair[0]].revision, state.entries[pair[1]].revision)
        return (current_notices[pair[0]], current_entries[pair[1]]) == revisions

    return MatchOutcome(
        found={pair: finding for pair, finding in outcome.found.items() if current(pair)},
        ended={pair: why for pair, why in outcome.ended.items() if current(pair)},
    )


def _locked(connection: Connection, table: Any, pks: Sequence[int], *, alone: bool = False) -> dict[int, int]:
    # `key_share` lets other transactions insert rows that refer to these.
    query = select(table.c.pk, table.c.revision).order_by(table.c.pk).with_for_update(read=not alone, key_share=alone)
    return {pk: revision for pk, revision in _rows(connection, query, table.c.pk, pks)}  # noqa: C416 - rows are no pairs to dict()


def _match_row(state: MatchState, pair: Pair, finding: Finding, now: datetime) -> dict[str, Any]:
    return {
        "notice_pk": pair[0],
        "entry_pk": pair[1],
        "live": True,
        "level": finding.level.value,
        "reasons": " ".join(finding.reasons),
        "weight": finding.weight,
        "settles": finding.settles,
        "notice_revision": state.notices[pair[0]].revision,
        "entry_revision": state.entries[pair[1]].revision,
        "found_at": now,
        "ended_at": None,
        "decision": MatchDecision.UNDECIDED.value,
    }
