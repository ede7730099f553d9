from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from services.core.tokens import TokenKind
from services.ingest.reading.drafts import Facts, NoticeFacts
from services.ingest.reading.places import OF_AREAS
from services.ingest.reading.rules import sealed_form
from services.ingest.reading.stamps import Stamp, trusted
from services.ingest.recording.record_types import RecordType, WrittenRecord
from services.ingest.recording.rules.sharding import shard_of
from services.ingest.recording.rules.step import Keyed, Plan, Recorded
from services.ingest.recording.submission import SubmissionContext
from services.storage.bulk import bulk_insert
from services.storage.damage import open_row
from services.storage.dialect import among, among_keys
from services.storage.sequences import allocate_ids
from services.storage.vault import MissingKeyError, VaultError, key_of, place


def find_recorded(
    context: SubmissionContext, record_type: RecordType[Facts], keys: Sequence[bytes]
) -> dict[bytes, Recorded]:
    # Without the encrypted part, which is large and needed only for ties.
    query = select(*(column for column in record_type.table.c if column.name != "sealed"))
    conditions = among_keys(context.connection, record_type.table.c.record_key, keys)
    rows = (row for condition in conditions for row in context.connection.execute(query.where(condition)))
    return {row.record_key: _record_of(record_type, row, context.now) for row in rows}


def open_record(context: SubmissionContext, record_type: RecordType[Facts], record: Recorded) -> Mapping[str, Any]:
    return open_records(context, record_type, [record.pk])[record.pk]


def open_records(
    context: SubmissionContext, record_type: RecordType[Facts], pks: Collection[int]
) -> dict[int, Mapping[str, Any]]:
    """Decrypt records. A damaged record gives an empty mapping."""
    table = record_type.table
    columns = (table.c.pk, table.c.record_key, table.c.sealed, table.c.key_id)
    query = select(*columns).where(among(context.connection, table.c.pk, pks))
    return {row.pk: _opened(context, table.name, row) for row in context.connection.execute(query)}


def _opened(context: SubmissionContext, table: str, row: Any) -> Mapping[str, Any]:
    try:
        opened: Mapping[str, Any] = open_row(context.store.vault, place(table, row.record_key), row.sealed, row.key_id)
    except MissingKeyError:
        raise
    except VaultError:
        # A sender must be able to replace a record that is damaged.
        context.store.damaged.note(table, row.pk)
        return {}
    return opened


def write_records(
    context: SubmissionContext, record_type: RecordType[Facts], planned: Plan[Facts]
) -> list[tuple[int, int, Keyed[Facts]]]:
    pks = allocate_ids(context.connection, record_type.table.name, len(planned.new))
    new = [(pk, 1, version) for pk, version in zip(pks, planned.new, strict=True)]
    # Sorted by id. The matcher locks records in the same order, so two transactions cannot deadlock.
    newer = sorted(((record.pk, record.revision + 1, version) for record, version in planned.newer), key=itemgetter(0))
    _insert(context.connection, record_type, [_row(context, record_type, *target) for target in new])
    _update(context.connection, record_type, [_row(context, record_type, *target) for target in newer])
    _move_stamps(
        context.connection, record_type, [(record.pk, version.draft.stamp) for record, version in planned.confirmed]
    )
    return [*new, *newer]


def write_tokens(
    connection: Connection, record_type: RecordType[Facts], written: Sequence[WrittenRecord[Facts]]
) -> None:
    rows = [(token, record.pk, int(kind)) for record in written for kind, token in _own_tokens(record)]
    bulk_insert(connection, record_type.tokens, ("token", record_type.owner, "kind"), rows)


def _own_tokens(record: WrittenRecord[Facts]) -> Iterator[tuple[TokenKind, bytes]]:
    facts = record.draft.facts
    shares_area = isinstance(facts, NoticeFacts) and facts.shares_area
    return ((kind, token) for kind, token in record.tokens if not (shares_area and kind in OF_AREAS))


def _record_of(record_type: RecordType[Facts], row: Any, now: datetime) -> Recorded:
    # A recorded stamp that lies in the future would block every correction, so it counts as unknown.
    stamp = trusted(Stamp(getattr(row, record_type.stamp), row.stamp_from, row.stamp_until), now)
    return Recorded(row.pk, row.revision, stamp, row.digest, *record_type.decisive(row))


def _row(
    context: SubmissionContext, record_type: RecordType[Facts], pk: int, revision: int, version: Keyed[Facts]
) -> dict[str, Any]:
    draft = version.draft
    rivals = version.rival.places if version.rival else ()
    # Bound to table and key: the encrypted part of one record cannot be opened as the part of another record.
    sealed = context.store.vault.seal_json(place(record_type.table.name, version.key), sealed_form(draft, rivals))
    return {
        "pk": pk,
        "record_key": version.key,
        "feed_id": context.feed_id,
        "shard": shard_of(version.key),
        "revision": revision,
        record_type.stamp: draft.stamp.at,
        "stamp_from": draft.stamp.earliest,
        "stamp_until": draft.stamp.latest,
        "digest": version.digest,
        "received_at": context.now,
        "live": True,
        "flags": " ".join(sorted({issue.code for issue in draft.issues})) if draft.issues else "",
        "submission_id": context.submission_id,
        "key_id": key_of(sealed),
        "sealed": sealed,
        **record_type.clear(version, context.key_of),
    }


def _insert(connection: Connection, record_type: RecordType[Facts], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        bulk_insert(connection, record_type.table, tuple(rows[0]), [tuple(row.values()) for row in rows])


def _update(connection: Connection, record_type: RecordType[Facts], rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    # The prefix keeps the parameters apart from the column names, which SQLAlchemy reserves in an UPDATE.
    names = [name for name in rows[0] if name != "pk"]
    statement = (
        update(record_type.table)
        .where(record_type.table.c.pk == bindparam("b_pk"))
        .values({name: bindparam(f"b_{name}") for name in names})
    )
    connection.execute(statement, [{f"b_{name}": value for name, value in row.items()} for row in rows])
    # Removes the tokens of the previous version. `write_tokens` inserts the tokens of the new version.
    owner = record_type.tokens.c[record_type.owner]
    connection.execute(
        delete(record_type.tokens).where(owner == bindparam("b_pk")), [{"b_pk": row["pk"]} for row in rows]
    )


def _move_stamps(connection: Connection, record_type: RecordType[Facts], stamps: Sequence[tuple[int, Stamp]]) -> None:
    # No new revision: nothing that matching reads has changed.
    if not stamps:
        return
    columns = (record_type.stamp, "stamp_from", "stamp_until")
    moved: dict[str, Any] = {name: bindparam(f"b_{name}") for name in columns}
    statement = update(record_type.table).where(record_type.table.c.pk == bindparam("b_pk")).values(moved)
    rows = [{"b_pk": pk} | {f"b_{name}": at for name, at in zip(columns, stamp, strict=True)} for pk, stamp in stamps]
    connection.execute(statement, rows)
