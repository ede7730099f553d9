from __future__ import annotations

import os
import signal
import subprocess
from hashlib import sha256
from random import Random

import httpx
import psutil
import pytest

from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from tests.support.deployment import BLACKPOOL, RAVEN
from tests.support.servers.killing import Mailbox, ServedDeployment, until
from tests.support.servers.serving import deployment, mailbox

__all__ = ["deployment", "mailbox"]

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

PATIENCE = 30.0


def http_process(deployment: ServedDeployment) -> psutil.Process:
    assert deployment.process is not None
    (child,) = psutil.Process(deployment.process.pid).children()
    return child


def answers(deployment: ServedDeployment) -> bool:
    try:
        with deployment.client() as client:
            return client.get("/readyz", timeout=2).is_success
    except httpx.HTTPError:
        return False


def put_at_risk(deployment: ServedDeployment, number: int) -> None:
    # Another process on the machine may write in the same way.
    digits = f"01632 960{number:03}"
    for feed, kind, row in (
        (BLACKPOOL, RecordKind.ENTRY, {"entry_id": f"e{number}", "cli": digits}),
        (RAVEN, RecordKind.NOTICE, {"id": f"n{number}", "cli": digits}),
    ):
        origin = Origin(feed, kind, "test", sha256(digits.encode()).digest())
        accept(deployment.store, origin, [RawRow(1, row)])


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
def test_alerts_leave_while_the_http_process_is_dead_or_hangs(
    deployment: ServedDeployment, mailbox: Mailbox, sign: signal.Signals
) -> None:
    http_process(deployment).send_signal(sign)
    put_at_risk(deployment, 1)
    assert until(lambda: len(mailbox.taken) == 2, PATIENCE)
    if sign is signal.SIGSTOP:
        http_process(deployment).send_signal(signal.SIGCONT)
    assert until(lambda: answers(deployment), PATIENCE)


@pytest.mark.parametrize("seed", range(2))
def test_however_often_the_http_process_dies_it_is_started_again(
    deployment: ServedDeployment, mailbox: Mailbox, seed: int
) -> None:
    random = Random(seed)
    for number in range(1, 3):
        http_process(deployment).send_signal(random.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT]))
        put_at_risk(deployment, number)
        assert until(lambda: answers(deployment), PATIENCE)
    assert until(lambda: len(mailbox.taken) >= 2, PATIENCE)


def test_the_http_process_ends_when_the_other_is_killed(deployment: ServedDeployment) -> None:
    child = http_process(deployment)
    deployment.kill()
    assert until(lambda: gone(child), PATIENCE)
    deployment.start()
    assert answers(deployment)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_both_without_a_fault(deployment: ServedDeployment, sign: signal.Signals) -> None:
    child, process = http_process(deployment), deployment.process
    assert process is not None
    process.send_signal(sign)
    assert process.wait(PATIENCE) == 0
    assert gone(child)


def test_half_sent_requests_to_the_served_port_stop_no_alert(deployment: ServedDeployment, mailbox: Mailbox) -> None:
    script = (
        "import socket, sys, time\n"
        "held = [socket.create_connection(('127.0.0.1', int(sys.argv[1]))) for _ in range(900)]\n"
        "[one.send(b'POST /v1/migration-notices HTTP/1.1\\r\\n') for one in held]\n"
        "print('sent', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = ["python3", "-c", script, str(deployment.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ) as flood:
        assert flood.stdout is not None
        assert flood.stdout.readline() == b"sent\n"
        put_at_risk(deployment, 1)
        assert until(lambda: len(mailbox.taken) == 2, PATIENCE)
        assert answers(deployment)
        flood.kill()


def test_the_metrics_show_what_both_processes_count(deployment: ServedDeployment, mailbox: Mailbox) -> None:
    put_at_risk(deployment, 1)
    assert until(lambda: len(mailbox.taken) == 2, PATIENCE)
    assert until(lambda: 'pullcord_alert_deliveries_total{outcome="sent"}' in deployment.metrics(), PATIENCE)
    assert answers(deployment)
    text = deployment.metrics()
    assert 'pullcord_http_requests_total{method="GET",route="/readyz",status="200"}' in text
    assert text.count("# TYPE pullcord_cases gauge") == 1
