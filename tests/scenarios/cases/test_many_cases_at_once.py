from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Select, event, select

from schemas.codes import CaseEvent
from services.alerts.case.acts import CHUNK, acknowledge, read_record
from services.alerts.case.store.cases import DueBy, due_cases, due_conditions, feeds_with
from services.storage.feeds import add_feed
from services.storage.tables import cases, feeds
from tests.support.deployment import BLACKPOOL, Deployment

BY = read_record(CaseEvent.ACKNOWLEDGE, {"by": "Asha Patel"})


def with_cases(deployment: Deployment, number: int) -> str:
    deployment.put_entries(*({"entry_id": f"e{one}", "cli": f"01632 96{one:04}"} for one in range(number)))
    notices = (
        {"id": f"n{one}", "cli": f"01632 96{one:04}", "planned_migration_date": "2026-12-03"} for one in range(number)
    )
    deployment.post_notices(*notices)
    deployment.tick(seconds=31)
    return deployment.mails()[0].reference.split(".")[0]


@contextmanager
def transactions(deployment: Deployment) -> Iterator[list[int]]:
    # The list has the number of changed cases for each write transaction.
    changed, counted = list[int](), [0]

    def note(_conn: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if "INTO cases" in statement:
            counted[0] += len(parameters) if many else 1

    def end(_connection: Connection) -> None:
        if counted[0]:
            changed.append(counted[0])
            counted[0] = 0

    engine = deployment.store.engine
    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", end)
    yield changed
    event.remove(engine, "before_cursor_execute", note)
    event.remove(engine, "commit", end)


@pytest.mark.parametrize("number", [1, CHUNK, CHUNK + 1, 2 * CHUNK + 50])
def test_no_transaction_of_an_acknowledgement_takes_more_cases_than_its_limit(
    deployment: Deployment, number: int
) -> None:
    alert = with_cases(deployment, number)
    with transactions(deployment) as changed:
        done = acknowledge(deployment.store, alert, BY)
    assert sum(changed) == len(done.cases) == number
    assert max(changed) <= CHUNK
    assert {case.state.value for case in deployment.cases()} == {"acknowledged"}


def test_another_writer_has_its_turn_between_two_transactions(deployment: Deployment) -> None:
    alert = with_cases(deployment, CHUNK + 10)
    written: list[str] = []

    def another(_connection: Connection) -> None:
        if not written:
            written.append("cardiff")
            written.append(add_feed(deployment.store, "council", "W06000015", "Cardiff"))

    event.listen(deployment.store.engine, "commit", another)
    acknowledge(deployment.store, alert, BY)
    event.remove(deployment.store.engine, "commit", another)
    with deployment.store.reading() as connection:
        assert "council:W06000015" in connection.scalars(select(feeds.c.feed_id)).all()


@pytest.mark.parametrize("seed", range(4))
def test_an_acknowledgement_that_was_cut_off_is_finished_by_sending_it_again(
    deployment: Deployment, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    monkeypatch.setattr("services.alerts.case.acts.CHUNK", 3)
    alert = with_cases(deployment, number := random.randint(4, 12))
    left = [random.randint(1, number // 3)]

    def fail(_connection: Connection) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError

    event.listen(deployment.store.engine, "commit", fail)
    with pytest.raises(OSError):  # noqa: PT011 - the fault of this test
        acknowledge(deployment.store, alert, BY)
    event.remove(deployment.store.engine, "commit", fail)
    states = [case.state.value for case in deployment.cases()]
    assert "open" in states
    acknowledge(deployment.store, alert, BY)
    assert {case.state.value for case in deployment.cases()} == {"acknowledged"}


def plan_of(connection: Connection, query: Select[Any]) -> str:
    compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
    return " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}"))


@pytest.mark.parametrize("analysed", [False, True])
@pytest.mark.parametrize("which", [0, 1])
def test_due_cases_are_found_by_their_due_time(deployment: Deployment, which: int, analysed: bool) -> None:
    with_cases(deployment, 60)
    now = deployment.clock.now()
    condition = due_conditions(DueBy(now, now + timedelta(days=8)))[which]
    with deployment.store.writing() as connection:
        if analysed:
            connection.exec_driver_sql("ANALYZE")
        claimed = plan_of(connection, due_cases(BLACKPOOL, condition).limit(10))
        councils = plan_of(connection, feeds_with(condition))
    assert "SEARCH cases USING INDEX ix_cases_feed_id_due_at (feed_id=? AND due_at" in claimed
    assert "TEMP B-TREE" not in claimed
    assert "SEARCH cases USING" in councils
    assert "(feed_id=? AND due_at" in councils


@pytest.mark.parametrize("seed", range(4))
def test_what_is_due_is_found_among_many_that_are_not(deployment: Deployment, seed: int) -> None:
    random = Random(seed)
    with_cases(deployment, 30)
    due = set(random.sample([case.pk for case in deployment.cases()], 5))
    now = deployment.clock.now()
    with deployment.store.writing() as connection:
        for case in deployment.cases():
            moment = now - timedelta(minutes=1) if case.pk in due else now + timedelta(days=random.randint(1, 7))
            connection.execute(cases.update().where(cases.c.pk == case.pk).values(due_at=moment))
        conditions = due_conditions(DueBy(now, now + timedelta(days=8)))
        queries = (due_cases(BLACKPOOL, condition) for condition in conditions)
        found = {row.pk for query in queries for row in connection.execute(query)}
    assert found == due
