"""A notice that replaces another: the older one no longer counts, whichever of the two arrives first.

`supersession_rule` says which replaces which; here it is applied to the notices on record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, exists, select, update

from schemas.events import NoticesReconsidered, RecordRef
from services.core.audit import AuditAction
from services.ingest.reading.stamps import SLACK
from services.ingest.recording.sharding import by_shard
from services.ingest.recording.submission_context import SubmissionContext
from services.ingest.recording.supersession_rule import IssuedNotice, replaces
from services.storage.dialect import among, among_keys
from services.storage.events.outbox import Announcement
from services.storage.tables import notices


class ChangedNotice(NamedTuple):
    """A notice that was changed, at its new revision."""

    pk: int
    revision: int
    shard: int


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
    fallen, risen = _set_live(context.connection, keys, context.now + SLACK)
    _tell(context, fallen + risen + _hand_on(context.connection, keys))
    context.note(AuditAction.NOTICES_SUPERSEDED, [(row.pk, row.revision) for row in fallen])


def _set_live(
    connection: Connection, keys: Collection[bytes], believed: datetime
) -> tuple[list[ChangedNotice], list[ChangedNotice]]:
    """Set those under `keys` that are not live, or live, as the rule says. Stamps up to `believed` decide."""
    replacing: dict[bytes, list[IssuedNotice]] = defaultdict(list)
    for row in _found(connection, notices.c.supersedes_key, keys):
        replacing[row.supersedes_key].append(_issued(row))
    fallen, risen = list[ChangedNotice](), list[ChangedNotice]()
    for row in _found(connection, notices.c.record_key, keys):
        earlier = _issued(row)
        live = not any(replaces(later, earlier, believed) for later in replacing[row.record_key])
        if live is not bool(row.live):
            (risen if live else fallen).append(ChangedNotice(row.pk, row.revision + 1, row.shard))
    for changed, live in ((fallen, False), (risen, True)):
        values = [{"b_pk": row.pk, "revision": row.revision, "live": live} for row in changed]
        if values:
            connection.execute(update(notices).where(notices.c.pk == bindparam("b_pk")), values)
    return fallen, risen


def _found(connection: Connection, column: ColumnElement[bytes], keys: Collection[bytes]) -> list[Any]:
    row = notices.c
    query = select(
        row.pk,
        row.revision,
        row.shard,
        row.live,
        row.record_key,
        row.supersedes_key,
        row.issued_at,
        row.stamp_from,
        row.stamp_until,
    )
    return [found for named in among_keys(connection, column, keys) for found in connection.execute(query.where(named))]


def _issued(row: Any) -> IssuedNotice:
    return IssuedNotice(row.issued_at, row.stamp_from, row.stamp_until, row.record_key, row.supersedes_key is not None)


def _hand_on(connection: Connection, keys: Collection[bytes]) -> list[ChangedNotice]:
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
    changed, named = list[ChangedNotice](), set(keys)
    while named:
        conditions = among_keys(connection, notices.c.supersedes_key, named)
        found = [row for one in conditions for row in connection.execute(statement.where(one))]
        changed += [ChangedNotice(row.pk, row.revision, row.shard) for row in found]
        named = {row.record_key for row in found}
    return changed


def _tell(context: SubmissionContext, changed: Sequence[ChangedNotice]) -> None:
    announcements = []
    for key, rows in by_shard(context.feed_id, changed, lambda row: int(row.shard)):
        refs = tuple(RecordRef(record=row.pk, revision=row.revision) for row in rows)
        event = NoticesReconsidered(feed=context.feed_id, submission=context.submission_id, records=refs)
        announcements.append(Announcement("ingest", key, event))
    context.tell(announcements)
