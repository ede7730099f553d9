from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, create_engine, func, select, text

from scripts.servers.kafka import Broker
from scripts.servers.postgres import Postgres
from services.alerts.states.rules import load_ruleset
from services.runtime.consumers import make_consumers
from services.runtime.kafka.brokers.publishing import Publisher
from services.runtime.kafka.brokers.topics import make_topics
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.relay import Relay
from services.runtime.kafka.worker import make_worker
from services.storage.database.engine import make_engine
from services.storage.events.process import Consumer
from services.storage.migrate import upgrade
from services.storage.tables import inbox, outbox
from tests.support.clock import FrozenClock
from tests.support.deployment import RULESET, Deployment
from tests.support.servers.statements import share_statements

SETTLED_WITHIN = 60.0
# No test cuts the power of the machine, and a server that is killed loses nothing that it gave to the system.
WITHOUT_WAITING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Databases:
    TEMPLATE = "pullcord_template"

    def __init__(self, url: str) -> None:
        self._url = url
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")
        self.set(WITHOUT_WAITING)
        self._run(f"CREATE DATABASE {self.TEMPLATE}")
        engine = make_engine(self._named(self.TEMPLATE))
        upgrade(engine)
        engine.dispose()

    def fresh(self) -> Engine:
        # A copy of a template is made many times faster than a migration.
        name = f"test_{uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {self.TEMPLATE}")
        return share_statements(make_engine(self._named(name)))

    def set(self, settings: Mapping[str, str]) -> None:
        for name, value in settings.items():
            self._run(f"ALTER SYSTEM SET {name} = '{value}'")
        self._run("SELECT pg_reload_conf()")

    def close(self) -> None:
        self._admin.dispose()

    def _named(self, name: str) -> str:
        # Only the name of the database changes, because the rest of the URL names the socket.
        return self._url.replace("/postgres?", f"/{name}?", 1)

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


class CurrentStore:
    def __init__(self) -> None:
        self.store: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class Line:
    def __init__(self, folder: Path) -> None:
        self.broker = Broker(folder / "kafka").start()
        self.settings = KafkaSettings(brokers=self.broker.address, replication=1, partitions=4)
        make_topics(self.settings)
        self.publisher = Publisher(self.settings)
        self.current = CurrentStore()
        self._loop = asyncio.new_event_loop()
        self._started = Event()
        self._apps: Sequence[Any] = ()
        self._thread = Thread(target=self._run, args=(folder,), name="faust", daemon=True)
        self._thread.start()
        if not self._started.wait(SETTLED_WITHIN):
            raise RuntimeError("the workers did not start")

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(SETTLED_WITHIN)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SETTLED_WITHIN)
        self._loop.close()
        self.publisher.close()
        self.broker.stop()

    def _run(self, folder: Path) -> None:
        asyncio.set_event_loop(self._loop)
        consumers: Sequence[Consumer] = make_consumers(load_ruleset(RULESET))
        self._apps = [
            make_worker(self.current, consumer, self.settings, data_dir=str(folder / consumer.name)).app  # type: ignore[arg-type]
            for consumer in consumers
        ]
        for app in self._apps:
            app.loop = self._loop
            self._loop.run_until_complete(app.start())
        self._started.set()
        self._loop.run_forever()

    async def _stop(self) -> None:
        for app in self._apps:
            await app.stop()


class DistributedDeployment(Deployment):
    def __init__(self, engine: Engine, line: Line, clock: FrozenClock | None = None) -> None:
        super().__init__(engine, clock)
        line.current.store = self.store
        self._relay = Relay(self.store, line.publisher)

    def settle(self) -> None:
        waited = 0.0
        while self._relay.run_once() or self._unhandled():
            Event().wait(0.02)
            waited += 0.02
            assert waited < SETTLED_WITHIN, "the workers do not get on"

    def _unhandled(self) -> int:
        with self.store.reading() as connection:
            return sum(
                connection.scalar(
                    select(func.count())
                    .select_from(outbox)
                    .where(
                        outbox.c.topic.in_(consumer.topics),
                        outbox.c.event_id.not_in(select(inbox.c.event_id).where(inbox.c.consumer == consumer.name)),
                    )
                )
                or 0
                for consumer in make_consumers(self.ruleset)
            )


@contextmanager
def postgres() -> Iterator[Databases]:
    with tempfile.TemporaryDirectory(prefix="pullcord-pg-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder)).start()
        databases = Databases(server.url)
        try:
            yield databases
        finally:
            databases.close()
            # Nobody reads the databases again. A stop in good order would write hundreds of them to the disk first.
            server.crash()
