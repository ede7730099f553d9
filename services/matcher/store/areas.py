"""Reads the entries of an area page by page, and keeps the areas that are not finished."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, select

from services.core.tokens import TokenKind
from services.matcher.areas import AreaRow, Page, page_of
from services.matcher.step import MatchRow
from services.matcher.store.matches import match_row
from services.storage.dialect import among, skipping_locked, upsert
from services.storage.tables import entry_tokens, matches, notice_tokens, notices, register_entries, unfinished_matching


def areas_among(connection: Connection, notice_pks: Collection[int]) -> list[AreaRow]:
    """Return the area records among these notices."""
    row = notices.c
    query = select(row.pk, row.feed_id, row.live, row.planned_on, row.restriction_on)
    if not notice_pks:
        return []
    found = connection.execute(query.where(among(connection, row.pk, notice_pks), row.area_facts.is_not(None)))
    return [AreaRow(pk, feed, live, _earliest(planned, restricted)) for pk, feed, live, planned, restricted in found]


def load_page(connection: Connection, area: AreaRow, limit: int) -> Page:
    """Return the next `limit` entries of an area.

    These entries share a token with the area, or have a match with it on record.
    """
    return page_of(area, _sharing(connection, area, limit), _matched(connection, area, limit), limit)


def _sharing(connection: Connection, area: AreaRow, limit: int) -> Mapping[int, set[TokenKind]]:
    found: dict[int, set[TokenKind]] = defaultdict(set)
    # If an area no longer counts, its matches end, and no new matches are sought.
    if not area.live:
        return found
    mine = select(notice_tokens.c.token, notice_tokens.c.kind).where(notice_tokens.c.notice_pk == area.notice)
    entry = entry_tokens.c
    for token, kind in connection.execute(mine).all():
        query = select(entry.entry_pk).where(entry.token == token, entry.entry_pk > area.after)
        for pk in connection.scalars(query.order_by(entry.entry_pk).limit(limit + 1)):
            found[pk].add(TokenKind(kind))
    return found


def _matched(connection: Connection, area: AreaRow, limit: int) -> Mapping[int, MatchRow]:
    row = matches.c
    query = select(matches).where(row.notice_pk == area.notice, row.entry_pk > area.after)
    return {
        found.entry_pk: match_row(found) for found in connection.execute(query.order_by(row.entry_pk).limit(limit + 1))
    }


def providers_unfinished(connection: Connection) -> Sequence[str]:
    """Return the provider of each unfinished area."""
    return connection.scalars(select(unfinished_matching.c.feed_id)).all()


def claim_unfinished(connection: Connection, besides: Collection[int]) -> AreaRow | None:
    """Return the unfinished area that has the next turn, and lock it. Areas in `besides` are left out.

    The provider that has waited longest since its last turn comes first. Of the areas of one provider, the area with
    the nearest harmful day comes first.
    """
    row = unfinished_matching.c
    providers = select(row.feed_id).group_by(row.feed_id).order_by(func.max(row.served_at))
    columns = (row.notice_pk, row.feed_id, row.harm_on, row.after_entry_pk)
    for feed_id in connection.scalars(providers).all():
        query = select(*columns).where(row.feed_id == feed_id, row.notice_pk.not_in(besides))
        nearest = query.order_by(row.harm_on.is_(None), row.harm_on, row.notice_pk).limit(1)
        found = connection.execute(skipping_locked(connection, nearest)).one_or_none()
        if found is not None:
            live = connection.scalar(select(notices.c.live).where(notices.c.pk == found.notice_pk))
            return AreaRow(found.notice_pk, feed_id, bool(live), found.harm_on, found.after_entry_pk)
    return None


def save_progress(
    connection: Connection, pages: Sequence[Page], waiting: Sequence[AreaRow], now: datetime
) -> list[str]:
    """Store how far each area is done, and forget the areas that are finished.

    `waiting` holds areas that had no turn yet. Return the provider of each area that this call makes unfinished.
    """
    row = unfinished_matching.c
    left = [(page.area, page.last) for page in pages if page.last is not None]
    left += [(area, area.after) for area in waiting]
    done = [page.area.notice for page in pages if page.last is None]
    if done:
        connection.execute(delete(unfinished_matching).where(among(connection, row.notice_pk, done)))
    if not left:
        return []
    pks = [area.notice for area, _ in left]
    known = set(connection.scalars(select(row.notice_pk).where(among(connection, row.notice_pk, pks))))
    values = [
        {
            "notice_pk": area.notice,
            "feed_id": area.feed_id,
            "after_entry_pk": after,
            "harm_on": area.harm_on,
            "since": now,
            "served_at": now,
        }
        for area, after in sorted(left, key=lambda one: one[0].notice)
    ]
    changing = ("after_entry_pk", "harm_on", "served_at")
    connection.execute(upsert(connection, unfinished_matching, ("notice_pk",), changing), values)
    return [area.feed_id for area, _ in left if area.notice not in known]


def count_waiting(connection: Connection, feed_id: str, most: int) -> int:
    """Count the entries of a council that still wait for their turn in an unfinished area. Counting stops at `most`."""
    area, mine, entry, record = unfinished_matching.c, notice_tokens.c, entry_tokens.c, register_entries.c
    waiting = (
        select(record.pk)
        .select_from(unfinished_matching)
        .join(notice_tokens, mine.notice_pk == area.notice_pk)
        .join(entry_tokens, (entry.token == mine.token) & (entry.entry_pk > area.after_entry_pk))
        .join(register_entries, record.pk == entry.entry_pk)
        .where(record.feed_id == feed_id, record.live)
        .limit(most)
    )
    return connection.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)
