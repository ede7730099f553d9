from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from time import perf_counter

from fastapi import FastAPI

from scripts.distributed_demo.processes import Crew, free_ports
from scripts.servers.kafka import Broker
from scripts.servers.postgres import Postgres
from services.alerts.states.rules import load_ruleset
from services.runtime.bootstrap import make_store
from services.runtime.consumers import CONSUMERS, make_consumers
from services.runtime.demo.demo_deployment import DemoDeployment
from services.runtime.demo.mailbox import Mailbox, make_router, receiving
from services.runtime.demo.narrator import Narrator, plain_table
from services.runtime.demo.parties import add_parties
from services.runtime.maintenance.keyring import new_keyring, write_keyring
from services.runtime.server import listen, served
from services.runtime.settings import Settings
from services.storage.migrate import upgrade
from services.storage.store import Store

# After this silence Kafka gives a worker's partitions to other workers. A broker accepts no smaller number.
SILENCE_SECONDS = 6

FIRST, *OTHERS = CONSUMERS
# The title of each process, with its role and a description of the role.
ROLES = {
    "ingest": ("ingest", "Take files in over HTTP and serve the pages; needs no broker."),
    "relay": ("relay", "Publish the outbox in PostgreSQL to Kafka."),
    f"{FIRST.name} 1": (FIRST.name, FIRST.summary),
    f"{FIRST.name} 2": (FIRST.name, "The same; they share the work, and there may be any number."),
    **{one.name: (one.name, one.summary) for one in OTHERS},
}


@dataclass(frozen=True)
class Servers:
    brokers: str
    database_url: str


@contextmanager
def start_demo(folder: Path, narrator: Narrator, today: date) -> Iterator[tuple[DemoDeployment, Crew]]:
    """Raises MissingToolError if Java or Maven is missing. Raises StuckError if a process does not start."""
    narrator.step("Everything is started")
    with ExitStack() as stack:
        servers = stack.enter_context(_servers(folder, narrator))
        settings = Settings(
            _env_file=None, data_dir=folder, database_url=servers.database_url, keys_file=None, keys=None
        )
        store = stack.enter_context(_made_ready(settings))
        mailbox = Mailbox()
        # No quiet hours, because the demonstration runs on the real clock, perhaps at night.
        keys = add_parties(
            store, stack.enter_context(receiving(mailbox)), quiet_from=time(), quiet_until=time(), day_starts=time()
        )
        crew = stack.enter_context(_crew(folder, servers, narrator))
        yield (
            DemoDeployment(
                store=store,
                consumers=make_consumers(load_ruleset(settings.ruleset)),
                mailbox=mailbox,
                base_url=crew.environment["PULLCORD_PUBLIC_URL"],
                mailbox_url=stack.enter_context(_mailbox_page(mailbox)),
                environment=_deployment(folder, servers),
                keys=keys,
                today=today,
            ),
            crew,
        )


@contextmanager
def _servers(folder: Path, narrator: Narrator) -> Iterator[Servers]:
    with ExitStack() as stack:
        started = perf_counter()
        broker = Broker(folder / "kafka")
        stack.callback(broker.stop)
        broker.start()
        narrator.say(f"Apache Kafka  {broker.address}, up in {perf_counter() - started:.1f} seconds")
        started = perf_counter()
        postgres = Postgres(folder / "postgres").start()
        stack.callback(postgres.stop)
        narrator.say(f"PostgreSQL    a socket of its own, up in {perf_counter() - started:.1f} seconds")
        yield Servers(broker.address, postgres.url)


@contextmanager
def _made_ready(settings: Settings) -> Iterator[Store]:
    write_keyring(settings.keys_path, new_keyring())
    store = make_store(settings)
    try:
        upgrade(store.engine)
        yield store
    finally:
        store.engine.dispose()


@contextmanager
def _mailbox_page(mailbox: Mailbox) -> Iterator[str]:
    pages = FastAPI(openapi_url=None)
    pages.include_router(make_router(mailbox))
    with served(pages, listen("127.0.0.1", 0)) as url:
        yield f"{url}/mailbox"


@contextmanager
def _crew(folder: Path, servers: Servers, narrator: Narrator) -> Iterator[Crew]:
    # One port of each process for its health and metrics, and one for the API.
    api, *others = free_ports(len(ROLES) + 1)
    ports = dict(zip(ROLES, others, strict=True))
    crew = Crew(folder / "logs", {**_deployment(folder, servers), **_of_processes(api, servers)})
    try:
        crew.logs.mkdir()
        for title, (role, _) in ROLES.items():
            crew.start(role, title, ports[title], *(["--port", str(api)] if role == "ingest" else []))
        crew.until_serving()
        _introduce(crew, narrator)
        yield crew
    finally:
        crew.stop()


def _deployment(folder: Path, servers: Servers) -> Mapping[str, str]:
    return {"PULLCORD_DATA_DIR": str(folder), "PULLCORD_DATABASE_URL": servers.database_url}


def _of_processes(port: int, servers: Servers) -> Mapping[str, str]:
    return {
        "PULLCORD_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PULLCORD_POLL_SECONDS": "0.2",
        "PULLCORD_KAFKA_BROKERS": servers.brokers,
        "PULLCORD_KAFKA_REPLICATION": "1",
        "PULLCORD_KAFKA_PARTITIONS": "4",
        # The workers read this variable in `KafkaSettings`.
        "PULLCORD_KAFKA_SESSION_SECONDS": str(SILENCE_SECONDS),
    }


def _introduce(crew: Crew, narrator: Narrator) -> None:
    narrator.say("\nOn them runs Pullcord, each role a process of its own:\n")
    table = plain_table("Process", "pid", "Port", "What it is for")
    for process in crew.processes:
        table.add_row(process.title, str(process.pid), str(process.port), ROLES[process.title][1])
    narrator.say(table)
