"""Measures the time from the answer 202 on a notice to the first mail about the notice."""
# Notices are posted at a steady rate, even if answers are slow.

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from time import perf_counter, time

import httpx
from sqlalchemy import Engine

from benchmarks.distributed.environment.deployment import deployed
from benchmarks.distributed.environment.furnishing import COUNCIL, Keys, furnish
from benchmarks.distributed.environment.ground import Ground
from benchmarks.distributed.environment.processes import Processes, Role, free_port, until
from benchmarks.distributed.results.journeys import Journey, journeys
from services.storage.database.engine import make_engine

# The number of register entries. Each has a telephone number of its own, from 01632 960000 to 01632 960999.
LINES = 1_000

# The longest wait for the last mail.
MAIL_SECONDS = 60.0

ACCEPTED = 202
DAYS_TO_THE_MOVE = 10


@dataclass(frozen=True)
class Delays:
    runner: str
    # Posts per second.
    rate: int
    journeys: list[Journey]

    def percentile(self, percent: int) -> float:
        return quantiles((one.seconds for one in self.journeys), n=100, method="inclusive")[percent - 1]

    @property
    def longest(self) -> float:
        return max(one.seconds for one in self.journeys)


@dataclass(frozen=True)
class RunningPullcord:
    runner: str
    url: str
    keys: Keys
    engine: Engine
    roles: Sequence[Role]


@contextmanager
def embedded(ground: Ground) -> Iterator[RunningPullcord]:
    # Runs one process: `pullcord serve` on SQLite.
    folder, port = ground.folder / "serve", free_port()
    environment = {"PULLCORD_DATA_DIR": str(folder), "PULLCORD_KEYS_FILE": str(ground.keys_file)}
    with Processes(folder, environment) as processes:
        engine = make_engine(f"sqlite:///{folder / 'pullcord.db'}")
        keys = furnish(engine, ground.keyring, ground.mailbox.port)
        processes.start("serve", ["serve", "--port", str(port)])
        processes.ready()
        yield RunningPullcord("embedded", f"http://127.0.0.1:{port}", keys, engine, processes.running)
        engine.dispose()


@contextmanager
def distributed(ground: Ground) -> Iterator[RunningPullcord]:
    # Runs one process for each role, on Kafka and PostgreSQL.
    ground.empty_broker()
    with deployed(ground, ground.copy("latency"), "latency") as deployment:
        deployment.start_relay()
        for role in ("matcher", "alerts"):
            deployment.start_workers(role, 1)
        (url,) = deployment.start_ingest(1)
        yield RunningPullcord("distributed", url, ground.keys, deployment.engine, deployment.processes.running)


def delays(ground: Ground, served: RunningPullcord, phases: Sequence[tuple[int, float]]) -> list[Delays]:
    """Measure the delays of the mails in each phase.

    Raises ValueError for too many posts. Raises TimeoutError if a mail does not arrive.
    """
    # A phase has posts per second, and a length in seconds.
    counts = [int(rate * seconds) for rate, seconds in phases]
    if sum(counts) >= LINES:
        raise ValueError(f"{sum(counts)} posts are too many for {LINES} lines")
    share_register(served)
    # The first line is not counted, because some modules are loaded only when they are needed.
    _measure(ground, served, range(LINES - 1, LINES), 1)
    made, begin = [], 0
    for (rate, _), count in zip(phases, counts, strict=True):
        made.append(Delays(served.runner, rate, _measure(ground, served, range(begin, begin + count), rate)))
        begin += count
    return made


def _measure(ground: Ground, served: RunningPullcord, numbers: Sequence[int], rate: int) -> list[Journey]:
    answered = asyncio.run(_post_all(served, numbers, rate))

    def made() -> list[Journey]:
        return journeys(served.engine, answered, ground.mailbox.first)

    # Half a second between two queries, because each query takes time from the work that is measured.
    until(lambda: len(made()) == len(answered), MAIL_SECONDS, "a mail for every line", 0.5)
    return made()


def share_register(served: RunningPullcord) -> None:
    rows = [{"entry_id": f"e{number}", "cli": _number(number)} for number in range(LINES)]
    path = f"{served.url}/v1/telecare-registers/{COUNCIL}/entries"
    httpx.put(path, json=rows, headers=_bearer(served.keys.council), timeout=60).raise_for_status()


async def _post_all(served: RunningPullcord, numbers: Sequence[int], rate: int) -> Mapping[str, float]:
    # The times of answers are read from the system's clock, like the times of mails.
    headers = _bearer(served.keys.providers[0])
    async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=60) as client:
        began = perf_counter()
        # Each post has its time in advance, so that slow answers do not lower the rate.
        posts = [_post(client, number, began + place / rate) for place, number in enumerate(numbers)]
        return dict(await asyncio.gather(*posts))


async def _post(client: httpx.AsyncClient, number: int, at: float) -> tuple[str, float]:
    await asyncio.sleep(at - perf_counter())
    day = datetime.now(UTC).date() + timedelta(days=DAYS_TO_THE_MOVE)
    notice = {"id": f"n{number}", "cli": _number(number), "planned_migration_date": str(day)}
    answer = await client.post("/v1/migration-notices", json=notice)
    answered = time()
    if answer.status_code != ACCEPTED:
        raise RuntimeError(f"a notice was answered with {answer.status_code}")
    return answer.json()["submission"], answered


def _bearer(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _number(number: int) -> str:
    return f"01632 960{number:03d}"
