from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects import postgresql

from services.storage.dialect import (
    Exclusive,
    among,
    among_keys,
    listed,
    looked_up,
    share_lock,
    skipping_locked,
    upsert,
)
from services.storage.events.outbox import LANES
from services.storage.sequences import SEQUENCES, allocate_ids
from services.storage.store import Store
from services.storage.tables import deliveries, idempotency_keys, metadata, sequences

POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
ELSEWHERE = cast("Connection", SimpleNamespace(dialect=POSTGRESQL))


def said(statement: Any) -> str:
    return " ".join(str(statement.compile(dialect=POSTGRESQL)).split())


@pytest.mark.parametrize("values", [[], [2], [1, 3, 5], list(range(100_000)), [-1, 2**62]])
def test_among_finds_what_is_listed_however_many(store: Store, values: Sequence[int]) -> None:
    with store.writing() as connection:
        connection.execute(insert(sequences), [{"name": str(number), "next_value": number} for number in range(1, 5)])
        found = connection.scalars(
            select(sequences.c.next_value).where(among(connection, sequences.c.next_value, values))
        )
        assert set(found) == set(values) & {1, 2, 3, 4}


def test_among_is_one_parameter_on_postgresql() -> None:
    query = select(sequences.c.name).where(among(ELSEWHERE, sequences.c.next_value, [1, 2, 3]))
    compiled = query.compile(dialect=POSTGRESQL)
    assert list(compiled.params.values()) == ["{1,2,3}"]
    assert "= any(" in said(query)


@pytest.mark.parametrize("count", [0, 1, 12_000])
def test_keys_are_found_however_many_are_named(store: Store, count: int) -> None:
    named = [number.to_bytes(16, "big") for number in range(1, 1 + count)]
    held = {(1).to_bytes(16, "big"), (11_999).to_bytes(16, "big"), b"another"}
    column = idempotency_keys.c.key_hash
    with store.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        rows = [
            {"feed_id": "f", "key_hash": key, "request_digest": b"d", "submission_id": "s", "created_at": store.now()}
            for key in held
        ]
        connection.execute(insert(idempotency_keys), rows)
        conditions = among_keys(connection, column, named)
        found = [key for one in conditions for key in connection.scalars(select(column).where(one))]
        connection.rollback()
    assert set(found) == held & set(named)


def test_keys_are_one_parameter_on_postgresql() -> None:
    (condition,) = among_keys(ELSEWHERE, idempotency_keys.c.key_hash, [b"\x01\xff", b"{"])
    compiled = select(idempotency_keys.c.feed_id).where(condition).compile(dialect=POSTGRESQL)
    assert list(compiled.params.values()) == [r'{"\\x01ff","\\x7b"}']


@pytest.mark.parametrize("values", [[], [2], [1, 3, 5], list(range(100_000))])
def test_what_is_listed_is_looked_up_in_a_table(store: Store, values: Sequence[int]) -> None:
    with store.writing() as connection:
        connection.execute(insert(sequences), [{"name": str(number), "next_value": number} for number in range(1, 5)])
        named = listed(connection, values)
        rows, found = looked_up(connection, named, sequences, sequences.c.next_value == named.c.value, sequences.c.name)
        names = connection.scalars(select(found.name).select_from(rows))
        assert set(names) == {str(one) for one in values} & {"1", "2", "3", "4"}


def test_a_table_is_looked_up_so_that_postgresql_cannot_plan_to_read_it_whole() -> None:
    named = listed(ELSEWHERE, [1, 2])
    rows, found = looked_up(ELSEWHERE, named, sequences, sequences.c.next_value == named.c.value, sequences.c.name)
    query = said(select(found.name).select_from(rows))
    assert "JOIN LATERAL (SELECT sequences.name" in query
    assert "OFFSET" in query
    assert "unnest(CAST(" in query


def test_upsert_adds_what_is_new_and_changes_only_what_it_names(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(insert(sequences).values(name="a", next_value=1))
        statement = upsert(connection, sequences, ["name"], ["next_value"])
        connection.execute(statement, [{"name": "a", "next_value": 5}, {"name": "b", "next_value": 7}])
        found = connection.execute(select(sequences.c.name, sequences.c.next_value).order_by(sequences.c.name)).all()
    assert found == [("a", 5), ("b", 7)]


def test_upsert_says_the_same_to_postgresql() -> None:
    statement = said(upsert(ELSEWHERE, sequences, ["name"], ["next_value"]))
    assert statement.endswith("ON CONFLICT (name) DO UPDATE SET next_value = excluded.next_value")


def test_claimed_rows_are_passed_over_on_postgresql_and_sqlite_has_one_writer(store: Store) -> None:
    query = select(deliveries.c.pk)
    assert said(skipping_locked(ELSEWHERE, query)).endswith("FOR UPDATE SKIP LOCKED")
    assert share_lock(ELSEWHERE)
    with store.reading() as connection:
        assert skipping_locked(connection, query) is query
        assert not share_lock(connection)


def test_ids_rise_from_one_and_are_never_given_twice(store: Store) -> None:
    with store.writing() as connection:
        assert list(allocate_ids(connection, "cases", 3)) == [1, 2, 3]
        assert list(allocate_ids(connection, "cases", 0)) == []
        assert list(allocate_ids(connection, "cases", 2)) == [4, 5]
        assert list(allocate_ids(connection, "alerts", 1)) == [1]
    with store.writing() as connection:
        assert list(allocate_ids(connection, "cases", 1)) == [6]


def test_ids_of_a_transaction_that_failed_are_free_again(store: Store) -> None:
    with pytest.raises(RuntimeError):
        _take_and_fail(store)
    with store.writing() as connection:
        assert list(allocate_ids(connection, "cases", 1)) == [1]


def _take_and_fail(store: Store) -> None:
    with store.writing() as connection:
        allocate_ids(connection, "cases", 5)
        raise RuntimeError


def test_postgresql_takes_ids_from_its_own_sequences() -> None:
    asked: list[tuple[str, object]] = []

    def scalars(query: object, values: object) -> list[int]:
        asked.append((str(query), values))
        return [9, 7, 8]

    elsewhere = cast("Connection", SimpleNamespace(dialect=POSTGRESQL, scalars=scalars))
    assert allocate_ids(elsewhere, "cases", 3) == [7, 8, 9]
    ((query, values),) = asked
    assert "nextval" in query
    assert values == {"sequence": "seq_cases", "count": 3}


def test_every_table_whose_ids_the_application_allots_has_a_sequence() -> None:
    numbered = {table.name for table in metadata.tables.values() if "pk" in table.c}
    assert set(SEQUENCES) == numbered


def test_no_lock_of_another_kind_is_a_lane_of_the_outbox() -> None:
    assert min(Exclusive) >= LANES
