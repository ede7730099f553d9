"""What is said to PostgreSQL in its own way, said to a real one."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import OperationalError

from services.storage.dialect import among, among_keys, is_conflict
from services.storage.tables import idempotency_keys, sequences, submissions
from tests.support.house import House

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

MORE_THAN_PARAMETERS = 70_000
"""A statement takes 65,535."""


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


def test_as_many_keys_are_named_as_may_be(house: House) -> None:
    house.put_entries({"entry_id": "e1", "cli": "01632 960123"})
    keys = [number.to_bytes(16, "big") for number in range(MORE_THAN_PARAMETERS)]
    odd = b"\\\"{},'\x00\xff" * 2
    column = idempotency_keys.c.key_hash
    with house.store.writing() as connection:
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
