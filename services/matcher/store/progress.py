from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, union

from services.matcher.pages import OF_PLACES, Page, PagedRecord, PagedSide, PartnerPlace
from services.storage.dialect import among, skipping_locked, upsert
from services.storage.tables import entry_tokens, notice_tokens, notices, register_entries, unfinished_matching

Key = tuple[PagedSide, int]

_TABLES = {PagedSide.NOTICE: notices, PagedSide.ENTRY: register_entries}


def feeds_unfinished(connection: Connection) -> Sequence[str]:
    """Return one feed for each record with unfinished matching. A feed may be repeated."""
    return connection.scalars(select(unfinished_matching.c.feed_id)).all()


def claim_unfinished(connection: Connection, besides: Collection[Key]) -> PagedRecord | None:
    """Lock and return the next record with unfinished matching. Records in `besides` are left out.

    Return None if there is no such record.
    """
    row = unfinished_matching.c
    waiting = [or_(row.side != side.value, row.record_pk.not_in(_pks(besides, side))) for side in PagedSide]
    # The feed that has waited longest comes first.
    feeds = select(row.feed_id).group_by(row.feed_id).order_by(func.max(row.served_at))
    for feed_id in connection.scalars(feeds).all():
        query = select(unfinished_matching).where(row.feed_id == feed_id, *waiting)
        nearest = query.order_by(row.harm_on.is_(None), row.harm_on, row.side, row.record_pk).limit(1)
        found = connection.execute(skipping_locked(connection, nearest)).one_or_none()
        if found is not None:
            side, after = PagedSide(found.side), PartnerPlace(found.after_day, found.after_pk)
            live = connection.scalar(select(_TABLES[side].c.live).where(_TABLES[side].c.pk == found.record_pk))
            return PagedRecord(side, found.record_pk, feed_id, bool(live), found.harm_on, after)
    return None


def save_progress(
    connection: Connection, pages: Sequence[Page], waiting: Sequence[PagedRecord], now: datetime
) -> list[str]:
    """Save the place from which matching continues. Return the feed of each newly unfinished record.

    `waiting` has the records without a page in this step.
    """
    row = unfinished_matching.c
    left = [*(page.left for page in pages if page.left is not None), *waiting]
    done = [(page.record.side, page.record.pk) for page in pages if page.left is None]
    if done:
        connection.execute(delete(unfinished_matching).where(_any_of(connection, done)))
    if not left:
        return []
    keys = {(one.side, one.pk) for one in left}
    stored = connection.execute(select(row.side, row.record_pk).where(_any_of(connection, keys)))
    known = {(PagedSide(side), pk) for side, pk in stored}
    values = [
        {
            "side": one.side.value,
            "record_pk": one.pk,
            "feed_id": one.feed_id,
            "after_day": one.after.day,
            "after_pk": one.after.pk,
            "harm_on": one.harm_on,
            "since": now,
            "served_at": now,
        }
        # Sorted, so that two workers lock the same rows in the same order.
        for one in sorted(left, key=lambda one: (one.side, one.pk))
    ]
    changing = ("after_day", "after_pk", "harm_on", "served_at")
    connection.execute(upsert(connection, unfinished_matching, ("side", "record_pk"), changing), values)
    return [one.feed_id for one in left if (one.side, one.pk) not in known]


def _any_of(connection: Connection, keys: Collection[Key]) -> ColumnElement[bool]:
    row = unfinished_matching.c
    return or_(
        *(and_(row.side == side.value, among(connection, row.record_pk, _pks(keys, side))) for side in PagedSide)
    )


def _pks(keys: Collection[Key], side: PagedSide) -> list[int]:
    return [pk for of, pk in keys if of is side]


def count_waiting(connection: Connection, feed_id: str, most: int) -> int:
    unfinished, mine, entry, record = unfinished_matching.c, notice_tokens.c, entry_tokens.c, register_entries.c
    not_reached = (
        select(record.pk)
        .select_from(unfinished_matching)
        .join(notice_tokens, mine.notice_pk == unfinished.record_pk)
        .join(entry_tokens, (entry.token == mine.token) & (entry.entry_pk > unfinished.after_pk))
        .join(register_entries, record.pk == entry.entry_pk)
        .where(unfinished.side == PagedSide.NOTICE.value, mine.kind.in_([int(kind) for kind in OF_PLACES]))
        .where(record.feed_id == feed_id, record.live)
        .limit(most)
        .subquery()
    )
    themselves = (
        select(record.pk)
        .join_from(unfinished_matching, register_entries, record.pk == unfinished.record_pk)
        .where(unfinished.side == PagedSide.ENTRY.value, record.feed_id == feed_id, record.live)
        .limit(most)
        .subquery()
    )
    # An entry may be waiting for several notices.
    waiting = union(select(not_reached.c.pk), select(themselves.c.pk)).subquery()
    return min(most, connection.scalar(select(func.count()).select_from(waiting)) or 0)
