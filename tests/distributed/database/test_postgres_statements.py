from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import BindParameter, Connection, Engine, Select, bindparam, insert, select, text, update
from sqlalchemy.exc import OperationalError

from services.alerts.case.store.cases import DueBy, due_cases, due_conditions
from services.matcher.store.matches import ENTRIES, NOTICES, Side, partners
from services.storage.dialect import among, among_keys, is_conflict
from services.storage.events.feed_history import days_heard
from services.storage.tables import cases, idempotency_keys, sequences, submissions
from tests.support.deployment import BLACKPOOL, Deployment

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

# More than the 65,535 parameters that a statement may have.
MORE_THAN_PARAMETERS = 70_000


def test_as_many_integers_are_named_as_may_be(engine: Engine) -> None:
    values = range(-1, MORE_THAN_PARAMETERS)
    with engine.begin() as connection:
        connection.execute(insert(sequences), [{"name": str(one), "next_value": one} for one in (3, 2**40, 69_999)])
        found = connection.scalars(
            select(sequences.c.next_value).where(among(connection, sequences.c.next_value, values))
        )
        assert set(found) == {3, 69_999}
        none = select(sequences.c.name).where(among(connection, sequences.c.next_value, []))
        assert connection.execute(none).all() == []


def test_as_many_keys_are_named_as_may_be(deployment: Deployment) -> None:
    deployment.put_entries({"entry_id": "e1", "cli": "01632 960123"})
    keys = [number.to_bytes(16, "big") for number in range(MORE_THAN_PARAMETERS)]
    odd = b"\\\"{},'\x00\xff" * 2
    column = idempotency_keys.c.key_hash
    with deployment.store.writing() as connection:
        row = connection.execute(select(submissions)).first()
        assert row is not None
        connection.execute(
            insert(idempotency_keys),
            [
                {
                    "feed_id": row.feed_id,
                    "key_hash": key,
                    "request_digest": b"d",
                    "submission_id": row.submission_id,
                    "created_at": row.received_at,
                }
                for key in (keys[7], odd, b"another")
            ],
        )
        (condition,) = among_keys(connection, column, [*keys, odd])
        assert set(connection.scalars(select(column).where(condition))) == {keys[7], odd}


def test_the_days_on_which_a_feed_was_heard_are_found_one_by_one(deployment: Deployment) -> None:
    heard = []
    for number, hours in enumerate([0, 2, 20, 49, 1, 170]):
        deployment.clock.advance(hours=hours)
        deployment.put_entries({"entry_id": f"e{number}", "cli": "01632 960123"})
        heard.append(deployment.clock.now())
    newest = sorted({moment.date(): moment for moment in heard}.values(), reverse=True)
    assert len(newest) == 4
    with deployment.store.reading() as connection:
        for most in (1, 3, 9):
            assert days_heard(connection, most) == {BLACKPOOL: newest[:most]}


@pytest.mark.parametrize(("mine", "theirs"), [(NOTICES, ENTRIES), (ENTRIES, NOTICES)])
def test_partners_are_looked_up_also_before_postgresql_has_counted_the_tables(
    engine: Engine, mine: Side, theirs: Side
) -> None:
    rows = [{"token": number.to_bytes(16, "big"), "pk": number, "kind": 1} for number in range(1, 20_001)]
    with engine.begin() as connection:
        for side in (mine, theirs):
            named: dict[str, BindParameter[int]] = {side.owner.name: bindparam("pk")}
            connection.execute(
                insert(side.tokens).values(token=bindparam("token"), kind=bindparam("kind"), **named), rows
            )
        query = partners(connection, mine, range(5, 505), theirs)
        assert set(connection.execute(query)) == {(one, one, 1) for one in range(5, 505)}
        plan = [dict(row) for row in walked(explained(connection, query)["Plan"])]
    assert {step["Node Type"] for step in plan}.isdisjoint({"Merge Join", "Hash Join", "Seq Scan"})
    assert sum(step["Actual Rows"] * step["Actual Loops"] for step in plan if "Index Name" in step) < 2_000


@pytest.mark.parametrize("which", [0, 1])
def test_due_cases_are_found_by_their_due_time(deployment: Deployment, which: int) -> None:
    numbers = range(2_000)
    deployment.put_entries(*({"entry_id": f"e{one}", "cli": f"01632 96{one:04}"} for one in numbers))
    deployment.post_notices(*({"id": f"n{one}", "cli": f"01632 96{one:04}"} for one in numbers))
    deployment.settle()
    now = deployment.clock.now()
    with deployment.store.writing() as connection:
        # Almost all are due in some days, as in a deployment that is up to date.
        connection.execute(update(cases).values(due_at=now + timedelta(days=3)))
        connection.execute(update(cases).where(cases.c.pk < 5).values(due_at=now))
        connection.execute(text("ANALYZE cases"))
        condition = due_conditions(DueBy(now, now + timedelta(days=8)))[which]
        plan = [dict(row) for row in walked(explained(connection, due_cases(BLACKPOOL, condition).limit(10))["Plan"])]
    assert "Seq Scan" not in {step["Node Type"] for step in plan}
    assert {step["Index Name"] for step in plan if "Index Name" in step} <= {
        "ix_cases_due_at",
        "ix_cases_feed_id_due_at",
    }


def explained(connection: Connection, query: Select[Any]) -> dict[str, Any]:
    text_of = query.compile(connection, compile_kwargs={"literal_binds": True})
    plan: dict[str, Any] = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {text_of}").scalar_one()[0]
    return plan


def walked(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for below in step.get("Plans", ()):
        yield from walked(below)


def test_who_comes_second_to_a_row_is_told_from_other_faults(engine: Engine) -> None:
    change = text("INSERT INTO sequences VALUES ('a', 1) ON CONFLICT (name) DO UPDATE SET next_value = 2")
    with engine.begin() as connection:
        connection.execute(change)
    later = engine.execution_options(isolation_level="REPEATABLE READ")
    with later.connect() as second:
        second.execute(select(sequences.c.name)).all()
        with engine.begin() as first:
            first.execute(change)
        with pytest.raises(OperationalError) as met:
            second.execute(change)
    assert is_conflict(met.value)
    with engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 1"))
        with pytest.raises(OperationalError) as late:
            connection.execute(text("SELECT pg_sleep(5)"))
    assert not is_conflict(late.value)
