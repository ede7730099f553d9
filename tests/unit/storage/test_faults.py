from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import connect

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, InternalError, OperationalError, ProgrammingError

from services.storage.database.engine import make_engine
from services.storage.database.faults import DatabaseFault, fault_of, last_refusal, watch_faults

CLASSES: list[type[DBAPIError]] = [OperationalError, InternalError, ProgrammingError, InterfaceError, DataError]

MEANT = {
    "08006": DatabaseFault.AWAY,
    "57P01": DatabaseFault.AWAY,
    "57P03": DatabaseFault.AWAY,
    "53300": DatabaseFault.BUSY,
    "55P03": DatabaseFault.BUSY,
    "57014": DatabaseFault.BUSY,
    "40001": DatabaseFault.BUSY,
    "25P03": DatabaseFault.BUSY,
    "25006": DatabaseFault.READ_ONLY,
    "53100": DatabaseFault.FULL,
    "42P01": DatabaseFault.OTHER_SCHEMA,
    "42703": DatabaseFault.OTHER_SCHEMA,
    "42601": DatabaseFault.OURS,
    "22003": DatabaseFault.OURS,
    "23505": DatabaseFault.OURS,
    "25P02": DatabaseFault.OURS,
    "XX001": DatabaseFault.OURS,
}


class StatedError(psycopg.Error):
    def __init__(self, state: str) -> None:
        super().__init__("no text that anybody may read")
        self.sqlstate = state


@pytest.mark.parametrize(("state", "meant"), MEANT.items())
def test_a_sqlstate_has_one_meaning(state: str, meant: DatabaseFault) -> None:
    assert fault_of(OperationalError("", None, StatedError(state))) is meant


@given(st.from_regex(r"\A[0-9A-Z]{5}\Z"))
def test_the_class_of_the_error_changes_nothing(state: str) -> None:
    assert len({fault_of(kind("", None, StatedError(state))) for kind in CLASSES}) == 1


@given(st.sampled_from(sorted(MEANT)), st.from_regex(r"\A[0-9A-Z]{3}\Z"))
def test_a_state_that_nobody_knows_means_what_its_class_means_or_is_our_fault(state: str, rest: str) -> None:
    assert fault_of(OperationalError("", None, StatedError(state[:2] + rest))) is not None


def test_a_connection_that_was_never_made_has_no_code_and_may_be_made_later() -> None:
    engine = make_engine("postgresql+psycopg://nobody@127.0.0.1:9/nowhere")
    with pytest.raises(OperationalError) as raised, engine.connect():
        pass
    assert fault_of(raised.value) is DatabaseFault.AWAY


def test_an_error_that_is_none_of_the_database_has_no_meaning_here() -> None:
    assert fault_of(ValueError("x")) is None


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(f"sqlite:///{tmp_path / 'small.db'}", connect_args={"timeout": 0})
    watch_faults(made)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE things (thing BLOB)"))
    yield made
    made.dispose()


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def failing(engine: Engine, *statements: str) -> DatabaseFault | None:
    with pytest.raises(DBAPIError) as raised:
        run(engine, *statements)
    return fault_of(raised.value)


def fill(engine: Engine) -> DatabaseFault | None:
    return failing(engine, "PRAGMA max_page_count = 2", "INSERT INTO things VALUES (zeroblob(1000000))")


def test_a_full_sqlite_database_is_full(engine: Engine) -> None:
    assert fill(engine) is DatabaseFault.FULL


def test_a_locked_sqlite_database_is_busy(engine: Engine) -> None:
    with connect(str(engine.url.database), isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert failing(engine, "INSERT INTO things VALUES (1)") is DatabaseFault.BUSY
        other.execute("ROLLBACK")


def test_a_sqlite_database_that_may_not_be_written_is_read_only(engine: Engine) -> None:
    assert failing(engine, "PRAGMA query_only = ON", "INSERT INTO things VALUES (1)") is DatabaseFault.READ_ONLY


def test_a_table_that_is_missing_may_be_there_after_an_upgrade(engine: Engine) -> None:
    assert failing(engine, "SELECT * FROM nothing") is DatabaseFault.OTHER_SCHEMA


def test_a_row_that_breaks_a_rule_is_our_fault(engine: Engine) -> None:
    run(engine, "CREATE TABLE rules (rule INTEGER PRIMARY KEY)", "INSERT INTO rules VALUES (1)")
    assert failing(engine, "INSERT INTO rules VALUES (1)") is DatabaseFault.OURS


def test_a_database_that_refused_a_change_counts_as_refusing_until_it_takes_one(engine: Engine) -> None:
    fill(engine)
    assert last_refusal(engine) is DatabaseFault.FULL
    assert last_refusal(engine.execution_options(pullcord_read_only=True)) is DatabaseFault.FULL
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM things"))
    assert last_refusal(engine) is None


def test_reading_does_not_show_that_changes_are_taken_again_and_time_does(engine: Engine) -> None:
    now = 100.0
    watch_faults(engine, lambda: now)
    fill(engine)
    with engine.execution_options(pullcord_read_only=True).begin() as connection:
        connection.execute(text("SELECT 1"))
    assert last_refusal(engine, lambda: now + 59) is DatabaseFault.FULL
    assert last_refusal(engine, lambda: now + 61) is None


def test_events_of_an_engine_reach_the_engines_made_of_it(engine: Engine) -> None:
    seen: list[str] = []
    event.listen(engine, "handle_error", lambda context: seen.append(type(context.original_exception).__name__))
    failing(engine.execution_options(pullcord_read_only=True), "SELECT * FROM nothing")
    assert seen == ["OperationalError"]
