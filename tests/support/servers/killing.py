from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from asyncio import Server
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from socket import create_server
from threading import Event, Thread
from time import monotonic
from typing import Any

import httpx
from aiosmtpd.controller import Controller

from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.runtime.bootstrap import make_store
from services.runtime.maintenance.keyring import new_keyring, write_keyring
from services.runtime.settings import Settings
from services.storage.feeds import add_feed
from services.storage.migrate import upgrade
from services.storage.secrets.keys import Role, create_key
from services.storage.store import Store
from tests.support.contacts import set_verified_policy

# Seconds that a slow machine gets to start serving.
READY_WITHIN = 60.0
# Seconds between two checks of a condition.
A_MOMENT = 0.05
ROWS = 4
ACCEPTED = 202


def until(condition: Callable[[], bool], seconds: float) -> bool:
    tick, deadline = Event(), monotonic() + seconds
    while monotonic() < deadline:
        if condition():
            return True
        tick.wait(A_MOMENT)
    # The condition may have become true during the last wait.
    return condition()


class Mailbox(Controller):
    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        super().__init__(self, hostname="127.0.0.1", port=0)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        mail = message_from_bytes(envelope.content, policy=policy.default)
        # The mail counts before the answer is sent, because an accepted mail has reached a person.
        self.taken[str(mail["X-Pullcord-Alert"])] += 1
        with suppress(TimeoutError):
            # A kill may happen in this pause, when the mail is accepted and the sender does not know yet.
            await asyncio.wait_for(asyncio.Event().wait(), A_MOMENT)
        return "250 OK"

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@dataclass
class ServedDeployment:
    folder: Path
    port: int
    store: Store
    provider_key: str
    council_key: str
    metrics_port: int
    process: subprocess.Popen[bytes] | None = None

    def client(self, key: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=10)

    @property
    def inside(self) -> dict[str, str]:
        return {"PULLCORD_METRICS_PORT": str(self.metrics_port)}

    def metrics(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10).text

    def start(self) -> None:
        environment = {
            **os.environ,
            "PULLCORD_DATA_DIR": str(self.folder),
            "PULLCORD_POLL_SECONDS": "0.1",
            # The clients of the tests send more requests than any real client.
            "PULLCORD_KEY_RATE": "1000000",
        } | self.inside
        command = [str(Path(sys.executable).with_name("pullcord")), "serve", "--port", str(self.port)]
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        with self.client() as client:
            assert until(lambda: _ready(client), READY_WITHIN), (self.folder / "serve.log").read_text()[-2000:]

    def kill(self) -> None:
        # Like a power cut, SIGKILL gives the process no chance to finish anything.
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.HTTPError:
        return False


def prepare(folder: Path, mail_port: int) -> ServedDeployment:
    settings = Settings(data_dir=folder)
    write_keyring(settings.keys_path, new_keyring())
    store = make_store(settings)
    upgrade(store.engine)
    council = add_feed(store, "council", "E06000009", "Blackpool")
    provider = add_feed(store, "provider", "RAVN", "Raven Telecom")
    set_verified_policy(store, council, duty_policy(mail_port))
    provider_key = create_key(store, Role.PROVIDER, provider, "test")
    council_key = create_key(store, Role.COUNCIL, council, "test")
    with closing(create_server(("127.0.0.1", 0))) as free, closing(create_server(("127.0.0.1", 0))) as other:
        port, metrics_port = free.getsockname()[1], other.getsockname()[1]
    return ServedDeployment(folder, port, store, provider_key, council_key, metrics_port)


def duty_policy(mail_port: int) -> CouncilPolicy:
    # No quiet hours, because a test must not depend on the hour at which it runs.
    contacts = tuple(
        Contact(
            person=who,
            channel="route",
            address=f"mailto://127.0.0.1:{mail_port}?from=alerts@pullcord.example&to={who}@council.example&mode=insecure",
        )
        for who in ("desk", "deputy")
    )
    tier = Tier(label="duty", from_days=56, contacts=contacts)
    # The checkers compare each case with the latest records, so no change may wait for a person.
    return CouncilPolicy(
        tiers=(tier,),
        grouping_seconds=0,
        # The clock of the machine decides, so every moment is one of a working day.
        quiet_from=time(),
        quiet_until=time(),
        day_starts=time(),
        works_every_day=True,
        one_digest_a_day=False,
        urgent_interval_minutes=0,
        relaxed_without_consent=1_000_000,
    )


@dataclass
class Provider:
    name: str
    deployment: ServedDeployment
    numbers: Iterator[int]
    # The ids of the notices in each submission that was answered with 202.
    receipts: dict[str, list[str]] = field(default_factory=dict)
    # The status of every other answer.
    refused: list[int] = field(default_factory=list)
    _stopped: Event = field(default_factory=Event)

    def start(self) -> None:
        self._thread = Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        # The last batch is still repeated until it is answered, so that every answer is counted.
        self._stopped.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        with self.deployment.client(self.deployment.provider_key) as client:
            for batch, number in enumerate(self.numbers):
                if self._stopped.is_set():
                    return
                rows = [_notice(f"{self.name}-{batch}-{row}", number * ROWS + row) for row in range(ROWS)]
                self._note(_sent(client, f"{self.name}-{batch}", rows), rows)
                self._stopped.wait(A_MOMENT)

    def _note(self, answer: httpx.Response, rows: list[dict[str, Any]]) -> None:
        if answer.status_code == ACCEPTED:
            self.receipts[answer.json()["submission"]] = [row["id"] for row in rows]
        else:
            self.refused.append(answer.status_code)


def _sent(client: httpx.Client, key: str, rows: list[dict[str, Any]]) -> httpx.Response:
    # The same key is sent each time, so that a batch whose answer was lost does not count twice.
    while True:
        try:
            return client.post("/v1/migration-notices", json=rows, headers={"Idempotency-Key": key})
        except httpx.HTTPError:
            Event().wait(A_MOMENT)


def put_register(deployment: ServedDeployment, entries: int) -> None:
    rows = [{"entry_id": f"e{number}", "cli": _number(number)} for number in range(entries)]
    with deployment.client(deployment.council_key) as client:
        answer = client.put("/v1/telecare-registers/E06000009/entries", json=rows)
    assert answer.status_code == ACCEPTED


def kill_and_restart(deployment: ServedDeployment, times: int, noise: random.Random) -> None:
    for _ in range(times):
        Event().wait(noise.uniform(0.1, 1.2))
        deployment.kill()
        deployment.start()


def _notice(name: str, number: int) -> dict[str, Any]:
    return {
        "id": name,
        "cli": _number(number),
        "planned_migration_date": str(datetime.now(UTC).date() + timedelta(days=10)),
    }


def _number(number: int) -> str:
    return f"01632 960{number % 1000:03}"
