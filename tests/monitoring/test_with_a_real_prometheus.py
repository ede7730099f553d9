from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select, update

from services.storage.tables import cases
from tests.monitoring.prometheus import Prometheus
from tests.monitoring.tools import ALERTS, BOARDS, chosen, run
from tests.support.servers.killing import READY_WITHIN, Mailbox, ServedDeployment, prepare, put_register, until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

LINES = 3
# Seconds in which the effect of an act must be seen.
PATIENCE = 60.0
# A port on which nobody answers.
DISCARD = 9
# The number of processes that answer. Only this figure may be shown if no process answers.
PROCESSES = chosen('count(up{job="$job", namespace=~"$namespace"} == 1) or vector(0)')
ONLY_THE_HEARTBEAT = {"PullcordHeartbeat"}


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[ServedDeployment]:
    # The council has been alerted about lines at risk.
    mailbox = Mailbox()
    mailbox.start()
    made = prepare(tmp_path, mailbox.port)
    try:
        made.start()
        put_lines_at_risk(made)
        assert until(lambda: sum(mailbox.taken.values()) > 0 and told(made) == LINES, PATIENCE)
        yield made
    finally:
        made.kill()
        made.store.engine.dispose()
        mailbox.stop()


@pytest.fixture
def prometheus(tmp_path: Path, deployment: ServedDeployment) -> Iterator[Prometheus]:
    with running(Prometheus(tmp_path / "prometheus", deployment.metrics_port)) as server:
        yield server


@contextmanager
def running(server: Prometheus) -> Iterator[Prometheus]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def put_lines_at_risk(deployment: ServedDeployment) -> None:
    put_register(deployment, LINES)
    day = str(datetime.now(UTC).date() + timedelta(days=10))
    rows = [{"id": f"n{one}", "cli": f"01632 96000{one}", "planned_migration_date": day} for one in range(LINES)]
    with deployment.client(deployment.provider_key) as client:
        assert client.post("/v1/migration-notices", json=rows).status_code == 202


def told(deployment: ServedDeployment) -> int:
    # The council has been alerted about these cases.
    with deployment.store.reading() as connection:
        query = select(func.count()).select_from(cases).where(cases.c.last_alert_at.is_not(None))
        return connection.scalar(query) or 0


def make_due(deployment: ServedDeployment) -> None:
    with deployment.store.writing() as connection:
        connection.execute(update(cases).values(due_at=datetime.now(UTC) - timedelta(minutes=5)))


def start_the_ingest_api_alone(deployment: ServedDeployment) -> None:
    # This role has no engine, so it alerts nobody.
    environment = {**os.environ, "PULLCORD_DATA_DIR": str(deployment.folder), **deployment.inside}
    command = [str(Path(sys.executable).with_name("pullcord")), "run", "ingest", "--port", str(deployment.port)]
    with (deployment.folder / "ingest.log").open("ab") as log:
        deployment.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    with deployment.client() as client:
        ready = until(lambda: is_ready(client), READY_WITHIN)
    assert ready, (deployment.folder / "ingest.log").read_text()[-2000:]


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.HTTPError:
        return False


def figures_of_now() -> dict[str, str]:
    # The figures of the regulator and of the watchdog are left out: here neither is there.
    panels = (panel for board in BOARDS for panel in board.panels if panel["type"] == "stat")
    asked = {panel["title"]: chosen(panel["targets"][0]["expr"]) for panel in panels}
    absent = ("pullcord_oversight_", "pullcord_watchdog_")
    return {title: query for title, query in asked.items() if not any(name in query for name in absent)}


def test_the_engine_stops_and_the_alert_fires_and_ends_when_it_is_back(
    deployment: ServedDeployment, prometheus: Prometheus
) -> None:
    said = run("promtool", "check", "metrics", given=deployment.metrics())
    assert (said.code, said.out, said.err) == (0, "", "")
    assert until(lambda: set(prometheus.firing()) == ONLY_THE_HEARTBEAT, PATIENCE), sorted(prometheus.firing())

    deployment.kill()
    make_due(deployment)
    start_the_ingest_api_alone(deployment)
    assert until(lambda: "PullcordStepsOverdue" in prometheus.firing(), PATIENCE), sorted(prometheus.firing())
    fired = prometheus.firing()["PullcordStepsOverdue"]
    assert fired["labels"] == {"alertname": "PullcordStepsOverdue", "job": "pullcord", "severity": "critical"}
    assert fired["annotations"]["summary"] == ALERTS["PullcordStepsOverdue"]["annotations"]["summary"]
    assert fired["annotations"]["description"].startswith(f"{LINES} cases or deliveries")

    deployment.kill()
    deployment.start()
    assert until(lambda: set(prometheus.firing()) == ONLY_THE_HEARTBEAT, PATIENCE), sorted(prometheus.firing())

    deployment.kill()
    silent = {"PullcordSilent", "PullcordProcessDown"} | ONLY_THE_HEARTBEAT
    assert until(lambda: set(prometheus.firing()) == silent, PATIENCE), sorted(prometheus.firing())


def test_dashboards_show_how_it_stands_now(deployment: ServedDeployment, prometheus: Prometheus) -> None:
    def without_a_figure() -> list[str]:
        return [title for title, query in figures_of_now().items() if prometheus.value(query) is None]

    assert until(lambda: without_a_figure() == [], PATIENCE), without_a_figure()
    assert prometheus.value(figures_of_now()["Lines at risk"]) == LINES
    assert prometheus.value(figures_of_now()["Steps overdue"]) == 0


def test_prometheus_answers_every_query_of_every_dashboard_and_none_with_a_figure_when_nobody_is_there(
    tmp_path: Path,
) -> None:
    with running(Prometheus(tmp_path / "prometheus", DISCARD)) as prometheus:
        answers = {query: prometheus.value(query) for board in BOARDS for query in board.queries}
    assert {query for query, value in answers.items() if value is not None} <= {PROCESSES}
