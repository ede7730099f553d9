"""Writes drafts: records, tokens, the events that announce them and the audit, in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from schemas.events import CHUNK
from services.core.audit import AuditWord
from services.ingest.drafts import Draft, Facts, NoticeFacts
from services.ingest.outcomes import RowOutcome
from services.ingest.rules import sealed_form
from services.ingest.sharding import by_shard, shard_of
from services.ingest.shelves import NOTICES, Shelf, Written
from services.ingest.step import Keyed, Plan, Recorded, plan
from services.ingest.supersession import already_superseded, settle_supersessions, superseded_by
from services.storage.audit import AuditRow, write_audit
from services.storage.bulk import bulk_insert
from services.storage.outbox import Announcement, announce
from services.storage.sequences import take
from services.storage.store import Store
from services.storage.vault import place

LOOKUP = 5_000
"""How many keys one statement looks up: well under the limits of both databases."""


def write_drafts(
    connection: Connection,
    store: Store,
    shelf: Shelf[Facts],
    feed_id: str,
    submission_id: str,
    drafts: Sequence[Draft[Facts]],
    now: datetime,
) -> list[RowOutcome]:
    """Record what is new, and say of every draft what became of it."""
    keyed = [_keyed(store, feed_id, draft) for draft in drafts]
    made = plan(keyed, _recorded(connection, shelf, [one.key for one in keyed]))
    touched = _supersessions_touched(connection, store, shelf, feed_id, made)
    written = _write(connection, store, shelf, feed_id, submission_id, made, now)
    changed = [(one.pk, one.revision) for one in written]
    if touched:
        settle_supersessions(connection, store, feed_id, submission_id, touched, now)
    announce_written(connection, store, shelf, feed_id, submission_id, written, now)
    _audit(connection, store, shelf.accepted, feed_id, submission_id, changed, now)
    stale = [(record.pk, record.revision) for record in made.stale]
    _audit(connection, store, shelf.stale, feed_id, submission_id, stale, now)
    return made.outcomes


def _supersessions_touched(
    connection: Connection, store: Store, shelf: Shelf[Facts], feed_id: str, made: Plan[Facts]
) -> set[bytes]:
    """The keys of notices that may be live no longer, or again, once the plan is written."""
    if shelf.table is not NOTICES.table:
        return set()
    changed = [*made.new, *(one for _, one in (*made.newer, *made.confirmed))]
    before = superseded_by(connection, [record.pk for record, _ in (*made.newer, *made.confirmed)])
    named = [one.draft.facts.supersedes for one in changed if isinstance(one.draft.facts, NoticeFacts)]
    after = {store.tokeniser.record_key(feed_id, reference) for reference in named if reference}
    return before | after | already_superseded(connection, [one.key for one in changed])


def _keyed(store: Store, feed_id: str, draft: Draft[Facts]) -> Keyed[Facts]:
    return Keyed(store.tokeniser.record_key(feed_id, draft.reference), store.tokeniser.digest(draft.content), draft)


def _recorded(connection: Connection, shelf: Shelf[Facts], keys: Sequence[bytes]) -> dict[bytes, Recorded]:
    table = shelf.table.c
    query = select(table.record_key, table.pk, table.revision, table[shelf.stamp], table.digest, table.live)
    found: dict[bytes, Recorded] = {}
    for start in range(0, len(keys), LOOKUP):
        for key, *values in connection.execute(query.where(table.record_key.in_(keys[start : start + LOOKUP]))):
            found[key] = Recorded(*values)
    return found


def _write(
    connection: Connection,
    store: Store,
    shelf: Shelf[Facts],
    feed_id: str,
    submission_id: str,
    made: Plan[Facts],
    now: datetime,
) -> list[Written[Facts]]:
    pks = take(connection, shelf.table.name, len(made.new))
    targets = [(pk, 1, one) for pk, one in zip(pks, made.new, strict=True)]
    changes = [(record.pk, record.revision + 1, one) for record, one in made.newer]
    columns = [_row(store, shelf, feed_id, submission_id, *target, now) for target in chain(targets, changes)]
    if targets:
        bulk_insert(
            connection, shelf.table, tuple(columns[0]), [tuple(row.values()) for row in columns[: len(targets)]]
        )
    if changes:
        _update(connection, shelf, columns[len(targets) :])
    if made.confirmed:
        _move_stamps(connection, shelf, [(record.pk, one.draft.stamp) for record, one in made.confirmed])
    written = [_written(store, *target) for target in chain(targets, changes)]
    _write_tokens(connection, shelf, written)
    return written


def _row(
    store: Store,
    shelf: Shelf[Facts],
    feed_id: str,
    submission_id: str,
    pk: int,
    revision: int,
    one: Keyed[Facts],
    now: datetime,
) -> dict[str, Any]:
    draft = one.draft
    return {
        "pk": pk,
        "record_key": one.key,
        "feed_id": feed_id,
        "shard": shard_of(one.key),
        "revision": revision,
        shelf.stamp: draft.stamp,
        "digest": one.digest,
        "received_at": now,
        "live": True,
        "flags": " ".join(sorted({issue.code for issue in draft.issues})),
        "submission_id": submission_id,
        "key_id": store.vault.current,
        "sealed": store.vault.seal_json(place(shelf.table.name, one.key), sealed_form(draft)),
        **shelf.clear(draft, lambda reference: store.tokeniser.record_key(feed_id, reference)),
    }


def _update(connection: Connection, shelf: Shelf[Facts], rows: Sequence[dict[str, Any]]) -> None:
    names = [name for name in rows[0] if name != "pk"]
    statement = (
        update(shelf.table)
        .where(shelf.table.c.pk == bindparam("b_pk"))
        .values({name: bindparam(f"b_{name}") for name in names})
    )
    connection.execute(statement, [{f"b_{name}": value for name, value in row.items()} for row in rows])
    owner = shelf.tokens.c[shelf.owner]
    connection.execute(delete(shelf.tokens).where(owner == bindparam("b_pk")), [{"b_pk": row["pk"]} for row in rows])


def _move_stamps(connection: Connection, shelf: Shelf[Facts], stamps: Iterable[tuple[int, datetime]]) -> None:
    table = shelf.table
    statement = update(table).where(table.c.pk == bindparam("b_pk")).values({shelf.stamp: bindparam("b_stamp")})
    connection.execute(statement, [{"b_pk": pk, "b_stamp": stamp} for pk, stamp in stamps])


def _written(store: Store, pk: int, revision: int, one: Keyed[Facts]) -> Written[Facts]:
    token = store.tokeniser.token
    tokens = tuple((kind, token(kind, value)) for kind, value in one.draft.values)
    return Written(pk, revision, shard_of(one.key), tokens, one.draft)


def _write_tokens(connection: Connection, shelf: Shelf[Facts], written: Sequence[Written[Facts]]) -> None:
    rows = [(token, one.pk, int(kind)) for one in written for kind, token in one.tokens]
    bulk_insert(connection, shelf.tokens, ("token", shelf.owner, "kind"), rows)


def announce_written(
    connection: Connection,
    store: Store,
    shelf: Shelf[Facts],
    feed_id: str,
    submission_id: str,
    written: Sequence[Written[Facts]],
    now: datetime,
) -> None:
    """Raise the events that announce written records: one for each chunk of a shard."""
    announcements = [
        Announcement("ingest", key, shelf.announce(feed_id, submission_id, members))
        for key, members in by_shard(feed_id, written, lambda one: one.shard)
    ]
    announce(connection, announcements, now, store.random)


def _audit(
    connection: Connection,
    store: Store,
    word: AuditWord,
    feed_id: str,
    submission_id: str,
    records: Sequence[tuple[int, int]],
    now: datetime,
) -> None:
    rows = [
        AuditRow(
            word,
            {"submission": submission_id, "records": records[start : start + CHUNK]},
            subject=submission_id,
            feed_id=feed_id,
        )
        for start in range(0, len(records), CHUNK)
    ]
    write_audit(connection, store.vault, rows, now)
