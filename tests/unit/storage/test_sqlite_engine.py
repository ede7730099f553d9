from __future__ import annotations

import json
import sqlite3
from contextlib import ExitStack, closing

import pytest
from sqlalchemy import JSON, Engine, insert, literal_column, select
from sqlalchemy.exc import IntegrityError, OperationalError

from services.storage.database import sqlite_lock
from services.storage.database.engine import BUSY_MILLISECONDS
from services.storage.store import Store
from services.storage.tables import feeds, sequences, submissions
from tests.support.clock import FrozenClock
from tests.support.deployment import make_store

FULL = 2


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", FULL), ("foreign_keys", 1), ("busy_timeout", 30_000)]
)
def test_every_connection_is_set_up_for_commits_that_survive_a_power_cut(
    empty: Engine, clock: FrozenClock, pragma: str, value: object
) -> None:
    store = make_store(empty, clock)
    with store.reading() as first, store.reading() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    store.engine.dispose()
    with store.reading() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def _has_lock(store: Store) -> bool:
    database = store.engine.url.database
    assert database
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True


def test_a_transaction_that_writes_takes_the_lock_at_its_start_and_one_that_reads_does_not(store: Store) -> None:
    with store.reading():
        assert _has_lock(store)
    with store.writing():
        assert not _has_lock(store)
    assert _has_lock(store)


def test_a_writer_waits_for_the_lock_and_takes_it_soon_after_it_is_free(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    with ExitStack() as before:
        before.enter_context(store.writing())

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                before.close()

        monkeypatch.setattr(sqlite_lock, "sleep", wait)
        with store.writing() as connection:
            connection.execute(insert(sequences).values(name="x", next_value=1))
    assert len(waits) == 3
    assert max(waits) < 0.01


def test_a_writer_that_never_gets_the_lock_gives_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 10.0, 29.0, 31.0])
    monkeypatch.setattr(sqlite_lock, "monotonic", lambda: next(seconds))
    monkeypatch.setattr(sqlite_lock, "sleep", lambda _seconds: None)
    with closing(sqlite3.connect(store.engine.url.database or "", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"), store.writing():
            pass
    with store.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == BUSY_MILLISECONDS


def test_a_reader_sees_what_was_committed_and_does_not_wait_for_a_writer(store: Store) -> None:
    with store.writing() as writer:
        writer.execute(insert(sequences).values(name="x", next_value=1))
        with store.reading() as reader:
            assert reader.scalar(select(sequences.c.name)) is None
    with store.reading() as reader:
        assert reader.scalar(select(sequences.c.name)) == "x"


def test_an_exception_takes_everything_back(store: Store) -> None:
    with pytest.raises(RuntimeError):
        _write_and_fail(store)
    with store.reading() as connection:
        assert connection.scalar(select(sequences.c.name)) is None


def _write_and_fail(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(insert(sequences).values(name="x", next_value=1))
        raise RuntimeError


def test_a_row_cannot_name_another_that_is_not_there(store: Store) -> None:
    row = {"submission_id": "s", "feed_id": "provider:NONE", "kind": "notice", "channel": "api"}
    whole = {**row, "received_at": store.now(), "content_digest": bytes(32), "counts": {}}
    with pytest.raises(IntegrityError), store.writing() as connection:
        connection.execute(insert(submissions).values(whole))


def test_times_come_back_as_they_went_in(store: Store) -> None:
    moment = store.now().replace(microsecond=123_456)
    feed = {"feed_id": "provider:RAVN", "kind": "provider", "code": "RAVN", "name": "Raven", "created_at": moment}
    with store.writing() as connection:
        connection.execute(insert(feeds).values(feed))
    with store.reading() as connection:
        assert connection.execute(select(feeds.c.created_at, feeds.c.last_heard_at)).one() == (moment, None)


@pytest.mark.parametrize(
    "value", ['"half of a pair: \\ud83d"', "12345678901234567890123", '{"a": [1.5, null, "é"], "b": {}}', "NaN"]
)
def test_stored_json_is_read_as_the_standard_library_reads_it(store: Store, value: str) -> None:
    with store.reading() as connection:
        read = connection.scalar(select(literal_column(f"'{value}'", JSON)))
    assert repr(read) == repr(json.loads(value))
