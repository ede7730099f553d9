from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, select, update

from schemas.codes import CaseState
from services.ingest.reading.stamps import exact
from services.ingest.recording.submission import ChangedRecord, SubmissionContext
from services.storage.dialect import among
from services.storage.tables import cases, register_entries

# States in which a case has ended already.
_OVER: Final = [
    state.value
    for state in (
        CaseState.POST_CHECK_PASSED,
        CaseState.CLOSED,
        CaseState.FALSE_MATCH,
        CaseState.SERVICE_ENDED,
        CaseState.NOTICE_WITHDRAWN,
    )
]


class MissingEntries(NamedTuple):
    revisions: Mapping[int, int]  # by the id of each entry
    live: int

    @property
    def pks(self) -> tuple[int, ...]:
        return tuple(self.revisions)

    @property
    def share(self) -> float:
        return len(self.revisions) / self.live if self.live else 0.0


def missing_from(connection: Connection, feed_id: str, keys: Collection[bytes]) -> MissingEntries:
    entries = register_entries.c
    # Compared in Python: the keys of a whole register are too many for the parameters of one statement.
    query = select(entries.pk, entries.revision, entries.record_key).where(entries.feed_id == feed_id, entries.live)
    live = connection.execute(query).all()
    return MissingEntries({row.pk: row.revision for row in live if row.record_key not in keys}, len(live))


def unchanged(connection: Connection, revisions: Mapping[int, int]) -> dict[int, int]:
    row = register_entries.c
    query = select(row.pk, row.revision).where(among(connection, row.pk, revisions.keys()))
    return dict(revisions.items() & {(pk, revision) for pk, revision in connection.execute(query)})


def open_cases_of(connection: Connection, pks: Sequence[int]) -> list[str]:
    row = cases.c
    query = select(row.reference).where(among(connection, row.entry_pk, pks), row.state.not_in(_OVER))
    return sorted(connection.scalars(query))


def withdrawn_among(connection: Connection, feed_id: str, keys: Collection[bytes]) -> frozenset[bytes]:
    entries = register_entries.c
    query = select(entries.record_key).where(entries.feed_id == feed_id, entries.live.is_(False))
    return frozenset(key for key in connection.scalars(query) if key in keys)


def find_entry(connection: Connection, key: bytes) -> int | None:
    # Finds withdrawn entries too, so that a second withdrawal succeeds.
    return connection.scalar(select(register_entries.c.pk).where(register_entries.c.record_key == key))


def mark_withdrawn(context: SubmissionContext, pks: Sequence[int]) -> list[ChangedRecord]:
    # Stamped with our own clock: an older version that arrives later must not bring the entry back.
    entries, stamp = register_entries, exact(context.now)
    moved = {"updated_at": stamp.at, "stamp_from": stamp.earliest, "stamp_until": stamp.latest}
    statement = (
        update(entries)
        .where(entries.c.pk.in_(pks), entries.c.live)
        .values(live=False, revision=entries.c.revision + 1, received_at=context.now, **moved)
        .returning(entries.c.pk, entries.c.revision, entries.c.shard)
    )
    return [ChangedRecord(*row) for row in context.connection.execute(statement)]
