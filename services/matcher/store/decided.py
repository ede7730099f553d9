from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, select, tuple_

from schemas.codes import MatchDecision
from services.core.tokens import TokenKind
from services.matcher.step import MatchState, Pair
from services.matcher.store.matches import match_row, state_of
from services.storage.dialect import among
from services.storage.tables import entry_tokens, matches, notice_tokens, register_entries
from services.storage.unit_of_work import UnitOfWork

_PAGE = 500


def decided_matches(connection: Connection, feed_id: str | None) -> Iterator[list[Row[Any]]]:
    """Yield pages of matches that a person has decided on. Ended matches are included.

    If `feed_id` is None, yield the matches of all councils.
    """
    row, after = matches.c, (0, 0)
    while True:
        query = select(matches).where(row.decision != MatchDecision.UNDECIDED.value)
        if feed_id is not None:
            query = query.join(register_entries, register_entries.c.pk == row.entry_pk)
            query = query.where(register_entries.c.feed_id == feed_id)
        beyond = tuple_(row.notice_pk, row.entry_pk) > after
        page = list(connection.execute(query.where(beyond).order_by(row.notice_pk, row.entry_pk).limit(_PAGE)))
        if not page:
            return
        yield page
        after = (page[-1].notice_pk, page[-1].entry_pk)


def state_of_page(work: UnitOfWork, page: list[Row[Any]]) -> MatchState:
    on_record = {(row.notice_pk, row.entry_pk): match_row(row) for row in page}
    shared: dict[Pair, set[TokenKind]] = defaultdict(set)
    mine, theirs = notice_tokens.c, entry_tokens.c
    query = (
        select(mine.notice_pk, theirs.entry_pk, mine.kind)
        .join_from(matches, notice_tokens, mine.notice_pk == matches.c.notice_pk)
        .join(entry_tokens, (theirs.entry_pk == matches.c.entry_pk) & (theirs.token == mine.token))
        .where(among(work.connection, matches.c.notice_pk, {pair[0] for pair in on_record}))
    )
    for notice, entry, kind in work.connection.execute(query):
        if (notice, entry) in on_record:
            shared[notice, entry].add(TokenKind(kind))
    return state_of(work, shared, on_record)
