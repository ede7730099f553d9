from __future__ import annotations

import json
import tomllib
from importlib.metadata import version

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from services.runtime.consumers import CONSUMERS
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.settings import Settings
from tests.image.containers import DATA, Container
from tests.support.checks.source import ROOT

pytestmark = pytest.mark.timeout(900)

LABEL = "org.opencontainers.image."
TOOLS = ("pip", "pip3", "uv", "cc", "gcc", "c++", "make", "ld", "git", "curl", "wget")
INSTALLED = """
import json
from importlib.metadata import distributions
print(json.dumps({one.name.lower().replace("_", "-").replace(".", "-"): one.version for one in distributions()}))
"""
# Prints the sources that Python would compile again at every start, because it can store no result.
STALE = """
import json, struct
from importlib.util import cache_from_source
from pathlib import Path
import services
found = []
for path in Path(services.__file__).parents[1].rglob("services/**/*.py"):
    flags, time, size = struct.unpack("<4xIII", Path(cache_from_source(str(path))).read_bytes()[:16])
    found += [str(path)] if (flags, time, size) != (0, int(path.stat().st_mtime), path.stat().st_size) else []
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def installed(container: Container) -> dict[str, str]:
    found: dict[str, str] = container.python(INSTALLED)
    return found


@pytest.fixture(scope="module")
def bill(container: Container) -> str:
    return container.run("cat", "/usr/share/pullcord/sbom.cdx.json")


def test_it_says_which_version_it_is(container: Container) -> None:
    assert container.run("pullcord", "--version") == f"pullcord {version('pullcord')}"


def test_told_nothing_it_serves_as_a_user_without_rights_with_its_data_on_a_volume(container: Container) -> None:
    config = container.about["config"]
    assert (config["Entrypoint"], config["Cmd"]) == (["pullcord"], ["serve"])
    assert config["User"] == "10001:10001"
    assert (config["Volumes"], config["WorkingDir"]) == ({DATA: {}}, DATA)
    assert config["ExposedPorts"] == {"8080/tcp": {}}


def test_every_role_is_a_command_of_it(container: Container) -> None:
    said = container.run("pullcord", "run", "--help")
    assert [role for role in ("ingest", "relay", *(one.name for one in CONSUMERS)) if role not in said] == []


def test_it_sets_only_settings_that_exist(container: Container) -> None:
    entries = [entry.split("=", 1) for entry in container.about["config"]["Env"]]
    settings = {name: value for name, value in entries if name.startswith("PULLCORD_")}
    known = {f"PULLCORD_{name.upper()}" for name in Settings.model_fields}
    known |= {f"PULLCORD_KAFKA_{name.upper()}" for name in KafkaSettings.model_fields}
    assert settings == {"PULLCORD_DATA_DIR": DATA, "PULLCORD_HOST": "0.0.0.0"}
    assert set(settings) <= known
    assert {name for name, _ in entries} - set(settings) == {"PATH", "PYTHONDONTWRITEBYTECODE"}


def test_its_labels_say_what_it_is_and_of_which_source(container: Container) -> None:
    labels = container.about["config"]["Labels"]
    assert labels[f"{LABEL}title"] == "Pullcord"
    assert labels[f"{LABEL}description"]
    assert labels[f"{LABEL}licenses"] == "MIT"
    assert labels[f"{LABEL}version"] == version("pullcord")
    assert len(labels[f"{LABEL}revision"]) == 40


def test_what_is_installed_is_what_the_lock_file_says_and_nothing_of_development(installed: dict[str, str]) -> None:
    # A package may be locked in two versions, for two versions of Python.
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    locked = {(one["name"], one.get("version")) for one in packages}
    others = {name: number for name, number in installed.items() if name != "pullcord"}
    assert set(others.items()) <= locked
    assert {"faust-streaming", "kafka-python", "psycopg", "cramjam", "lz4"} <= set(installed)
    assert {"pytest", "ruff", "mypy", "cyclonedx-bom", "pip", "setuptools", "uv"} & set(installed) == set()


def test_it_carries_a_list_of_its_parts_that_is_valid_and_complete(bill: str, installed: dict[str, str]) -> None:
    made = json.loads(bill)
    assert (made["bomFormat"], made["metadata"]["component"]["name"]) == ("CycloneDX", "pullcord")
    assert JsonStrictValidator(SchemaVersion.from_version(made["specVersion"])).validate_str(bill) is None
    parts = {one["name"].lower().replace("_", "-").replace(".", "-"): one["version"] for one in made["components"]}
    assert parts == {name: number for name, number in installed.items() if name != "pullcord"}
    assert "file:" not in bill


def test_nothing_to_build_install_or_fetch_with_is_left(container: Container) -> None:
    looked = "for name; do command -v $name || true; done; python -m pip --version; python -m ensurepip --version; true"
    assert container.run("sh", "-c", looked, "sh", *TOOLS) == ""
    assert (
        container.run("sh", "-c", "ls -d /src /reach /opt/tools /opt/locked.txt /run/secrets/* 2>/dev/null; true") == ""
    )


def test_its_user_can_write_to_its_data_and_where_everybody_can(container: Container) -> None:
    found = container.run(
        "sh", "-c", "find / -xdev -writable ! -type l ! -path '/proc/*' ! -path '/dev/*' 2>/dev/null; true"
    )
    assert set(found.splitlines()) <= {DATA, "/tmp", "/var/tmp", "/run/lock"}


def test_no_program_runs_with_more_rights_than_its_caller_has(container: Container) -> None:
    assert container.run("sh", "-c", "find / -xdev -type f -perm /6000 2>/dev/null; true") == ""


def test_python_finds_everything_compiled(container: Container) -> None:
    assert container.python(STALE) == []


def test_nothing_says_where_its_packages_came_from(container: Container) -> None:
    assert "://" not in json.dumps(container.about)
