from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from schemas.codes import MatchDecision, MatchLevel
from schemas.events import MatchRef
from services.matcher.step import Pair
from services.storage.dialect import among
from services.storage.tables import matches, register_entries


class StoredMatch(NamedTuple):
    ref: MatchRef
    # The council and the shard of the entry.
    partition: str


def find_weaker(
    connection: Connection, notice_pks: Collection[int], *, besides: Collection[Pair] = ()
) -> Iterator[StoredMatch]:
    """Yield the live matches of these notices that are not confirmed by number. Leave out the pairs in `besides`."""
    if not notice_pks:
        return
    row, entry = matches.c, register_entries.c
    query = (
        select(matches, entry.feed_id, entry.shard)
        .join_from(matches, register_entries, entry.pk == row.entry_pk)
        .where(among(connection, row.notice_pk, notice_pks), row.live, row.level != MatchLevel.CONFIRMED.value)
        .order_by(row.notice_pk, row.entry_pk)
    )
    for found in connection.execute(query):
        if (found.notice_pk, found.entry_pk) not in besides:
            yield stored_match(found, MatchDecision(found.decision))


def stored_match(row: Any, decision: MatchDecision) -> StoredMatch:
    # `row` has the columns of the match, and the `feed_id` and `shard` of its entry.
    ref = MatchRef(
        notice=row.notice_pk,
        entry=row.entry_pk,
        notice_revision=row.notice_revision,
        entry_revision=row.entry_revision,
        level=MatchLevel(row.level),
        reasons=tuple(row.reasons.split()),
        decision=decision,
    )
    return StoredMatch(ref, f"{row.feed_id}:{row.shard}")
