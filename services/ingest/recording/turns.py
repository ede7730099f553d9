"""Writes large submissions in several transactions (ADR 0008)."""
# After a crash, a repeated submission writes only the missing rows.

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import sleep
from typing import Any, Final

from sqlalchemy import Connection

from services.ingest.reading.drafts import Draft
from services.storage.feeds import lock_feed
from services.storage.store import Store

# Rows in one turn [P]: about a third of a second on SQLite.
ROWS_A_TURN: Final = 2_500

# Seconds between two turns on SQLite. A process that waits for the lock asks again every 5 ms.
_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Turns:
    store: Store
    feed_id: str
    rows: int  # in one turn
    # If there is one, all turns are in this transaction.
    shared: Connection | None = None
    pause: Callable[[float], None] = sleep

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        if self.shared is not None:
            yield self.shared
            return
        with self.store.reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        # The transaction holds the lock of the feed.
        if self.shared is not None:
            yield self.shared
            return
        with _locked(self.store, self.feed_id) as connection:
            yield connection
        if self.store.engine.dialect.name == "sqlite":
            self.pause(_PAUSE)


@contextmanager
def transactions_for(store: Store, feed_id: str, rows: int) -> Iterator[Turns]:
    if rows > ROWS_A_TURN:
        yield Turns(store, feed_id, ROWS_A_TURN)
        return
    with _locked(store, feed_id) as connection:
        yield Turns(store, feed_id, ROWS_A_TURN, connection)


def drafts_in_turns(drafts: Sequence[Draft[Any]], rows: int) -> list[Sequence[Draft[Any]]]:
    """Split the drafts into one part for each transaction. A part has the drafts of at most `rows` references."""
    if len(drafts) <= rows:
        return [drafts]
    turns: list[list[Draft[Any]]] = []
    turn_of: dict[str, int] = {}
    for draft in drafts:
        # Drafts with the same reference stay in one part.
        turn = turn_of.setdefault(draft.reference, len(turn_of) // rows)
        if turn == len(turns):
            turns.append([])
        turns[turn].append(draft)
    return list(turns)


@contextmanager
def _locked(store: Store, feed_id: str) -> Iterator[Connection]:
    with store.writing() as connection:
        # One submission of a feed at a time: versions are compared with what is on record.
        lock_feed(connection, feed_id)
        yield connection
