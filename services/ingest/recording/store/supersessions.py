# A notice is announced if a version reported the migration in advance.

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, exists, select, update

from services.ingest.recording.rules.supersession_rule import IssuedNotice
from services.ingest.recording.submission import ChangedRecord
from services.storage.dialect import among, among_keys
from services.storage.tables import notices


class FoundNotice(NamedTuple):
    pk: int
    revision: int
    shard: int
    live: bool
    issued: IssuedNotice
    supersedes_key: bytes | None

    @property
    def changed(self) -> ChangedRecord:
        # With the revision that `set_live` will write.
        return ChangedRecord(self.pk, self.revision + 1, self.shard)


def superseded_by(connection: Connection, pks: Collection[int]) -> set[bytes]:
    if not pks:
        return set()
    query = select(notices.c.supersedes_key).where(notices.c.supersedes_key.is_not(None))
    return set(connection.scalars(query.where(among(connection, notices.c.pk, pks))))


def already_superseded(connection: Connection, keys: Collection[bytes]) -> set[bytes]:
    query, column = select(notices.c.supersedes_key), notices.c.supersedes_key
    found = (connection.scalars(query.where(condition)) for condition in among_keys(connection, column, keys))
    return set(chain.from_iterable(found))


def known_notices(connection: Connection, keys: Collection[bytes]) -> set[bytes]:
    query, column = select(notices.c.record_key), notices.c.record_key
    found = (connection.scalars(query.where(condition)) for condition in among_keys(connection, column, keys))
    return set(chain.from_iterable(found))


def find_superseding(connection: Connection, keys: Collection[bytes]) -> list[FoundNotice]:
    return _found(connection, notices.c.supersedes_key, keys)


def find_by_key(connection: Connection, keys: Collection[bytes]) -> list[FoundNotice]:
    return _found(connection, notices.c.record_key, keys)


def set_live(connection: Connection, changed: Sequence[ChangedRecord], *, live: bool) -> None:
    values = [{"b_pk": record.pk, "revision": record.revision, "live": live} for record in changed]
    if values:
        connection.execute(update(notices).where(notices.c.pk == bindparam("b_pk")), values)


def hand_on_announced(connection: Connection, keys: Collection[bytes]) -> list[ChangedRecord]:
    """If a notice in `keys` is announced, mark its replacements as announced too. Return the marked notices."""
    before = notices.alias("before")
    announced = exists(
        select(before.c.pk).where(before.c.record_key == notices.c.supersedes_key, before.c.announced.is_(True))
    )
    statement = (
        update(notices)
        .where(notices.c.announced.is_(False), announced)
        .values(announced=True, revision=notices.c.revision + 1)
        .returning(notices.c.pk, notices.c.revision, notices.c.shard, notices.c.record_key)
    )
    changed, named = list[ChangedRecord](), set(keys)
    # A replacement may have been replaced too, so the later replacement is also marked.
    # Ends even if the chain is a circle: each round marks notices that were not yet marked, or finds none.
    while named:
        conditions = among_keys(connection, notices.c.supersedes_key, named)
        marked = [row for condition in conditions for row in connection.execute(statement.where(condition))]
        changed += [ChangedRecord(row.pk, row.revision, row.shard) for row in marked]
        named = {row.record_key for row in marked}
    return changed


def _found(connection: Connection, column: ColumnElement[bytes], keys: Collection[bytes]) -> list[FoundNotice]:
    columns = notices.c
    query = select(
        columns.pk,
        columns.revision,
        columns.shard,
        columns.live,
        columns.record_key,
        columns.supersedes_key,
        columns.issued_at,
        columns.stamp_from,
        columns.stamp_until,
    )
    return [
        FoundNotice(
            row.pk,
            row.revision,
            row.shard,
            bool(row.live),
            IssuedNotice(
                row.issued_at,
                row.stamp_from,
                row.stamp_until,
                row.record_key,
                row.supersedes_key is not None,
            ),
            row.supersedes_key,
        )
        for condition in among_keys(connection, column, keys)
        for row in connection.execute(query.where(condition))
    ]
