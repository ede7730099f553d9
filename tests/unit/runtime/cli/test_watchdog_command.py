from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import create_engine, text

from services.core.errors import RefusedError
from services.runtime.settings import Settings
from services.runtime.watchdog_process import (
    RecordNotReadyError,
    WatchdogLoop,
    check_record,
    health_of,
    make_watch,
    opened_record,
    run_watchdog,
)
from services.watchdog.message import WatchdogMessage
from services.watchdog.watch import FAILED_LOOKS
from tests.support.command_line import Desk

# What the watchdog's process must never load.
ENGINE = ("services.alerts", "services.matcher", "services.ingest", "services.audit", "services.console")


def silence(desk: Desk) -> None:
    with desk.store() as store, store.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        connection.rollback()
        raw.execute("PRAGMA ignore_check_constraints = ON")
        raw.execute("UPDATE cases SET due_at = NULL")


@pytest.fixture
def case(desk: Desk) -> str:
    # The machine's clock is the one that counts: what is due at the time of the desk is long past or ahead for it.
    reference = desk.with_a_case()
    silence(desk)
    return reference


def test_with_nothing_wrong_it_says_so_and_exits_with_0(desk: Desk) -> None:
    assert "✓ Nothing is missing." in desk.done("watchdog", "--once").out


def test_what_is_missing_is_listed_and_the_exit_code_is_1(desk: Desk, case: str) -> None:
    shown = desk.run("watchdog", "--once")
    assert shown.code == 1
    assert "no due time" in shown.words
    assert case in shown.words


def test_for_machines_it_is_json(desk: Desk, case: str) -> None:
    listed = json.loads(desk.run("watchdog", "--once", "--json").out)
    assert {"kind": "no_due_time", "feed": "council:E06000009", "count": 1, "cases": [case]} in listed


def test_where_there_is_no_record_it_does_not_call_it_well(empty_desk: Desk) -> None:
    refused = empty_desk.run("watchdog", "--once")
    assert refused.code == 2
    assert "no Pullcord database here" in refused.complaint
    assert not (empty_desk.folder / "var" / "pullcord.db").exists()


def test_it_needs_no_keys(desk: Desk) -> None:
    (desk.folder / "var" / "keys.json").unlink()
    assert desk.run("watchdog", "--once").code == 0


def test_its_process_loads_none_of_the_engine(desk: Desk) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['pullcord', 'watchdog', '--once']\n"
        "from services.runtime.cli.main import app\n"
        "app(standalone_mode=False)\n"
        "print(sorted(name for name in sys.modules if name.startswith('services.')))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ran.stdout.splitlines()[-1]
    assert "services.watchdog.look" in loaded
    assert [part for part in ENGINE if part in loaded] == []


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("watchdog_mail_server", "mailtos://user:pw@mail.example", "no mail server"),
        ("watchdog_mail_server", "smtp://", "no mail server"),
        ("watchdog_mail_server", "smtp://mail.example:port", "no mail server"),
        ("watchdog_webhook", "ftp://hook.example", "PULLCORD_WATCHDOG_WEBHOOK is no URL"),
        ("watchdog_heartbeat", "https://", "PULLCORD_WATCHDOG_HEARTBEAT is no URL"),
    ],
)
def test_a_way_that_cannot_be_used_is_refused_at_the_start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    monkeypatch.setenv("PULLCORD_WATCHDOG_MAIL_TO", '["a@pullcord.example"]')
    monkeypatch.setenv("PULLCORD_WATCHDOG_MAIL_SERVER", "smtp://mail.example")
    monkeypatch.setenv(f"PULLCORD_{setting.upper()}", value)
    refused = desk.run("watchdog", "--once")
    assert refused.code == 2
    assert said in refused.complaint
    assert "pw" not in refused.complaint


def test_recipients_without_a_mail_server_are_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLCORD_WATCHDOG_MAIL_TO", '["a@pullcord.example"]')
    assert "need each other" in desk.run("watchdog", "--once").complaint


def test_a_watchdog_that_could_tell_nobody_does_not_run(desk: Desk) -> None:
    with opened_record(Settings()) as engine, pytest.raises(RefusedError, match="no way to tell anybody"):
        run_watchdog(Settings(), engine)


def test_the_database_of_another_deployment_is_refused(desk: Desk) -> None:
    desk.run("status")
    with opened_record(Settings()) as engine, pytest.raises(RecordNotReadyError, match="belongs to `pullcord`"):
        check_record(engine, "other")


@pytest.fixture
def loop(desk: Desk) -> Iterator[WatchdogLoop]:
    with opened_record(Settings()) as engine:
        yield WatchdogLoop(make_watch(Settings(), engine), seconds=60)


def asked(loop: WatchdogLoop, path: str) -> Response:
    async def ask() -> Response:
        async with AsyncClient(transport=ASGITransport(health_of(loop)), base_url="http://watchdog") as client:
            return await client.get(path)

    return asyncio.run(ask())


def looked(loop: WatchdogLoop) -> None:
    class OneLook(Event):
        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return True

    loop.stop = OneLook()
    thread = Thread(target=loop.run)
    thread.start()
    thread.join()


def test_it_is_ready_after_its_first_look_and_not_after_one_that_failed(loop: WatchdogLoop) -> None:
    assert asked(loop, "/readyz").status_code == 503
    looked(loop)
    assert asked(loop, "/readyz").json() == {"status": "ok", "faults": []}
    assert "pullcord_watchdog_looked_timestamp_seconds" in asked(loop, "/metrics").text
    with loop.watch.engine.begin() as connection:
        connection.execute(text("DROP TABLE canaries"))
        connection.execute(text("ALTER TABLE outbox RENAME TO gone"))
    looked(loop)
    assert asked(loop, "/readyz").json()["faults"] == ["the newest look failed"]


@dataclass
class Collecting:
    sent: list[WatchdogMessage] = field(default_factory=list)
    name: str = "collecting"

    def send(self, message: WatchdogMessage) -> None:
        self.sent.append(message)


def test_somebody_is_told_of_a_database_that_does_not_answer(loop: WatchdogLoop, tmp_path: Path) -> None:
    channel = Collecting()
    loop.watch.channels = (channel,)
    damaged = tmp_path / "record.db"
    damaged.write_bytes(b"not a database" * 1000)
    loop.watch.engine = create_engine(f"sqlite:///{damaged}")
    for _ in range(FAILED_LOOKS + 2):
        looked(loop)
    assert [one.subject for one in channel.sent] == ["Pullcord watchdog: the record cannot be read"]


def test_a_loop_that_hangs_is_not_alive(loop: WatchdogLoop) -> None:
    assert asked(loop, "/livez").status_code == 200
    loop._began -= 10_000
    assert asked(loop, "/livez").status_code == 503
