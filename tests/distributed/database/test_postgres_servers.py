from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text

from services.storage.database.engine import POSTGRES_LIMITS, make_engine
from services.storage.database.server_checks import UnsuitableServerError, check_server
from tests.support.servers.distributed import Databases

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]


def driver_url(engine: Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def pooled(engine: Engine) -> Iterator[Engine]:
    # All connections share one PostgreSQL session, as behind a pooler in transaction mode.
    with psycopg.connect(driver_url(engine)) as session:
        made = create_engine("postgresql+psycopg://", creator=lambda: session)
        yield made
        made.dispose()


def test_a_server_reached_directly_is_suitable_again_and_again(engine: Engine) -> None:
    for _ in range(3):
        check_server(engine)


def test_a_pooler_of_transactions_is_refused_with_the_mode_to_set(pooled: Engine) -> None:
    with pytest.raises(UnsuitableServerError, match="pool_mode = session"):
        check_server(pooled)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "WIN1252"])
def test_another_encoding_than_utf_8_is_refused_with_the_statement_that_helps(
    encoding: str, databases: Databases
) -> None:
    name = f"in_{encoding.lower()}"
    databases._run(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    made = make_engine(databases._named(name))
    try:
        with pytest.raises(UnsuitableServerError, match=f"encoding {encoding}.*ENCODING 'UTF8'"):
            check_server(made)
    finally:
        made.dispose()


@pytest.mark.parametrize("limit", POSTGRES_LIMITS)
def test_every_session_has_its_limits_also_after_its_first_transaction_failed(limit: str, engine: Engine) -> None:
    unit = {"s": 1, "min": 60}
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.rollback()
        said = connection.scalar(text(f"SHOW {limit}"))
    digits = said.rstrip("smin")
    assert int(digits) * unit[said[len(digits) :]] == int(POSTGRES_LIMITS[limit].rstrip("s"))


def test_a_url_with_options_of_its_own_keeps_them(engine: Engine) -> None:
    url = engine.url.update_query_dict({"options": "-c lock_timeout=7s"}).render_as_string(hide_password=False)
    own = make_engine(url)
    with own.connect() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "7s"
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
    own.dispose()
