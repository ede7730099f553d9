from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import create_server

import httpx

from scripts.servers.kafka import Broker
from scripts.servers.postgres import Postgres
from services.runtime.bootstrap import make_store
from services.runtime.maintenance.keyring import new_keyring, write_keyring
from services.runtime.settings import Settings
from services.storage.feeds import add_feed
from services.storage.migrate import upgrade
from services.storage.secrets.keys import Role as KeyRole
from services.storage.secrets.keys import create_key
from services.storage.store import Store
from tests.chaos.deployment.client import Client
from tests.chaos.deployment.clients import COUNCIL, Council, Person, Provider
from tests.chaos.deployment.processes import Role, Supervisor, Worker
from tests.chaos.deployment.proxy import Proxy, Upstream
from tests.chaos.deployment.world import LOCAL, PARTITIONS, READY_SECONDS, SERVES, World
from tests.chaos.faults.schedule import Way
from tests.chaos.judging.history import History
from tests.support.contacts import set_verified_policy
from tests.support.servers.killing import Mailbox, duty_policy, until

PROVIDERS = {"RAVN": "Raven Telecom", "HERN": "Heron Lines"}

ENVIRONMENT = {
    "PULLCORD_KAFKA_REPLICATION": "1",
    "PULLCORD_KAFKA_PARTITIONS": str(PARTITIONS),
    "PULLCORD_POLL_SECONDS": "0.2",
    # The clients of the tests send more requests than any real client.
    "PULLCORD_KEY_RATE": "1000000",
    "PULLCORD_CANARY_SECONDS": "1",
    "PULLCORD_STALLED_SECONDS": "20",
    "PULLCORD_DELIVERY_DEADLINE_SECONDS": "5",
    "PULLCORD_KAFKA_SESSION_SECONDS": "6",
    # Faust's own settings: seconds that a rebalance waits for a member, and seconds that a client waits for a silent
    # broker.
    "BROKER_REBALANCE_TIMEOUT": "6",
    "BROKER_REQUEST_TIMEOUT": "8",
}


@contextmanager
def running(folder: Path, seed: int) -> Iterator[World]:
    # The clients are made but not started.
    with ExitStack() as stack:
        world = _made(folder, seed, stack)
        world.supervisor.start()
        stack.callback(world.supervisor.stop)
        stack.callback(world.spare.stop)
        assert until(lambda: _ready(world), READY_SECONDS), f"not ready: see the logs in {folder}"
        yield world


def _made(folder: Path, seed: int, stack: ExitStack) -> World:
    proxies = {way: Proxy() for way in Way}
    mailbox = Mailbox()
    mailbox.start()
    stack.callback(mailbox.stop)
    # The path must be short, because a socket's path is limited. Any user must reach it, because the server does not
    # run as root.
    data = Path(tempfile.mkdtemp(prefix="pullcord-chaos-"))
    stack.callback(shutil.rmtree, data, ignore_errors=True)
    postgres = Postgres(data).start()
    stack.callback(postgres.stop)
    broker = Broker(folder / "kafka", advertised=proxies[Way.KAFKA].port).start()
    stack.callback(broker.stop)
    api = _free_port()
    upstreams: Mapping[Way, Upstream] = {
        Way.INGEST: (LOCAL, api),
        Way.KAFKA: (LOCAL, broker.port),
        Way.POSTGRES: postgres.socket,
        Way.MAIL: (LOCAL, mailbox.port),
    }
    for way, proxy in proxies.items():
        proxy.start(upstreams[way])
        stack.callback(proxy.stop)
    settings = Settings(data_dir=folder, database_url=postgres.url)
    write_keyring(settings.keys_path, new_keyring())
    store = make_store(settings)
    stack.callback(store.engine.dispose)
    upgrade(store.engine)
    history, noise = History(), random.Random(seed)
    workers = _workers(folder, _environment(settings, proxies), api)
    return World(
        folder=folder,
        store=store,
        postgres=postgres,
        database=postgres.url.replace("postgresql+psycopg", "postgresql", 1),
        broker=broker,
        mailbox=mailbox,
        proxies=proxies,
        supervisor=Supervisor(workers),
        spare=Worker("matcher-3", Role.MATCHER, folder, workers[-1].environment),
        clients=_clients(store, proxies, mailbox, history, seed),
        history=history,
        noise=noise,
    )


def _environment(settings: Settings, proxies: Mapping[Way, Proxy]) -> Mapping[str, str]:
    database = f"postgresql+psycopg://postgres@{LOCAL}:{proxies[Way.POSTGRES].port}/postgres?sslmode=disable"
    return ENVIRONMENT | {
        "PULLCORD_KEYS_FILE": str(settings.keys_path),
        "PULLCORD_DATABASE_URL": f"{database}&gssencmode=disable",
        "PULLCORD_KAFKA_BROKERS": f"{LOCAL}:{proxies[Way.KAFKA].port}",
    }


def _workers(folder: Path, environment: Mapping[str, str], api: int) -> list[Worker]:
    ingest = Worker("ingest-1", Role.INGEST, folder, environment, ("--port", str(api)))
    others = [
        Worker(f"{role}-{number}", role, folder, environment)
        for role in (Role.RELAY, Role.MATCHER, Role.ALERTS)
        for number in (1, 2)
    ]
    return [ingest, *others]


def _clients(store: Store, proxies: Mapping[Way, Proxy], mailbox: Mailbox, history: History, seed: int) -> list[Client]:
    council = add_feed(store, "council", COUNCIL, "Blackpool")
    set_verified_policy(store, council, duty_policy(proxies[Way.MAIL].port))
    key = create_key(store, KeyRole.COUNCIL, council, "test")
    url = f"http://{LOCAL}:{proxies[Way.INGEST].port}"
    noises = [random.Random(f"{seed} {number}") for number in range(4)]
    made: list[Client] = [
        Council("council", url, key, history, noises[0]),
        Person("desk", url, key, history, noises[1], mailbox=mailbox),
    ]
    for (code, name), noise in zip(PROVIDERS.items(), noises[2:], strict=True):
        feed = add_feed(store, "provider", code, name)
        key = create_key(store, KeyRole.PROVIDER, feed, "test")
        made.append(Provider(code.lower(), url, key, history, noise, feed=feed))
    return made


def _ready(world: World) -> bool:
    try:
        with httpx.Client(timeout=5) as client:
            ready = client.get(f"{world.clients[0].url}/readyz").is_success
    except httpx.HTTPError:
        return False
    return ready and all(worker.said(SERVES) for worker in world.supervisor.workers)


def _free_port() -> int:
    with create_server((LOCAL, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
