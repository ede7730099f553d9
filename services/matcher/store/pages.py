from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Date, Select, and_, func, literal, or_, select

from services.core.clock import NO_DAY
from services.core.tokens import TokenKind
from services.matcher.pages import (
    OF_PLACES,
    START,
    Page,
    PagedRecord,
    PagedSide,
    PartnerPlace,
    Partners,
    page_of,
)
from services.matcher.step import MatchRow
from services.matcher.store.matches import ENTRIES, NOTICES, Side, match_row, partners
from services.storage.dialect import among
from services.storage.matches.harmful_day import harmful_day_of
from services.storage.tables import matches, notices, register_entries

_SIDES = {PagedSide.NOTICE: (NOTICES, ENTRIES), PagedSide.ENTRY: (ENTRIES, NOTICES)}
_MATCHED: dict[PagedSide, tuple[Column[int], Column[int]]] = {
    PagedSide.NOTICE: (matches.c.notice_pk, matches.c.entry_pk),
    PagedSide.ENTRY: (matches.c.entry_pk, matches.c.notice_pk),
}


def areas_among(connection: Connection, notice_pks: Collection[int]) -> list[PagedRecord]:
    return _notices(connection, notice_pks, notices.c.area_facts.is_not(None))


def paged_records(connection: Connection, side: PagedSide, pks: Collection[int]) -> list[PagedRecord]:
    if side is PagedSide.NOTICE:
        return _notices(connection, pks)
    row = register_entries.c
    query = select(row.pk, row.feed_id, row.live).where(among(connection, row.pk, pks))
    found = [PagedRecord(side, pk, feed, live, None) for pk, feed, live in connection.execute(query).all()]
    # An entry has no day of its own: its first partner is the notice with the nearest one.
    return [load_page(connection, one, 0).left or one for one in found]


def _notices(connection: Connection, pks: Collection[int], *conditions: ColumnElement[bool]) -> list[PagedRecord]:
    row = notices.c
    if not pks:
        return []
    day = harmful_day_of(connection, notices.c)
    query = select(row.pk, row.feed_id, row.live, day).where(among(connection, row.pk, pks), *conditions)
    return [
        PagedRecord(PagedSide.NOTICE, pk, feed, live, None if harm_on == NO_DAY else harm_on)
        for pk, feed, live, harm_on in connection.execute(query)
    ]


def partner_counts(connection: Connection, side: PagedSide, pks: Collection[int]) -> Iterator[Partners]:
    if not pks:
        return
    mine, theirs = _SIDES[side]
    met = partners(connection, mine, pks, theirs).subquery()
    owner, partner = met.c[mine.owner.name], met.c[theirs.owner.name]
    # Two records often share several keys of an address.
    by_place = (
        select(owner, func.count(partner.distinct()))
        .where(met.c.kind.in_([int(kind) for kind in OF_PLACES]))
        .group_by(owner)
    )
    column, _ = _MATCHED[side]
    on_record = select(column, func.count()).where(among(connection, column, pks)).group_by(column)
    sharing, matched = (dict(map(tuple, connection.execute(query))) for query in (by_place, on_record))
    for pk in sharing.keys() | matched.keys():
        yield Partners(side, pk, sharing.get(pk, 0), matched.get(pk, 0))


def load_page(connection: Connection, record: PagedRecord, limit: int) -> Page:
    return page_of(record, _sharing(connection, record, limit), _matched(connection, record, limit), limit)


def _sharing(connection: Connection, record: PagedRecord, limit: int) -> Mapping[PartnerPlace, set[TokenKind]]:
    found: dict[PartnerPlace, set[TokenKind]] = defaultdict(set)
    # The matches of a record that no longer counts only end.
    if not record.live:
        return found
    mine, theirs = _SIDES[record.side]
    for token, kind in connection.execute(_tokens(mine, record.pk)).all():
        query = select(theirs.owner).where(theirs.tokens.c.token == token)
        for pk, day in connection.execute(_first_after(connection, record, query, theirs.owner, limit)):
            found[PartnerPlace(day, pk)].add(TokenKind(kind))
    return found


def _tokens(side: Side, pk: int) -> Select[Any]:
    return select(side.tokens.c.token, side.tokens.c.kind).where(side.owner == pk)


def _matched(connection: Connection, record: PagedRecord, limit: int) -> Mapping[PartnerPlace, MatchRow]:
    mine, theirs = _MATCHED[record.side]
    query = _first_after(connection, record, select(matches).where(mine == record.pk), theirs, limit)
    rows: Sequence[Any] = connection.execute(query).all()
    return {PartnerPlace(row.day, getattr(row, theirs.name)): match_row(row) for row in rows}


def _first_after(
    connection: Connection, record: PagedRecord, query: Select[Any], partner: Column[int], limit: int
) -> Select[Any]:
    # One more than the limit, which shows whether anything is left.
    if record.side is PagedSide.NOTICE:
        query = query.add_columns(literal(START.day, Date).label("day")).where(partner > record.after.pk)
        return query.order_by(partner).limit(limit + 1)
    day, after = harmful_day_of(connection, notices.c), record.after
    later = or_(day > after.day, and_(day == after.day, partner > after.pk))
    query = query.add_columns(day.label("day")).join(notices, notices.c.pk == partner).where(later)
    return query.order_by(day, partner).limit(limit + 1)
