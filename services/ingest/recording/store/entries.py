"""Register entries on record: which of them a new file leaves out, and taking them off the register."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from services.ingest.reading.stamps import exact
from services.ingest.recording.submission import ChangedRecord, SubmissionContext
from services.storage.tables import register_entries


class Missing(NamedTuple):
    """The live entries of a register that a new file does not hold, by id; `live` counts all live entries."""

    pks: tuple[int, ...]
    live: int

    @property
    def share(self) -> float:
        """The missing ones among all live entries, 0 to 1."""
        return len(self.pks) / self.live if self.live else 0.0


def missing_from(connection: Connection, feed_id: str, keys: Collection[bytes]) -> Missing:
    """Compare the live entries of a register with the keys a new file holds."""
    entries = register_entries.c
    query = select(entries.pk, entries.record_key).where(entries.feed_id == feed_id, entries.live)
    live = connection.execute(query).all()
    return Missing(tuple(row.pk for row in live if row.record_key not in keys), len(live))


def withdrawn_among(connection: Connection, feed_id: str, keys: Collection[bytes]) -> frozenset[bytes]:
    """Return those of the keys whose entries were taken off the register."""
    entries = register_entries.c
    query = select(entries.record_key).where(entries.feed_id == feed_id, entries.live.is_(False))
    return frozenset(key for key in connection.scalars(query) if key in keys)


def find_entry(connection: Connection, key: bytes) -> int | None:
    """Return the id of the entry under a record key."""
    return connection.scalar(select(register_entries.c.pk).where(register_entries.c.record_key == key))


def mark_withdrawn(context: SubmissionContext, pks: Sequence[int]) -> list[ChangedRecord]:
    """Take live entries off the register; return those that were live."""
    entries, stamp = register_entries, exact(context.now)
    moved = {"updated_at": stamp.at, "stamp_from": stamp.earliest, "stamp_until": stamp.latest}
    statement = (
        update(entries)
        .where(entries.c.pk.in_(pks), entries.c.live)
        .values(live=False, revision=entries.c.revision + 1, received_at=context.now, **moved)
        .returning(entries.c.pk, entries.c.revision, entries.c.shard)
    )
    return [ChangedRecord(*row) for row in context.connection.execute(statement)]
