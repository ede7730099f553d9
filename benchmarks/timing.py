"""Measures whether response times reveal that a number is on a register.

    python -m benchmarks.timing [--postgres] [--notices 4000] [--blocks 20] [--block 10]

The result is the area under the ROC curve: 0.50 reveals nothing, 0.00 and 1.00 reveal everything.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter

import httpx
from rich.console import Console
from rich.table import Table as RichTable
from sqlalchemy import Engine

from benchmarks.distributed.environment.furnishing import COUNCIL, furnish
from benchmarks.distributed.environment.mailbox import Mailbox
from benchmarks.distributed.environment.processes import Processes, free_port, until
from scripts.servers.postgres import Postgres
from services.runtime.maintenance.keyring import new_keyring, write_keyring
from services.storage.database.engine import make_engine
from services.storage.events.outbox import count_unpublished

PATIENCE = 600.0
FLOODS = 6
# By whether the number is on a register: the seconds of each answer.
Seconds = dict[bool, list[float]]


class Provider:
    def __init__(self, url: str, key: str, engine: Engine) -> None:
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE)
        self._engine = engine
        self._ids = count()

    def post(self, number: str, notices: int = 1) -> float:
        day = str(datetime.now(UTC).date() + timedelta(days=10))
        rows = [{"id": f"n{next(self._ids)}", "cli": number, "planned_migration_date": day} for _ in range(notices)]
        began = perf_counter()
        self._client.post("/v1/migration-notices", json=rows).raise_for_status()
        return perf_counter() - began

    def settle(self) -> None:
        until(self._is_settled, PATIENCE, "the matching of the notices")

    def _is_settled(self) -> bool:
        with self._engine.connect() as connection:
            return not count_unpublished(connection)


@contextmanager
def database(folder: Path, *, postgres: bool) -> Iterator[str]:
    if not postgres:
        yield f"sqlite:///{folder / 'pullcord.db'}"
        return
    server = Postgres(folder / "postgres").start()
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def served(registered: int, *, postgres: bool) -> Iterator[Provider]:
    # The numbers on the register begin with `number_of(True, 0)`.
    keyring, mailbox = new_keyring(), Mailbox()
    mailbox.start()
    with tempfile.TemporaryDirectory() as at, database(Path(at), postgres=postgres) as database_url:
        folder, port = Path(at), free_port()
        write_keyring(folder / "keys.json", keyring)
        environment = {
            "PULLCORD_DATA_DIR": str(folder / "serve"),
            "PULLCORD_KEYS_FILE": str(folder / "keys.json"),
            "PULLCORD_DATABASE_URL": database_url,
        }
        with Processes(folder / "serve", environment) as processes:
            engine = make_engine(database_url)
            keys = furnish(engine, keyring, mailbox.port)
            processes.start("serve", ["serve", "--port", str(port)])
            processes.ready()
            url = f"http://127.0.0.1:{port}"
            entries = [{"entry_id": f"e{n}", "cli": number_of(known=True, place=n)} for n in range(registered)]
            path = f"{url}/v1/telecare-registers/{COUNCIL}/entries"
            headers = {"Authorization": f"Bearer {keys.council}"}
            httpx.put(path, json=entries, headers=headers, timeout=PATIENCE).raise_for_status()
            provider = Provider(url, keys.providers[0], engine)
            provider.settle()
            yield provider
            engine.dispose()
    mailbox.stop()


def number_of(*, known: bool, place: int) -> str:
    return f"01632 960{place + (0 if known else 500):03}"


def mixed(provider: Provider, dice: random.Random, probes: int) -> Seconds:
    seconds: Seconds = {True: [], False: []}
    for known in dice.sample([True, False] * probes, 2 * probes):
        seconds[known].append(provider.post(number_of(known=known, place=0)))
    return seconds


def in_blocks(provider: Provider, dice: random.Random, blocks: int, block: int) -> Seconds:
    seconds: Seconds = {True: [], False: []}
    for known in dice.sample([True, False] * blocks, 2 * blocks):
        seconds[known] += [provider.post(number_of(known=known, place=0)) for _ in range(block)]
        provider.settle()
    return seconds


def after_floods(provider: Provider, dice: random.Random, notices: int, probes: int) -> Seconds:
    seconds: Seconds = {True: [], False: []}
    for place, known in enumerate(dice.sample([True, False] * FLOODS, 2 * FLOODS), start=1):
        number = number_of(known=known, place=place)
        provider.post(number, notices)
        seconds[known] += [provider.post(number) for _ in range(probes)]
        provider.settle()
    return seconds


def area_under_curve(seconds: Seconds) -> float:
    """Return the probability that an answer takes longer for a number on a register than for another number."""
    others = sorted(seconds[False])
    wins = sum(bisect_left(others, one) + bisect_right(others, one) for one in seconds[True])
    return wins / (2 * len(others) * len(seconds[True]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--notices", type=int, default=4_000)
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--block", type=int, default=10)
    asked = parser.parse_args()
    dice, probes = random.Random(1), asked.blocks * asked.block
    with served(registered=2 * FLOODS + 1, postgres=asked.postgres) as provider:
        for known in (True, False):
            provider.post(number_of(known=known, place=0), asked.notices)
        provider.settle()
        ways: dict[str, Callable[[], Seconds]] = {
            "mixed": partial(mixed, provider, dice, probes),
            "in blocks": partial(in_blocks, provider, dice, asked.blocks, asked.block),
            "after a flood": partial(after_floods, provider, dice, asked.notices, probes // FLOODS),
        }
        shown = RichTable("", "answers", "median ms, on a register", "median ms, on none", "area under the curve")
        for name, measure in ways.items():
            seconds = measure()
            provider.settle()
            medians = [f"{1000 * sorted(seconds[one])[len(seconds[one]) // 2]:.1f}" for one in (True, False)]
            shown.add_row(name, f"{len(seconds[True]):,} each", *medians, f"{area_under_curve(seconds):.2f}")
    Console().print(shown)


if __name__ == "__main__":
    main()
