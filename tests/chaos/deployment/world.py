from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from scripts.servers.kafka import Broker
from scripts.servers.postgres import Postgres
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.storage.store import Store
from tests.chaos.deployment.client import Client
from tests.chaos.deployment.processes import Supervisor, Worker
from tests.chaos.deployment.proxy import Proxy
from tests.chaos.faults.schedule import Way
from tests.chaos.judging.history import History
from tests.support.servers.killing import Mailbox, until

# The log event of a process that has started to work.
SERVES = '"serving"'

PARTITIONS = 4
READY_SECONDS = 60.0
LOCAL = "127.0.0.1"


@dataclass
class World:
    folder: Path
    # Reaches the database directly, without the proxy.
    store: Store
    postgres: Postgres
    database: str
    broker: Broker
    mailbox: Mailbox
    proxies: Mapping[Way, Proxy]
    supervisor: Supervisor
    # A matcher that joins and leaves.
    spare: Worker
    clients: list[Client]
    history: History
    noise: random.Random

    def sql(self, query: str, **values: Any) -> list[Any]:
        # The query is tried again while the database cannot be reached.
        found: list[Any] = []

        def answered() -> bool:
            try:
                with psycopg.connect(self.database, autocommit=True) as connection:
                    found[:] = connection.execute(query, values).fetchall()
            except psycopg.OperationalError:
                return False
            return True

        assert until(answered, READY_SECONDS), "the database does not answer"
        return found

    def one(self, query: str, **values: Any) -> int:
        return int(self.sql(query, **values)[0][0] or 0)

    @property
    def kafka(self) -> KafkaSettings:
        # The connection goes through the proxy.
        return KafkaSettings(brokers=f"{LOCAL}:{self.proxies[Way.KAFKA].port}", replication=1, partitions=PARTITIONS)
