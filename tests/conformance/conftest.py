"""Runs each test of this folder on SQLite, on PostgreSQL, and distributed over Apache Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from tests.support.deployment import Deployment, sqlite_engine
from tests.support.servers.distributed import Databases, DistributedDeployment, Line, postgres


@pytest.fixture(scope="package")
def databases() -> Iterator[Databases]:
    pytest_socket.enable_socket()
    with postgres() as made:
        yield made


@pytest.fixture(scope="package")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    pytest_socket.enable_socket()
    made = Line(tmp_path_factory.mktemp("line"))
    yield made
    pytest_socket.enable_socket()
    made.close()


@pytest.fixture(params=["embedded-sqlite", "embedded-postgres", "distributed"])
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    if request.param == "embedded-sqlite":
        engine = sqlite_engine(tmp_path)
    else:
        engine = request.getfixturevalue("databases").fresh()
    if request.param == "distributed":
        yield DistributedDeployment(engine, request.getfixturevalue("line")).with_officers()
    else:
        yield Deployment(engine).with_officers()
    engine.dispose()
