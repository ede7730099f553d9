"""A notice that replaces another: the older one no longer counts, whichever of the two arrives first.

A notice is live unless another of the same provider names it in `supersedes` and was not issued before it. A time of
issue that is still to come is a wrong clock's, and puts no notice after one that replaces it. Where nothing says which
was issued first, as where a batch gives no times of issue or dates only, a notice that itself replaces another yields
only to a later stamp as stored, or at the same one to a higher key, so that notices that name each other never all fall
away.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select, update

from schemas.events import NoticesReconsidered, RecordRef
from services.core.audit import AuditAction
from services.ingest.reading.stamps import SLACK
from services.ingest.recording.sharding import by_shard
from services.ingest.recording.submission_context import SubmissionContext
from services.storage.dialect import among, among_keys
from services.storage.events.outbox import Announcement
from services.storage.tables import notices

Changed = list[Any]
"""Rows of pk, revision and shard."""


def superseded_by(connection: Connection, pks: Collection[int]) -> set[bytes]:
    """The keys these notices name as superseded, as recorded now."""
    if not pks:
        return set()
    query = select(notices.c.supersedes_key).where(notices.c.supersedes_key.is_not(None))
    return set(connection.scalars(query.where(among(connection, notices.c.pk, pks))))


def already_superseded(connection: Connection, keys: Collection[bytes]) -> set[bytes]:
    """Those of the keys that some notice on record names as superseded."""
    query, column = select(notices.c.supersedes_key), notices.c.supersedes_key
    found = (connection.scalars(query.where(named)) for named in among_keys(connection, column, keys))
    return set(chain.from_iterable(found))


def settle_supersessions(context: SubmissionContext, keys: Collection[bytes]) -> None:
    """See to it that each notice under `keys` is live, or not, as the notices on record say."""
    believed = context.now + SLACK
    fallen = _set_live(context.connection, keys, believed, live=False)
    risen = _set_live(context.connection, keys, believed, live=True)
    _tell(context, fallen + risen + _hand_on(context.connection, keys))
    context.note(AuditAction.NOTICES_SUPERSEDED, [(row.pk, row.revision) for row in fallen])


def _set_live(connection: Connection, keys: Collection[bytes], believed: datetime, *, live: bool) -> Changed:
    """Set those that are not so yet. Stamps up to `believed` decide."""
    later = notices.alias("later")
    yields = or_(
        notices.c.supersedes_key.is_(None),
        later.c.issued_at > notices.c.issued_at,
        and_(later.c.issued_at == notices.c.issued_at, later.c.record_key > notices.c.record_key),
    )
    replaced = exists(
        select(later.c.pk).where(
            later.c.supersedes_key == notices.c.record_key,
            or_(
                and_(later.c.stamp_from > notices.c.stamp_until, later.c.stamp_from <= believed),
                and_(or_(later.c.stamp_until >= notices.c.stamp_from, notices.c.stamp_from > believed), yields),
            ),
        )
    )
    statement = (
        update(notices)
        .where(notices.c.live.is_(not live), ~replaced if live else replaced)
        .values(live=live, revision=notices.c.revision + 1)
        .returning(notices.c.pk, notices.c.revision, notices.c.shard)
    )
    named = among_keys(connection, notices.c.record_key, keys)
    return [row for condition in named for row in connection.execute(statement.where(condition))]


def _hand_on(connection: Connection, keys: Collection[bytes]) -> Changed:
    """A notice was announced if one that it replaces was, and so on along the chain."""
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
    changed, named = [], set(keys)
    while named:
        conditions = among_keys(connection, notices.c.supersedes_key, named)
        found = [row for one in conditions for row in connection.execute(statement.where(one))]
        changed += found
        named = {row.record_key for row in found}
    return changed


def _tell(context: SubmissionContext, changed: Changed) -> None:
    announcements = []
    for key, rows in by_shard(context.feed_id, changed, lambda row: int(row.shard)):
        refs = tuple(RecordRef(record=row.pk, revision=row.revision) for row in rows)
        event = NoticesReconsidered(feed=context.feed_id, submission=context.submission_id, records=refs)
        announcements.append(Announcement("ingest", key, event))
    context.tell(announcements)
