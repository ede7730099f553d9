"""A notice that replaces another: the older one no longer counts, whichever of the two arrives first.

A notice is live unless another of the same provider names it in `supersedes` and was issued later, or at the same time,
as where a batch gives no times of issue. At the same time, a notice that itself replaces another yields to a higher key
only, so that notices that name each other never all fall away.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select, update

from schemas.events import CHUNK, NoticesWithdrawn, RecordRef
from services.core.audit import AuditWord
from services.ingest.sharding import by_shard
from services.storage.audit import AuditRow, write_audit
from services.storage.outbox import Announcement, announce
from services.storage.store import Store
from services.storage.tables import notices

Changed = list[Any]
"""Rows of pk, revision and shard."""


def superseded_by(connection: Connection, pks: Collection[int]) -> set[bytes]:
    """The keys these notices name as superseded, as recorded now."""
    if not pks:
        return set()
    query = select(notices.c.supersedes_key).where(notices.c.pk.in_(pks), notices.c.supersedes_key.is_not(None))
    return set(connection.scalars(query))


def already_superseded(connection: Connection, keys: Collection[bytes]) -> set[bytes]:
    """Those of the keys that some notice on record names as superseded."""
    found = select(notices.c.supersedes_key).where(notices.c.supersedes_key.in_(keys))
    return {key for key in connection.scalars(found) if key is not None}


def settle_supersessions(
    connection: Connection, store: Store, feed_id: str, submission_id: str, keys: Collection[bytes], now: datetime
) -> None:
    """See to it that each notice under `keys` is live, or not, as the notices on record say."""
    fallen = _set_live(connection, keys, live=False)
    risen = _set_live(connection, keys, live=True)
    _tell(connection, store, feed_id, submission_id, fallen + risen, now)
    told = [(row.pk, row.revision) for row in fallen]
    chunks = [told[start : start + CHUNK] for start in range(0, len(told), CHUNK)]
    rows = [
        AuditRow(
            AuditWord.NOTICES_SUPERSEDED,
            {"submission": submission_id, "records": records},
            subject=submission_id,
            feed_id=feed_id,
        )
        for records in chunks
    ]
    write_audit(connection, store.vault, rows, now)


def _set_live(connection: Connection, keys: Collection[bytes], *, live: bool) -> Changed:
    later = notices.alias("later")
    yields = or_(notices.c.supersedes_key.is_(None), later.c.record_key > notices.c.record_key)
    replaced = exists(
        select(later.c.pk).where(
            later.c.supersedes_key == notices.c.record_key,
            or_(
                later.c.issued_at > notices.c.issued_at,
                and_(later.c.issued_at == notices.c.issued_at, yields),
            ),
        )
    )
    statement = (
        update(notices)
        .where(notices.c.record_key.in_(keys), notices.c.live.is_(not live), ~replaced if live else replaced)
        .values(live=live, revision=notices.c.revision + 1)
        .returning(notices.c.pk, notices.c.revision, notices.c.shard)
    )
    return list(connection.execute(statement))


def _tell(
    connection: Connection,
    store: Store,
    feed_id: str,
    submission_id: str,
    changed: Changed,
    now: datetime,
) -> None:
    announcements = []
    for key, rows in by_shard(feed_id, changed, lambda row: int(row.shard)):
        refs = tuple(RecordRef(record=row.pk, revision=row.revision) for row in rows)
        event = NoticesWithdrawn(feed=feed_id, submission=submission_id, records=refs)
        announcements.append(Announcement("ingest", key, event))
    announce(connection, announcements, now, store.random)
