"""While PostgreSQL is read-only, requests are answered with 503, and the service is not ready.

Once PostgreSQL accepts changes again, the service continues without a restart.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from services.storage.database.engine import make_engine
from tests.support.deployment import Deployment
from tests.support.http import NOTICE, NOTICES, Api, open_api, problem_of

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

READ_ONLY = "the database takes no changes: it is read-only now"


@pytest.fixture
def api(deployment: Deployment) -> Iterator[Api]:
    with open_api(deployment) as opened:
        yield opened


def switch(engine: Engine, *, read_only: bool) -> None:
    """Make all new sessions of a database read-only, as after a failover to a replica, or make them writable again."""
    beside = make_engine(engine.url.render_as_string(hide_password=False))
    with beside.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        value = "on" if read_only else "off"
        connection.execute(text(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = {value}"))
    beside.dispose()


def ready(api: Api) -> tuple[int, list[str]]:
    answer = api.ask(None, "GET", "/readyz")
    return answer.status_code, answer.json()["faults"]


def test_a_request_is_answered_503_and_the_next_ones_succeed_once_it_takes_changes(api: Api, engine: Engine) -> None:
    switch(engine, read_only=True)
    # The old connections are closed, like those to a server that was replaced.
    engine.dispose()
    refused = api.ask("raven", "POST", NOTICES, json=NOTICE)
    assert problem_of(refused) == (503, "unavailable")
    assert refused.headers["Retry-After"]
    assert "read-only" in refused.json()["detail"]
    switch(engine, read_only=False)
    assert api.ask("raven", "POST", NOTICES, json=NOTICE).status_code == 202


def test_it_is_not_ready_until_it_takes_changes_even_if_nothing_is_sent_meanwhile(api: Api, engine: Engine) -> None:
    assert ready(api) == (200, [])
    switch(engine, read_only=True)
    engine.dispose()
    assert ready(api) == (503, [READ_ONLY])
    switch(engine, read_only=False)
    assert ready(api) == (200, [])


def test_background_work_goes_on_after_it(deployment: Deployment, engine: Engine) -> None:
    deployment.post_notices(NOTICE)
    switch(engine, read_only=True)
    engine.dispose()
    with pytest.raises(Exception, match="read-only"):
        deployment.settle()
    switch(engine, read_only=False)
    deployment.settle()
