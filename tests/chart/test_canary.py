from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from services.runtime.app import make_app
from services.runtime.bootstrap import make_parts
from services.runtime.embedded.runner import EmbeddedRunner
from services.runtime.server import listen, served
from services.runtime.settings import Settings
from tests.chart.charts import CHART, containers, files_of, released
from tests.support.servers.killing import Mailbox, ServedDeployment, prepare

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    box.start()
    yield box
    box.stop()


@pytest.fixture
def deployment(tmp_path: Path, mailbox: Mailbox) -> Iterator[ServedDeployment]:
    # The deployment is not served yet. Its two keys are files.
    made = prepare(tmp_path / "data", mailbox.port)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "council").write_text(f"{made.council_key}\n")
    (tmp_path / "keys" / "provider").write_text(made.provider_key)
    yield made
    made.store.engine.dispose()


@contextmanager
def served_api(deployment: ServedDeployment, *, matching: bool) -> Iterator[str]:
    parts = make_parts(Settings(_env_file=None, poll_seconds=0.1), deployment.store)
    app = make_app(parts, EmbeddedRunner(parts) if matching else None)
    with served(app, listen("127.0.0.1", 0)) as url:
        yield url
    parts.pool.close(1)


@pytest.fixture
def whole(deployment: ServedDeployment) -> Iterator[str]:
    with served_api(deployment, matching=True) as url:
        yield url


@pytest.fixture
def unmatched(deployment: ServedDeployment) -> Iterator[str]:
    with served_api(deployment, matching=False) as url:
        yield url


def fly(url: str, keys: Path | None, patience: int = 60) -> subprocess.CompletedProcess[str]:
    # The chart's pod runs the script in the same way.
    environment = {"CANARY_URL": url, "CANARY_COUNCIL": "E06000009", "CANARY_PATIENCE_SECONDS": str(patience)}
    command = [sys.executable, str(CHART / "files" / "canary.py")]
    given = environment | ({"CANARY_KEYS": str(keys)} if keys else {})
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=200)


def test_a_line_comes_through_and_leaves_nothing_behind(
    whole: str, deployment: ServedDeployment, mailbox: Mailbox, tmp_path: Path
) -> None:
    for _ in range(2):
        flight = fly(whole, tmp_path / "keys")
        assert flight.returncode == 0, flight.stdout + flight.stderr
        said = [line.partition(":")[0] for line in flight.stdout.splitlines()]
        assert said == ["the ingest API is ready", "the line has its case", "the case has ended"]
    headers = {"Authorization": f"Bearer {deployment.council_key}"}
    with httpx.Client(base_url=whole, headers=headers, timeout=30) as client:
        assert client.get("/v1/cases").json() == []
        assert len(client.get("/v1/cases?ended=true").json()) == 2
    assert mailbox.taken.total() == 0


def test_without_keys_it_asks_whether_the_ingest_api_is_ready(unmatched: str) -> None:
    flight = fly(unmatched, None)
    assert flight.returncode == 0
    assert "no line was sent through" in flight.stdout


def test_a_line_that_nobody_matches_fails_it(unmatched: str, tmp_path: Path) -> None:
    flight = fly(unmatched, tmp_path / "keys", patience=2)
    assert flight.returncode == 1
    assert "the canary did not come through: not in 2 s: the line has its case" in flight.stdout


def test_a_key_that_is_not_known_fails_it(unmatched: str, tmp_path: Path) -> None:
    (tmp_path / "keys" / "council").write_text("pcd.nobody")
    flight = fly(unmatched, tmp_path / "keys", patience=2)
    assert flight.returncode == 1
    assert "PUT /v1/telecare-registers/E06000009/entries answers 401" in flight.stdout


def test_an_ingest_api_that_nobody_answers_fails_it() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
    flight = fly(f"http://127.0.0.1:{port}", None, patience=1)
    assert flight.returncode == 1
    assert "GET /readyz cannot be asked" in flight.stdout


@pytest.mark.parametrize("case", ["embedded", "distributed-everything"])
def test_its_pod_runs_this_script_with_keys_as_files(case: str) -> None:
    release = released(case)
    script = release.one("ConfigMap", "-canary")
    assert script["data"]["canary.py"].strip() == (CHART / "files" / "canary.py").read_text().strip()
    pod = release.pods["canary"]
    environment = release.settings("canary")
    assert environment["CANARY_URL"] == f"http://{release.one('Service', '')['metadata']['name']}:80"
    keys = {f"{environment['CANARY_KEYS']}/{who}" for who in ("council", "provider")} if case != "embedded" else set()
    assert set(files_of(pod)) == keys
    assert containers(pod)[-1]["command"][-1] == "/canary/canary.py"
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"


def test_its_council_is_none_that_exists() -> None:
    # The pseudo code by which the Office for National Statistics says that a place in England has no code.
    assert yaml.safe_load((CHART / "values.yaml").read_text())["canary"]["council"] == "E99999999"
