"""Entries that leave a register: one by one, or because a full replacement no longer holds them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from schemas.events import CHUNK, EntriesWithdrawn, RecordRef
from services.core.audit import AuditAction
from services.core.errors import ConflictError, NotFoundError
from services.ingest.reading.stamps import exact
from services.ingest.recording.sharding import by_shard
from services.ingest.recording.submission_context import SubmissionContext
from services.storage.events.outbox import Announcement
from services.storage.feeds import lock_feed
from services.storage.store import Store
from services.storage.tables import register_entries

ONE_BY_ONE = "withdrawal"
"""What stands for a submission where an entry is taken off by itself."""


class ReplacementTooLargeError(ConflictError):
    """A full replacement would withdraw more entries than the deployment lets pass without asking."""

    def __init__(self, would_withdraw: int, live: int) -> None:
        super().__init__(
            f"this file would withdraw {would_withdraw} of {live} entries: if that is right, send it again with "
            f"confirm_withdrawals={would_withdraw}; if not, send it with mode=update"
        )
        self.would_withdraw = would_withdraw
        self.live = live


@dataclass(frozen=True, slots=True)
class Missing:
    """The live entries of a register that a new file does not hold."""

    pks: tuple[int, ...]
    live: int

    @property
    def share(self) -> float:
        """Of all live entries, 0 to 1."""
        return len(self.pks) / self.live if self.live else 0.0


def missing_from(connection: Connection, feed_id: str, keys: Collection[bytes]) -> Missing:
    """Compare the live entries of a register with the keys a new file holds."""
    entries = register_entries.c
    query = select(entries.pk, entries.record_key).where(entries.feed_id == feed_id, entries.live)
    live = connection.execute(query).all()
    return Missing(tuple(row.pk for row in live if row.record_key not in keys), len(live))


def withdrawn_among(connection: Connection, feed_id: str, keys: Collection[bytes]) -> frozenset[bytes]:
    """Those of the keys whose entries were taken off the register."""
    entries = register_entries.c
    query = select(entries.record_key).where(entries.feed_id == feed_id, entries.live.is_(False))
    return frozenset(key for key in connection.scalars(query) if key in keys)


def withdraw(context: SubmissionContext, pks: Sequence[int]) -> None:
    """Take entries off the register: they stay on record, their matches end."""
    entries, stamp = register_entries, exact(context.now)
    moved = {"updated_at": stamp.at, "stamp_from": stamp.earliest, "stamp_until": stamp.latest}
    for start in range(0, len(pks), CHUNK):
        statement = (
            update(entries)
            .where(entries.c.pk.in_(pks[start : start + CHUNK]), entries.c.live)
            .values(live=False, revision=entries.c.revision + 1, received_at=context.now, **moved)
            .returning(entries.c.pk, entries.c.revision, entries.c.shard)
        )
        changed = context.connection.execute(statement).all()
        context.tell(_announcements(context, changed))
        context.note(AuditAction.ENTRIES_WITHDRAWN, [(row.pk, row.revision) for row in changed])


def withdraw_one(store: Store, feed_id: str, entry_id: str) -> None:
    """Take one entry off its council's register; taking it off again changes nothing.

    Raises NotFoundError when the council has no such entry.
    """
    now, key = store.now(), store.tokeniser.record_key(feed_id, entry_id)
    with store.writing() as connection:
        lock_feed(connection, feed_id)
        pk = connection.scalar(select(register_entries.c.pk).where(register_entries.c.record_key == key))
        if pk is None:
            raise NotFoundError("this register has no entry with that id")
        withdraw(SubmissionContext(connection, store, feed_id, ONE_BY_ONE, now), [pk])


def _announcements(context: SubmissionContext, changed: Sequence[Any]) -> list[Announcement]:
    made = []
    for key, rows in by_shard(context.feed_id, changed, lambda row: int(row.shard)):
        refs = tuple(RecordRef(record=row.pk, revision=row.revision) for row in rows)
        event = EntriesWithdrawn(feed=context.feed_id, submission=context.submission_id, records=refs)
        made.append(Announcement("ingest", key, event))
    return made
