from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, select

from schemas.codes import MatchDecision, Scope
from services.core.tokens import TokenKind
from services.matcher.step import Pair
from services.matcher.store.matches import state_of
from services.storage.dialect import among
from services.storage.tables import matches, notice_tokens, notices, register_entries
from services.storage.unit_of_work import UnitOfWork


def matches_of_same_line(work: UnitOfWork, pair: Pair, decisions: Collection[MatchDecision]) -> list[Row[Any]]:
    """Return the other live matches of the entry whose notices name exactly the same number and place.

    Only matches with one of `decisions` are returned. A row has the columns of the match, and the `feed_id` and `shard`
    of the entry.
    """
    row, notice_pk = matches.c, pair[0]
    query = (
        select(matches, register_entries.c.feed_id, register_entries.c.shard)
        .join_from(matches, register_entries, register_entries.c.pk == row.entry_pk)
        .join(notices, notices.c.pk == row.notice_pk)
        .where(row.entry_pk == pair[1], row.live, notices.c.scope == Scope.LINE.value)
        .where(row.notice_pk != notice_pk, row.decision.in_([decision.value for decision in decisions]))
        .order_by(row.notice_pk)
    )
    found = work.connection.execute(query).all()
    tokens = _tokens(work, {notice_pk, *(one.notice_pk for one in found)})
    # Equal tokens do not yet mean equal texts: a key of an address allows for spelling.
    alike = [one for one in found if tokens[one.notice_pk] == tokens[notice_pk]]
    if not alike:
        return []
    look = state_of(work, dict.fromkeys([pair, *map(_pair, alike)], ()), {}).look
    return [one for one in alike if look(_pair(one))[0] == look(pair)[0]]


def _pair(row: Any) -> Pair:
    return row.notice_pk, row.entry_pk


def _tokens(work: UnitOfWork, pks: Collection[int]) -> dict[int, set[tuple[TokenKind, bytes]]]:
    row = notice_tokens.c
    query = select(row.notice_pk, row.kind, row.token).where(among(work.connection, row.notice_pk, pks))
    tokens: dict[int, set[tuple[TokenKind, bytes]]] = defaultdict(set)
    for pk, kind, token in work.connection.execute(query):
        tokens[pk].add((TokenKind(kind), token))
    return tokens
