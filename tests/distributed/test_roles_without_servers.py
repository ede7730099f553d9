from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from socket import create_server
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine, text

from scripts.servers.kafka import Broker
from scripts.servers.postgres import Postgres
from services.runtime.consumers import CONSUMERS
from services.storage.database.engine import make_engine
from services.storage.migrate import upgrade
from tests.support.servers.bad_servers import bad_servers, silent
from tests.support.servers.roles import PATIENCE, role

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

# Every role that needs brokers.
ROLES = ["relay", *(one.name for one in CONSUMERS)]
NOBODY = "postgresql+psycopg://nobody@127.0.0.1:9/nowhere"


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture
def addresses() -> Iterator[dict[str, str]]:
    # Each address fails for another reason.
    with bad_servers(1, silent) as (server,), closing(create_server(("127.0.0.1", 0))) as deaf:
        yield {
            "a host that does not exist": "broker.invalid:9092",
            "a server that never answers": server.host,
            "a server that accepts nobody": f"127.0.0.1:{deaf.getsockname()[1]}",
        }


WHERE = ["a host that does not exist", "a server that never answers", "a server that accepts nobody"]


@pytest.mark.parametrize(("where", "name"), list(zip(WHERE, ROLES, strict=True)))
def test_a_role_with_a_wrong_address_of_the_brokers_is_alive_never_ready_and_stops(
    where: str, name: str, addresses: dict[str, str], engine: Engine, tmp_path: Path
) -> None:
    with role(name, tmp_path, url_of(engine), KAFKA_BROKERS=addresses[where]) as running:
        assert running.comes_to_answer("/livez", 200)
        assert running.answers("/readyz", 503)
        assert "the brokers" in running.faults()
        assert running.stopped() == 0
        assert [line["event"] for line in running.lines() if line["level"] == "error"] == []


def test_a_relay_whose_brokers_go_away_is_not_ready_until_they_are_back_and_stops_without_them(
    engine: Engine, tmp_path: Path, broker: Broker
) -> None:
    with role("relay", tmp_path, url_of(engine), KAFKA_BROKERS=broker.address) as running:
        assert running.comes_to_answer("/readyz", 200), running.faults()
        broker.stop(signal.SIGKILL)
        try:
            assert running.comes_to_answer("/readyz", 503)
            assert running.answers("/livez", 200)
            broker.start()
            assert running.comes_to_answer("/readyz", 200), running.faults()
            broker.stop(signal.SIGKILL)
            assert running.stopped() == 0
        finally:
            broker.start()
        # Every line is JSON, also the messages of libraries.
        assert running.lines()


@pytest.mark.parametrize("name", [one.name for one in CONSUMERS])
def test_a_worker_whose_brokers_have_gone_stops_when_it_is_told_to(
    name: str, engine: Engine, tmp_path: Path, broker: Broker
) -> None:
    with role(name, tmp_path, url_of(engine), KAFKA_BROKERS=broker.address) as running:
        assert running.comes_to_answer("/readyz", 200), running.faults()
        broker.stop(signal.SIGKILL)
        try:
            # A library that crashes meanwhile ends the process, which a supervisor then starts again.
            assert running.stopped() in (0, 2)
        finally:
            broker.start()
        assert running.lines()


@pytest.mark.parametrize("name", ["relay", "alerts"])
def test_a_role_opens_its_port_while_the_database_is_away(name: str, tmp_path: Path) -> None:
    with role(name, tmp_path, NOBODY, KAFKA_BROKERS="127.0.0.1:9") as running:
        assert running.comes_to_answer("/livez", 200)
        assert running.answers("/readyz", 503)
        assert "the database" in running.faults()
        assert running.stopped() == 0
        assert running.lines()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    # The user of the database server can open the folder.
    with TemporaryDirectory(prefix="pullcord-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_the_ingest_api_answers_503_until_its_database_is_there(open_folder: Path, tmp_path: Path) -> None:
    server = Postgres(open_folder / "postgres").start()
    try:
        engine = make_engine(server.url)
        upgrade(engine)
        engine.dispose()
        server.crash()
        with role("ingest", tmp_path, server.url) as running:
            assert running.comes_to_answer("/livez", 200)
            sent = running.asked("/v1/migration-notices", "POST", json={}, headers={"Authorization": "Bearer pcd.x.y"})
            assert sent is not None
            assert (sent.status_code, "Retry-After" in sent.headers) == (503, True)
            server.resume()
            assert running.comes_to_answer("/readyz", 200), running.faults()
    finally:
        server.stop()


def test_a_database_without_tables_ends_the_ingest_api_with_a_sentence(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    with role("ingest", tmp_path, url_of(engine)) as running:
        assert running.process.wait(PATIENCE) == 2
        assert "run `pullcord init`" in " ".join(running.log.read_text().split())
