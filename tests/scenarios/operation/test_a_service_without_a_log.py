from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import connect
from typing import IO, Any

import httpx
import pytest
from sqlalchemy import select, text

from services.storage.tables import loops
from tests.support.one_line import NUMBER
from tests.support.servers.killing import ACCEPTED, Mailbox, ServedDeployment, prepare, put_register, until
from tests.support.servers.serving import command_line, mailbox, nothing_left_to_do

__all__ = ["mailbox"]

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

PATIENCE = 60.0
# Seconds in which a locked database makes the work fail. A statement waits half a minute for the lock.
BUSY = 90.0
EMBEDDED = {"dispatcher", "engine", "deliveries", "missed", "closing", "drills"}
# Tables without which dispatcher, engine and deliveries cannot do their work.
AWAY = ("outbox", "cases", "deliveries")
# Entries of the register, one of them of NUMBER.
LINES = 200
NOTICES = "/v1/migration-notices"


def closed_pipe() -> IO[bytes]:
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "wb")


def full_disk() -> IO[bytes]:
    return Path("/dev/full").open("wb")


@contextmanager
def tables_gone(deployment: ServedDeployment) -> Iterator[None]:
    # The database refuses every statement meanwhile.
    rename(deployment, "", "_away")
    yield
    rename(deployment, "_away", "")


def rename(deployment: ServedDeployment, old: str, new: str) -> None:
    with deployment.store.writing() as connection:
        for table in AWAY:
            connection.execute(text(f"ALTER TABLE {table}{old} RENAME TO {table}{new}"))


@contextmanager
def locked(deployment: ServedDeployment) -> Iterator[None]:
    # The write lock is held, as another process may do.
    path = deployment.store.engine.url.database
    with closing(connect(str(path), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


Fault = Callable[[ServedDeployment], Any]
# The fault of the log, the fault of the database, and the loops that must be reported as failing.
CASES: list[tuple[Callable[[], IO[bytes]], Fault, set[str]]] = [
    (closed_pipe, tables_gone, {"dispatcher", "engine", "deliveries"}),
    (full_disk, tables_gone, {"dispatcher", "engine", "deliveries"}),
    (full_disk, locked, {"deliveries"}),
]


@contextmanager
def serving(deployment: ServedDeployment, log: IO[bytes]) -> Iterator[httpx.Client]:
    ours = {"PULLCORD_DATA_DIR": str(deployment.folder), "PULLCORD_POLL_SECONDS": "0.1", **deployment.inside}
    environment = {**os.environ, **ours}
    command = [str(Path(sys.executable).with_name("pullcord")), "serve", "--port", str(deployment.port)]
    with log:
        deployment.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        with deployment.client(deployment.provider_key) as client:
            client.timeout = httpx.Timeout(BUSY)
            assert until(lambda: faults(client) == [], PATIENCE)
            yield client
    finally:
        deployment.kill()
        deployment.store.engine.dispose()


def faults(client: httpx.Client) -> list[str] | None:
    """Return None if the process does not answer."""
    try:
        said: list[str] = client.get("/readyz").json()["faults"]
    except httpx.HTTPError:
        return None
    return said


def failing(client: httpx.Client) -> set[str]:
    said = [fault.split() for fault in faults(client) or () if " loop fails" in fault]
    return {words[1] for words in said}


def post(client: httpx.Client, name: str) -> httpx.Response:
    planned = datetime.now(UTC).date() + timedelta(days=10)
    notice = {"id": name, "cli": NUMBER, "planned_migration_date": str(planned)}
    return client.post(NOTICES, json=notice, headers={"Idempotency-Key": name})


@pytest.mark.parametrize(
    ("make_log", "fault", "hit"), CASES, ids=[f"{log.__name__}-{fault.__name__}" for log, fault, _ in CASES]
)
def test_a_notice_after_the_fault_is_told_by_mail(
    tmp_path: Path, mailbox: Mailbox, make_log: Callable[[], IO[bytes]], fault: Fault, hit: set[str]
) -> None:
    deployment = prepare(tmp_path, mailbox.port)
    with serving(deployment, make_log()) as client:
        put_register(deployment, LINES)
        with fault(deployment):
            refused = post(client, "n1")
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
            assert until(lambda: hit <= failing(client), BUSY)
            assert "loop has ended" not in client.get("/readyz").text
        assert until(lambda: faults(client) == [], PATIENCE)

        first, again = post(client, "n1"), post(client, "n1")
        assert (first.status_code, again.status_code) == (ACCEPTED, ACCEPTED)
        assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)
        assert until(lambda: len(mailbox.taken) == 2, PATIENCE)
        assert until(lambda: nothing_left_to_do(deployment), PATIENCE)
        assert dropped(deployment) > 0
        status = command_line(deployment, "status")
        assert (status.returncode, "Nothing is overdue" in status.stdout) == (0, True), status.stdout
        assert loop_with_heartbeat(deployment) == EMBEDDED
        assert client.get("/livez").status_code == 200

        assert deployment.process is not None
        deployment.process.terminate()
        assert deployment.process.wait(PATIENCE) == 0


def dropped(deployment: ServedDeployment) -> float:
    lines = deployment.metrics().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("pullcord_log_lines_dropped_total "))


def loop_with_heartbeat(deployment: ServedDeployment) -> set[str]:
    with deployment.store.reading() as connection:
        return set(connection.scalars(select(loops.c.name)))
