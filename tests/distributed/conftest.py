from __future__ import annotations

import asyncio
import gc
import logging
import signal
import warnings
from collections.abc import Iterator

import pytest
import pytest_socket
from kafka import KafkaAdminClient, KafkaProducer
from sqlalchemy import Engine

from scripts.servers.kafka import Broker
from services.runtime.kafka.brokers import admin_client
from services.runtime.kafka.brokers.publishing import Publisher
from services.runtime.kafka.brokers.topics import make_topics
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.storage.store import Store
from tests.support.clock import FrozenClock
from tests.support.deployment import Deployment, make_store
from tests.support.servers.distributed import Databases, postgres

BOOTSTRAP_MS = 2000


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    yield
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        # The loops are closed first. A loop without its sockets can no longer be closed.
        for loop in (one for one in gc.get_objects() if issubclass(type(one), asyncio.BaseEventLoop)):
            if not loop.is_running():
                loop.close()
        gc.collect()


@pytest.fixture(scope="package")
def databases() -> Iterator[Databases]:
    pytest_socket.enable_socket()
    with postgres() as made:
        yield made


@pytest.fixture(scope="package")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    pytest_socket.enable_socket()
    made = Broker(tmp_path_factory.mktemp("kafka")).start()
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def settings(broker: Broker) -> KafkaSettings:
    made = KafkaSettings(_env_file=None, brokers=broker.address, replication=1, partitions=4)
    make_topics(made)
    return made


@pytest.fixture
def engine(databases: Databases) -> Iterator[Engine]:
    made = databases.fresh()
    yield made
    made.dispose()


@pytest.fixture
def deployment(engine: Engine) -> Deployment:
    return Deployment(engine)


@pytest.fixture
def store(engine: Engine) -> Store:
    return make_store(engine, FrozenClock())


@pytest.fixture
def publisher(settings: KafkaSettings) -> Iterator[Publisher]:
    made = Publisher(settings)
    yield made
    made.close(1)


@pytest.fixture
def giving_up_soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    # Each log record keeps only its text. A whole record would keep the sockets of a failed connection alive.
    logging.setLogRecordFactory(lambda *args, **more: _plain(factory(*args, **more)))
    for client in (KafkaAdminClient, KafkaProducer):
        monkeypatch.setitem(client.DEFAULT_CONFIG, "bootstrap_timeout_ms", BOOTSTRAP_MS)
    monkeypatch.setattr(admin_client, "ANSWER_MS", BOOTSTRAP_MS)
    yield
    logging.setLogRecordFactory(factory)


def _plain(record: logging.LogRecord) -> logging.LogRecord:
    record.msg, record.args, record.exc_info = record.getMessage(), (), None
    return record
