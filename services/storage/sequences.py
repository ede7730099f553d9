"""Ids, allotted before rows are written, so that a batch can refer to its own records.

PostgreSQL has sequences, for which nobody waits. SQLite has one writer, so a counter in a table is enough.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, text, update

from services.storage.tables import sequences

# The tables whose ids are allotted here.
SEQUENCES = ("notices", "register_entries", "cases", "alerts", "deliveries", "outbox", "audit")


def allocate_ids(connection: Connection, name: str, count: int) -> Sequence[int]:
    """Return `count` rising ids for the table `name`, within the caller's transaction."""
    if count == 0:
        return ()
    if connection.dialect.name == "postgresql":
        query = text("SELECT nextval(CAST(:sequence AS regclass)) FROM generate_series(1, :count)")
        # The server need not return them in order.
        return sorted(connection.scalars(query, {"sequence": f"seq_{name}", "count": count}))
    following = connection.scalar(
        update(sequences)
        .where(sequences.c.name == name)
        .values(next_value=sequences.c.next_value + count)
        .returning(sequences.c.next_value)
    )
    # The first ids of this table.
    if following is None:
        connection.execute(insert(sequences).values(name=name, next_value=1 + count))
        following = 1 + count
    return range(following - count, following)
