from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from schemas.codes import MigrationKind, NoticeStatus, Scope, TargetService
from services.core.area_facts import to_json
from services.core.tokens import TokenKind
from services.ingest.recording.rules.area_notices import AreaNotice, AreaSummary
from services.ingest.recording.rules.sharding import shard_of
from services.ingest.recording.submission import ChangedRecord, SubmissionContext
from services.storage.bulk import bulk_insert
from services.storage.dialect import among, among_keys
from services.storage.sequences import allocate_ids
from services.storage.tables import area_members, notice_tokens, notices
from services.storage.vault import key_of, place

ROWS_A_READ = 1_000


class Area(NamedTuple):
    # The key of the area record.
    key: bytes
    # Canonical, such as `FY3 8`.
    value: str
    kind: TokenKind
    token: bytes


class AreaRecord(NamedTuple):
    pk: int
    revision: int
    live: bool
    digest: bytes


def keys_of_areas(connection: Connection, notice_pks: Collection[int]) -> set[bytes]:
    if not notice_pks:
        return set()
    query = select(area_members.c.area_key).where(among(connection, area_members.c.notice_pk, notice_pks))
    return set(connection.scalars(query))


def members_of(connection: Connection, keys: Collection[bytes]) -> Sequence[int]:
    """Return the id of one live notice for each area."""
    of, row = area_members.c, notices.c
    query = select(func.min(of.notice_pk)).join_from(area_members, notices, row.pk == of.notice_pk).where(row.live)
    parts = (query.where(condition) for condition in among_keys(connection, of.area_key, keys))
    return [pk for part in parts for pk in connection.scalars(part.group_by(of.area_key))]


def replace_members(connection: Connection, notice_pks: Collection[int], members: Sequence[tuple[bytes, int]]) -> None:
    connection.execute(delete(area_members).where(among(connection, area_members.c.notice_pk, notice_pks)))
    bulk_insert(connection, area_members, ("area_key", "notice_pk"), members)


def live_notices(connection: Connection, keys: Collection[bytes]) -> Mapping[bytes, Sequence[AreaNotice]]:
    """Return the live notices of each area. Live notices with the same facts become one item."""
    of, row = area_members.c, notices.c
    said = (row.status, row.migration_kind, row.target_service, row.planned_on, row.restriction_on)
    rival = (row.rival_status, row.rival_planned_on, row.rival_restriction_on)
    issued = (func.min(row.issued_at), func.max(row.issued_at), func.max(case((row.announced, 1), else_=0)))
    doubt = (row.planned_either, row.planned_or, row.restriction_either, row.restriction_or)
    query = (
        select(of.area_key, *said, *rival, *doubt, *issued)
        .join_from(area_members, notices, row.pk == of.notice_pk)
        .where(row.live)
        .group_by(of.area_key, *said, *rival, *doubt)
    )
    found: dict[bytes, list[AreaNotice]] = defaultdict(list)
    for condition in among_keys(connection, of.area_key, keys):
        for key, *values in connection.execute(query.where(condition)):
            found[key] += _versions(values)
    return found


def _versions(values: Sequence[Any]) -> list[AreaNotice]:
    status, kind, target, planned, restriction, rival_status, rival_planned, rival_restriction, *more = values
    planned_either, planned_or, restriction_either, restriction_or, first, last, announced = more
    codes = NoticeStatus(status), MigrationKind(kind), TargetService(target)
    one = AreaNotice(
        *codes,
        planned,
        restriction,
        first,
        last,
        bool(announced),
        (planned_either, planned_or) if planned_either else None,
        (restriction_either, restriction_or) if restriction_either else None,
    )
    if rival_status is None:
        return [one]
    # Nothing shows which of the two versions is valid, so both count.
    rival = NoticeStatus(rival_status)
    return [one, one._replace(status=rival, planned_on=rival_planned, restriction_on=rival_restriction)]


def find_area_records(connection: Connection, keys: Collection[bytes]) -> dict[bytes, AreaRecord]:
    row = notices.c
    query = select(row.record_key, row.pk, row.revision, row.live, row.digest)
    conditions = among_keys(connection, row.record_key, keys)
    rows = chain.from_iterable(connection.execute(query.where(condition)) for condition in conditions)
    return {key: AreaRecord(*values) for key, *values in rows}


def area_rows(connection: Connection) -> Iterator[Any]:
    row = notices.c
    columns = (row.pk, row.record_key, row.live, row.area_facts)
    query = select(*columns).where(row.area_facts.is_not(None)).order_by(row.pk)
    # Read in parts, because the caller reads other tables between two rows.
    last = 0
    while found := connection.execute(query.where(row.pk > last).limit(ROWS_A_READ)).all():
        yield from found
        last = found[-1].pk


def end_area_records(connection: Connection, ended: Iterable[tuple[bytes, AreaRecord]]) -> list[ChangedRecord]:
    changed = [ChangedRecord(record.pk, record.revision + 1, shard_of(key)) for key, record in ended]
    if changed:
        statement = update(notices).where(notices.c.pk == bindparam("b_pk"))
        values = [{"b_pk": record.pk, "revision": record.revision, "live": False} for record in changed]
        connection.execute(statement, values)
    return changed


def update_area_records(
    context: SubmissionContext, changed: Sequence[tuple[bytes, AreaRecord, AreaSummary]]
) -> list[ChangedRecord]:
    records = [ChangedRecord(record.pk, record.revision + 1, shard_of(key)) for key, record, _ in changed]
    if changed:
        rows = [
            {"b_pk": record.pk, "revision": record.revision + 1, **_facts_row(context, summary)}
            for _, record, summary in changed
        ]
        context.connection.execute(update(notices).where(notices.c.pk == bindparam("b_pk")), rows)
    return records


def insert_area_records(context: SubmissionContext, new: Sequence[tuple[Area, AreaSummary]]) -> list[ChangedRecord]:
    if not new:
        return []
    pks = allocate_ids(context.connection, notices.name, len(new))
    rows = [_new_row(context, pk, area, summary) for pk, (area, summary) in zip(pks, new, strict=True)]
    context.connection.execute(insert(notices), rows)
    tokens = [(area.token, pk, int(area.kind)) for pk, (area, _) in zip(pks, new, strict=True)]
    bulk_insert(context.connection, notice_tokens, ("token", "notice_pk", "kind"), tokens)
    return [ChangedRecord(pk, 1, shard_of(area.key)) for pk, (area, _) in zip(pks, new, strict=True)]


def digest_of(context: SubmissionContext, summary: AreaSummary) -> bytes:
    return context.store.tokeniser.digest(repr(summary).encode())


def _new_row(context: SubmissionContext, pk: int, area: Area, summary: AreaSummary) -> dict[str, Any]:
    record = {"id": f"area {area.value}", "scope": Scope.POSTCODE.value, "area_codes": [area.value]}
    sealed = context.store.vault.seal(place(notices.name, area.key), {"record": record, "numbers": []})
    return {
        "pk": pk,
        "record_key": area.key,
        "feed_id": context.feed_id,
        "shard": shard_of(area.key),
        "revision": 1,
        "scope": Scope.POSTCODE.value,
        "flags": "",
        "key_id": key_of(sealed),
        "sealed": sealed,
        **_facts_row(context, summary),
    }


def _facts_row(context: SubmissionContext, summary: AreaSummary) -> dict[str, Any]:
    # The columns of a notice show the first part: pending notices if there are any.
    shown = summary.parts[0]
    planned, restricted = summary.planned_readings or (None, None), summary.restriction_readings or (None, None)
    return {
        "live": True,
        "issued_at": shown.issued_at,
        "stamp_from": shown.issued_at,
        "stamp_until": shown.issued_at,
        "digest": digest_of(context, summary),
        "received_at": context.now,
        "status": shown.status.value,
        "migration_kind": shown.migration_kind.value,
        "target_service": shown.target_service.value,
        "planned_on": shown.planned[0] if shown.planned else None,
        "restriction_on": shown.restricted[0] if shown.restricted else None,
        "announced": shown.announced,
        "area_facts": to_json(summary.parts),
        "planned_either": planned[0],
        "planned_or": planned[1],
        "restriction_either": restricted[0],
        "restriction_or": restricted[1],
        "submission_id": context.submission_id,
    }
