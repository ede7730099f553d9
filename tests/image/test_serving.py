from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.image.composition import SERVICES
from tests.image.conftest import data_folder
from tests.image.containers import Container, ReadOnlyContainer, Served, served

pytestmark = [pytest.mark.network, pytest.mark.enable_socket, pytest.mark.timeout(900)]


@pytest.fixture(scope="module", params=[Container, ReadOnlyContainer], ids=["as it is", "read only"])
def ready(
    request: pytest.FixtureRequest, container: Container, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Container, str]:
    """Return a container with a prepared deployment, and the API key of a provider."""
    kind = request.param
    made = kind(container.buildah, container.image, container.name, data_folder(tmp_path_factory.mktemp("serving")))
    made.run("pullcord", "init")
    made.run("pullcord", "providers", "add", "RAVN", "Raven Telecom")
    said = made.run("pullcord", "keys", "create", "--role", "provider", "--feed", "RAVN", "--label", "gateway")
    return made, next(word for word in said.split() if word.startswith("pcd."))


@pytest.fixture(scope="module")
def service(ready: tuple[Container, str]) -> Iterator[Served]:
    with served(ready[0]) as running:
        running.client.headers["Authorization"] = f"Bearer {ready[1]}"
        yield running


def test_a_notice_is_taken_in_and_the_service_stops_well_when_told_to(
    ready: tuple[Container, str], service: Served
) -> None:
    day = str(datetime.now(UTC).date() + timedelta(days=60))
    notice = {"id": "n1", "cli": "01632 960123", "planned_migration_date": day}
    answer = service.client.post("/v1/migration-notices", json=notice)
    assert answer.status_code == 202, answer.text
    assert service.client.get(answer.headers["Location"]).json()["submission"] == answer.json()["submission"]
    assert seen_as_well(ready[0], service.port)
    assert service.stop() == 0, service.log.read_text()[-2000:]
    assert not seen_as_well(ready[0], service.port)
    assert "960123" not in service.log.read_text()


def seen_as_well(container: Container, port: int) -> bool:
    words = [word.replace("9464", str(port)) for word in SERVICES["ingest"]["healthcheck"]["test"][1:]]
    return subprocess.run(container.command(*words), capture_output=True, check=False).returncode == 0


def test_what_it_writes_only_its_owner_can_read(ready: tuple[Container, str]) -> None:
    written = [path for path in ready[0].folder.rglob("*") if path.is_file()]
    assert {"keys.json", "pullcord.db"} <= {path.name for path in written}
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    assert {path.stat().st_uid for path in written} == {10001}


def test_the_read_only_root_is_read_only(container: Container, tmp_path: Path) -> None:
    sealed = ReadOnlyContainer(container.buildah, container.image, container.name, data_folder(tmp_path))
    sealed.run("touch", "/tmp/here", "/var/lib/pullcord/here")
    refused = subprocess.run(sealed.command("touch", "/var/tmp/here"), capture_output=True, text=True, check=False)
    assert "Read-only file system" in refused.stderr
