from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, text

from services.storage.database.engine import reading
from services.watchdog.cutoffs import Cutoffs
from services.watchdog.findings import FaultKind
from services.watchdog.look import look
from services.watchdog.store.cases import case_spans, doubtful_cases
from tests.conformance.watchdog_cases import CALENDARS, InventedRecord
from tests.support.deployment import sqlite_engine

K = FaultKind
OF_CASES = {K.MESSAGE_MISSING, K.REVIEW_LATE, K.NO_DUE_TIME, K.REVIEW_PUT_OFF, K.PAUSE_TOO_LONG, K.NEVER_ACCEPTED}
OF_CASES |= {K.HOLD_WITHOUT_END, K.SILENCED_WITHOUT_RECORD}
CASES = 1_500
MOMENTS = [
    "2026-11-25T16:20",
    "2026-11-28T23:30",
    "2026-12-30T14:00",
    "2027-01-04T00:10",
    # The first working day after the clocks went forward: Easter lies between.
    "2027-03-30T08:30",
    "2026-10-25T00:30",
    "2026-10-26T12:00",
]


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    on_sqlite = request.param == "sqlite"
    made = sqlite_engine(tmp_path) if on_sqlite else request.getfixturevalue("databases").fresh()
    yield made
    made.dispose()


@pytest.fixture(params=MOMENTS)
def record(request: pytest.FixtureRequest, engine: Engine) -> InventedRecord:
    made = InventedRecord(Random(request.param), datetime.fromisoformat(request.param).replace(tzinfo=UTC))
    with engine.connect() as connection:
        # As the owner of the database, whom no constraint stops.
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE cases DROP CONSTRAINT open_case_is_due"))
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            connection.rollback()
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA ignore_check_constraints = ON")
            raw.execute("PRAGMA foreign_keys = OFF")
        made.fill(connection, CASES)
        connection.commit()
    return made


def test_what_is_found_is_what_the_rules_find_in_each_case(engine: Engine, record: InventedRecord) -> None:
    found = {(one.kind, one.feed_id): one.count for one in look(engine, record.now) if one.kind in OF_CASES}
    assert found == record.expected
    assert {kind for kind, _ in found} == OF_CASES


def test_few_cases_without_a_fault_are_judged_one_by_one(engine: Engine, record: InventedRecord) -> None:
    cutoffs = Cutoffs.of(CALENDARS.values(), record.now)
    with reading(engine).begin() as connection:
        pages = [page for span in case_spans(engine) for page in doubtful_cases(connection, span, cutoffs)]
    assert sum(map(len, pages)) < 0.8 * CASES
