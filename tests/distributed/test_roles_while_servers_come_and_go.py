from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, make_url

from scripts.servers.kafka import Broker
from services.runtime.consumers import CONSUMERS
from tests.chaos.deployment.proxy import Proxy
from tests.support.servers.killing import until
from tests.support.servers.roles import PATIENCE, RoleProcess, role

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

# The words by which `/readyz` names a server that is away.
DATABASE, BROKERS = "the database", "the brokers"
Away = frozenset[str]
BACK: Away = frozenset()
STATES = tuple(map(frozenset, ([], [DATABASE], [BROKERS], [DATABASE, BROKERS])))


class Servers:
    def __init__(self, proxies: dict[str, Proxy], database: str) -> None:
        self._proxies, self.database = proxies, database

    @property
    def brokers(self) -> str:
        return f"127.0.0.1:{self._proxies[BROKERS].port}"

    def become(self, away: Away) -> None:
        for name, proxy in self._proxies.items():
            if name in away:
                proxy.cut()
            else:
                proxy.open()


@pytest.fixture
def servers(engine: Engine, broker: Broker) -> Iterator[Servers]:
    with _proxy(_socket(engine)) as database, _proxy(("127.0.0.1", broker.port)) as brokers:
        url = make_url("postgresql+psycopg://").set(
            username=engine.url.username,
            password=engine.url.password,
            host="127.0.0.1",
            port=database.port,
            database=engine.url.database,
        )
        yield Servers({DATABASE: database, BROKERS: brokers}, url.render_as_string(hide_password=False))


@contextmanager
def _proxy(upstream: Path | tuple[str, int]) -> Iterator[Proxy]:
    made = Proxy().start(upstream)
    try:
        yield made
    finally:
        made.stop()


def _socket(engine: Engine) -> Path:
    folder = engine.url.query["host"]
    assert isinstance(folder, str)
    return Path(folder) / f".s.PGSQL.{engine.url.port or 5432}"


def outages(noise: Random) -> list[Away]:
    # No two steps that follow each other are alike, and in the end nothing is away.
    drawn: list[Away] = [noise.choice(STATES[1:])]
    for _ in range(3):
        # The brokers do not leave once they were reached: a worker that loses them may end, and is started again.
        may_follow = [one for one in STATES if one != drawn[-1] and not (BACK in drawn and BROKERS in one)]
        drawn.append(noise.choice(may_follow))
    return drawn if drawn[-1] == BACK else [*drawn, BACK]


def tells(running: RoleProcess, away: Away) -> bool:
    faults = running.faults()
    ready = running.answers("/readyz", 503 if away else 200)
    return running.answers("/livez", 200) and ready and all(name in faults for name in away)


@pytest.mark.parametrize("name", ["relay", *(one.name for one in CONSUMERS)])
@pytest.mark.parametrize("seed", [1])
def test_a_role_tells_which_servers_are_away_in_whatever_order_they_go_and_come_back(
    name: str, seed: int, servers: Servers, tmp_path: Path
) -> None:
    schedule = outages(Random(f"{name} {seed}"))
    servers.become(schedule[0])
    with role(name, tmp_path, servers.database, KAFKA_BROKERS=servers.brokers) as running:
        assert running.comes_to_answer("/livez", 200)
        for away in schedule:
            servers.become(away)
            assert until(partial(tells, running, away), PATIENCE), (schedule, away, running.faults())
        assert running.stopped() == 0
        assert running.lines()
