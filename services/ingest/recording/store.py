"""Writes drafts: records, tokens, the events that announce them and the audit, in the caller's one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from services.core.audit import AuditAction
from services.core.clock import london_day
from services.ingest.reading.drafts import Draft, Facts, NoticeFacts, RecordKind
from services.ingest.reading.outcomes import RowOutcome
from services.ingest.reading.places import values_of
from services.ingest.reading.rules import sealed_form
from services.ingest.reading.stamps import Stamp, trusted
from services.ingest.recording.record_types import NOTICES, RecordType, WrittenRecord
from services.ingest.recording.sharding import by_shard, shard_of
from services.ingest.recording.step import Keyed, Plan, Recorded, plan
from services.ingest.recording.submission_context import SubmissionContext
from services.ingest.recording.supersession import already_superseded, settle_supersessions, superseded_by
from services.storage.audit import AuditRow, write_audit
from services.storage.bulk import bulk_insert
from services.storage.dialect import among_keys
from services.storage.events.outbox import Announcement
from services.storage.sequences import allocate_ids
from services.storage.store import Store
from services.storage.vault import key_of, place


def write_drafts(
    context: SubmissionContext, record_type: RecordType[Facts], drafts: Sequence[Draft[Facts]]
) -> list[RowOutcome]:
    """Record what is new, and say of every draft what became of it."""
    made = _planned(context, record_type, drafts)
    touched = _supersessions_touched(context, record_type, made)
    written = _write(context, record_type, made)
    if touched:
        settle_supersessions(context, touched)
    _announce(context, record_type, written)
    context.note(record_type.accepted, [(one.pk, one.revision) for one in written])
    _note_leads(context, made.new)
    context.note(record_type.stale, [(record.pk, record.revision) for record in made.stale])
    return made.outcomes


def try_drafts(
    context: SubmissionContext, record_type: RecordType[Facts], drafts: Sequence[Draft[Facts]]
) -> list[RowOutcome]:
    """Say of every draft what would become of it, and write nothing."""
    return _planned(context, record_type, drafts).outcomes


def _planned(context: SubmissionContext, record_type: RecordType[Facts], drafts: Sequence[Draft[Facts]]) -> Plan[Facts]:
    keyed = [_keyed(context, draft) for draft in drafts]
    recorded = _recorded(context, record_type, [one.key for one in keyed])
    return plan(record_type.kind, keyed, recorded, partial(_opened, context, record_type))


def _note_leads(context: SubmissionContext, new: Sequence[Keyed[Facts]]) -> None:
    """Say in the audit how early new notices came."""
    facts = [one.draft.facts for one in new]
    leads = Counter(_lead(one, london_day(context.now)) for one in facts if isinstance(one, NoticeFacts))
    if leads:
        fields = {"submission": context.submission_id, "leads": dict(leads)}
        row = AuditRow(AuditAction.NOTICES_TIMED, fields, subject=context.submission_id, feed_id=context.feed_id)
        write_audit(context.connection, context.store.vault, [row], context.now)


def _lead(facts: NoticeFacts, today: date) -> str:
    days = [day for day in (facts.planned_on, facts.restriction_on) if day is not None]
    return str((min(days) - today).days) if days else "none"


def _supersessions_touched(context: SubmissionContext, record_type: RecordType[Facts], made: Plan[Facts]) -> set[bytes]:
    """The keys of notices that may be live no longer, or again, once the plan is written."""
    if record_type.table is not NOTICES.table:
        return set()
    changed = [*made.new, *(one for _, one in (*made.newer, *made.confirmed))]
    before = superseded_by(context.connection, [record.pk for record, _ in (*made.newer, *made.confirmed)])
    named = [one.draft.facts.supersedes for one in changed if isinstance(one.draft.facts, NoticeFacts)]
    after = {context.key_of(reference) for reference in named if reference}
    return before | after | already_superseded(context.connection, [one.key for one in changed])


def _keyed(context: SubmissionContext, draft: Draft[Facts]) -> Keyed[Facts]:
    return Keyed(context.key_of(draft.reference), context.store.tokeniser.digest(draft.content), draft)


def _recorded(
    context: SubmissionContext, record_type: RecordType[Facts], keys: Sequence[bytes]
) -> dict[bytes, Recorded]:
    query = select(*(column for column in record_type.table.c if column.name != "sealed"))
    named = among_keys(context.connection, record_type.table.c.record_key, keys)
    rows = (row for one in named for row in context.connection.execute(query.where(one)))
    return {row.record_key: _record_of(record_type, row, context.now) for row in rows}


def _record_of(record_type: RecordType[Facts], row: Any, now: datetime) -> Recorded:
    stamp = trusted(Stamp(getattr(row, record_type.stamp), row.stamp_from, row.stamp_until), now)
    return Recorded(row.pk, row.revision, stamp, row.digest, *record_type.decisive(row))


def _opened(context: SubmissionContext, record_type: RecordType[Facts], record: Recorded) -> Mapping[str, Any]:
    """What is sealed of a record."""
    table = record_type.table
    row = context.connection.execute(select(table.c.record_key, table.c.sealed).where(table.c.pk == record.pk)).one()
    opened: Mapping[str, Any] = context.store.vault.open(place(table.name, row.record_key), row.sealed)
    return opened


def _write(context: SubmissionContext, record_type: RecordType[Facts], made: Plan[Facts]) -> list[WrittenRecord[Facts]]:
    pks = allocate_ids(context.connection, record_type.table.name, len(made.new))
    new = [(pk, 1, one) for pk, one in zip(pks, made.new, strict=True)]
    # In the order in which a matcher holds records still: neither waits for the other in a circle.
    newer = sorted(((record.pk, record.revision + 1, one) for record, one in made.newer), key=itemgetter(0))
    _insert(context.connection, record_type, [_row(context, record_type, *target) for target in new])
    _update(context.connection, record_type, [_row(context, record_type, *target) for target in newer])
    _move_stamps(context.connection, record_type, [(record.pk, one.draft.stamp) for record, one in made.confirmed])
    written = [_written(context.store, record_type, *target) for target in chain(new, newer)]
    _write_tokens(context.connection, record_type, written)
    return written


def _row(
    context: SubmissionContext, record_type: RecordType[Facts], pk: int, revision: int, one: Keyed[Facts]
) -> dict[str, Any]:
    draft = one.draft
    rivals = one.rival.places if one.rival else ()
    sealed = context.store.vault.seal_json(place(record_type.table.name, one.key), sealed_form(draft, rivals))
    return {
        "pk": pk,
        "record_key": one.key,
        "feed_id": context.feed_id,
        "shard": shard_of(one.key),
        "revision": revision,
        record_type.stamp: draft.stamp.at,
        "stamp_from": draft.stamp.earliest,
        "stamp_until": draft.stamp.latest,
        "digest": one.digest,
        "received_at": context.now,
        "live": True,
        "flags": " ".join(sorted({issue.code for issue in draft.issues})) if draft.issues else "",
        "submission_id": context.submission_id,
        "key_id": key_of(sealed),
        "sealed": sealed,
        **record_type.clear(one, context.key_of),
    }


def _insert(connection: Connection, record_type: RecordType[Facts], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        bulk_insert(connection, record_type.table, tuple(rows[0]), [tuple(row.values()) for row in rows])


def _update(connection: Connection, record_type: RecordType[Facts], rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    names = [name for name in rows[0] if name != "pk"]
    statement = (
        update(record_type.table)
        .where(record_type.table.c.pk == bindparam("b_pk"))
        .values({name: bindparam(f"b_{name}") for name in names})
    )
    connection.execute(statement, [{f"b_{name}": value for name, value in row.items()} for row in rows])
    owner = record_type.tokens.c[record_type.owner]
    connection.execute(
        delete(record_type.tokens).where(owner == bindparam("b_pk")), [{"b_pk": row["pk"]} for row in rows]
    )


def _move_stamps(connection: Connection, record_type: RecordType[Facts], stamps: Sequence[tuple[int, Stamp]]) -> None:
    if not stamps:
        return
    columns = (record_type.stamp, "stamp_from", "stamp_until")
    moved: dict[str, Any] = {name: bindparam(f"b_{name}") for name in columns}
    statement = update(record_type.table).where(record_type.table.c.pk == bindparam("b_pk")).values(moved)
    rows = [{"b_pk": pk} | {f"b_{name}": at for name, at in zip(columns, stamp, strict=True)} for pk, stamp in stamps]
    connection.execute(statement, rows)


def _written(
    store: Store, record_type: RecordType[Facts], pk: int, revision: int, one: Keyed[Facts]
) -> WrittenRecord[Facts]:
    token, values = store.tokeniser.token, one.draft.values
    if one.rival:
        is_entry = record_type.kind is RecordKind.ENTRY
        theirs = [values_of(where, with_areas=is_entry) for where in one.rival.places]
        values = tuple(dict.fromkeys(chain(values, *theirs)))
    tokens = tuple([(kind, token(kind, value)) for kind, value in values])
    return WrittenRecord(pk, revision, shard_of(one.key), tokens, one.draft)


def _write_tokens(
    connection: Connection, record_type: RecordType[Facts], written: Sequence[WrittenRecord[Facts]]
) -> None:
    rows = [(token, one.pk, int(kind)) for one in written for kind, token in one.tokens]
    bulk_insert(connection, record_type.tokens, ("token", record_type.owner, "kind"), rows)


def _announce(
    context: SubmissionContext, record_type: RecordType[Facts], written: Sequence[WrittenRecord[Facts]]
) -> None:
    """Raise the events that announce written records: one for each chunk of a shard."""
    context.tell(
        [
            Announcement("ingest", key, record_type.announce(context.feed_id, context.submission_id, members))
            for key, members in by_shard(context.feed_id, written, lambda one: one.shard)
        ]
    )
