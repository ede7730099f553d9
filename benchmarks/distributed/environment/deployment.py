from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, func, select, text

from benchmarks.distributed.environment.ground import Ground
from benchmarks.distributed.environment.groups import wait_for_group
from benchmarks.distributed.environment.processes import Processes, free_port, until
from services.matcher.consumer import Matcher
from services.storage.database.engine import make_engine
from services.storage.events.outbox import CHANNEL
from services.storage.tables import inbox, matches, outbox

PARTITIONS = 8
DONE_SECONDS = 300.0
# Seconds between two checks that all lines are matched.
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Deployment:
    ground: Ground
    engine: Engine
    processes: Processes

    def start_ingest(self, count: int) -> list[str]:
        ports = [free_port() for _ in range(count)]
        for port in ports:
            self.processes.start("ingest", ["run", "ingest", "--port", str(port)])
        self.processes.ready()
        return [f"http://127.0.0.1:{port}" for port in ports]

    def start_relay(self) -> None:
        self.processes.start("relay", ["run", "relay"])
        self.processes.ready()

    def start_workers(self, role: str, count: int) -> None:
        for _ in range(count):
            self.processes.start(role, ["run", role])
        self.processes.ready()
        # A rebalance in the middle of a run would count as time of Pullcord.
        wait_for_group(self.ground.broker.address, f"pullcord-{role}", count)

    def matched(self) -> None:
        until(lambda: self._unhandled() == 0, DONE_SECONDS, "every line matched", LOOK_SECONDS)

    def levels(self) -> Mapping[str, int]:
        query = select(matches.c.level, func.count()).where(matches.c.live).group_by(matches.c.level)
        with self.engine.connect() as connection:
            return {level: count for level, count in connection.execute(query)}  # noqa: C416 - rows are no pairs

    @contextmanager
    def held_back(self) -> Iterator[None]:
        with self.engine.connect() as connection:
            # A relay skips events that another transaction has locked.
            connection.execute(select(outbox.c.pk).with_for_update())
            yield
            connection.rollback()
            connection.execute(text(f"NOTIFY {CHANNEL}"))
            connection.commit()

    def _unhandled(self) -> int:
        handled = select(inbox.c.event_id).where(inbox.c.consumer == Matcher.name)
        query = select(func.count()).select_from(outbox)
        query = query.where(outbox.c.topic.in_(Matcher.topics), outbox.c.event_id.not_in(handled))
        with self.engine.connect() as connection:
            return connection.scalar(query) or 0


@contextmanager
def deployed(ground: Ground, database: str, name: str) -> Iterator[Deployment]:
    # No process is started yet. Each measurement starts the roles that it needs.
    folder = ground.folder / name
    environment = {
        "PULLCORD_DATA_DIR": str(folder / "data"),
        "PULLCORD_KEYS_FILE": str(ground.keys_file),
        "PULLCORD_DATABASE_URL": ground.url(database),
        "PULLCORD_KAFKA_BROKERS": ground.broker.address,
        "PULLCORD_KAFKA_REPLICATION": "1",
        "PULLCORD_KAFKA_PARTITIONS": str(PARTITIONS),
    }
    engine = make_engine(ground.url(database))
    try:
        with Processes(folder, environment) as processes:
            yield Deployment(ground, engine, processes)
    finally:
        engine.dispose()
