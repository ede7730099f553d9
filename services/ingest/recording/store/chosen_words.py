from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import and_, delete, or_, select

from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.spreadsheets.chosen_columns import ChosenWord
from services.storage.dialect import upsert
from services.storage.store import Store
from services.storage.tables import chosen_words

# Mappings that are kept for one sender [P]. Each of its files is read by all of them, so they bound memory.
MOST_KEPT: Final = 1_000


class KeptWord(NamedTuple):
    what: str
    word: str
    target: str
    chosen_at: datetime


def remembered_words(store: Store, feed_id: str, kind: RecordKind) -> list[ChosenWord]:
    row = chosen_words.c
    query = select(row.what, row.word, row.target).where(row.feed_id == feed_id, row.kind == kind.value)
    with store.reading() as connection:
        return [ChosenWord(*values) for values in connection.execute(query.order_by(row.what, row.word))]


def page_of_words(
    store: Store, feed_id: str, kind: RecordKind, after: tuple[str, str] | None, limit: int
) -> list[KeptWord]:
    """`after` has the `what` and the `word` of the last mapping on the page before. None means the first page."""
    row = chosen_words.c
    query = select(row.what, row.word, row.target, row.chosen_at).where(row.feed_id == feed_id, row.kind == kind.value)
    if after is not None:
        what, word = after
        query = query.where(or_(row.what > what, and_(row.what == what, row.word > word)))
    with store.reading() as connection:
        found = connection.execute(query.order_by(row.what, row.word).limit(limit))
        return [KeptWord(*values) for values in found]


def keep_words(store: Store, feed_id: str, kind: RecordKind, words: Sequence[ChosenWord]) -> None:
    """Only the newest `MOST_KEPT` mappings are kept."""
    if not words:
        return
    now = store.now()
    values = [{"feed_id": feed_id, "kind": kind.value, **word._asdict(), "chosen_at": now} for word in words]
    with store.writing() as connection:
        key = ("feed_id", "kind", "what", "word")
        connection.execute(upsert(connection, chosen_words, key, ("target", "chosen_at")), values)
        row = chosen_words.c
        mine = (row.feed_id == feed_id) & (row.kind == kind.value)
        newest_first = select(row.what, row.word).where(mine).order_by(row.chosen_at.desc(), row.what, row.word)
        for what, word in connection.execute(newest_first.offset(MOST_KEPT)).all():
            connection.execute(delete(chosen_words).where(mine, row.what == what, row.word == word))


def forget_words(store: Store, feed_id: str, kind: RecordKind, words: Sequence[tuple[str, str]]) -> int:
    """Return the number of deleted mappings. `words` has pairs of `what` and `word`."""
    row = chosen_words.c
    found = 0
    with store.writing() as connection:
        for what, word in words:
            mine = (row.feed_id == feed_id) & (row.kind == kind.value) & (row.what == what) & (row.word == word)
            found += connection.execute(delete(chosen_words).where(mine)).rowcount
    return found
