"""Reserves ids for rows before the rows are written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, text, update

from services.storage.tables import sequences

# The tables whose ids are allotted in this way.
SEQUENCES = ("notices", "register_entries", "cases", "alerts", "deliveries", "outbox", "audit")


def allocate_ids(connection: Connection, name: str, count: int) -> Sequence[int]:
    # PostgreSQL has sequences. SQLite has only one writer, so a counter in a table is enough.
    if count == 0:
        return ()
    if connection.dialect.name == "postgresql":
        query = text("SELECT nextval(CAST(:sequence AS regclass)) FROM generate_series(1, :count)")
        # Sorted, because the server may return the ids in any order.
        return sorted(connection.scalars(query, {"sequence": f"seq_{name}", "count": count}))
    following = connection.scalar(
        update(sequences)
        .where(sequences.c.name == name)
        .values(next_value=sequences.c.next_value + count)
        .returning(sequences.c.next_value)
    )
    # The table has no ids yet.
    if following is None:
        connection.execute(insert(sequences).values(name=name, next_value=1 + count))
        following = 1 + count
    return range(following - count, following)
