from __future__ import annotations

import copy
import json
import re

import pytest
from jsonschema import Draft7Validator
from typer.main import get_command
from typer.testing import CliRunner

from services.runtime.cli.commands.running.run import app as roles
from services.runtime.cli.main import app
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.settings import Settings
from tests.image.composition import COMPOSE, FOLDER, LONG_LIVED, OURS, SERVICES, TEXT, Service, file_of, mounted
from tests.support.checks.source import ROOT

SCHEMA = json.loads((ROOT / "tests" / "image" / "compose-spec" / "compose-spec.json").read_text())
# The variables that PostgreSQL's own library reads.
OF_POSTGRES = frozenset(["PGSERVICEFILE"])

each = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
each_of_ours = pytest.mark.parametrize("service", OURS.values(), ids=OURS)


def test_it_fits_the_schema_of_the_specification() -> None:
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(COMPOSE)] == []


def test_the_schema_would_find_a_word_that_is_none() -> None:
    wrong = copy.deepcopy(COMPOSE)
    wrong["services"]["ingest"]["depend_on"] = wrong["services"]["ingest"].pop("depends_on")
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(wrong)] != []


def test_every_role_is_a_service_and_every_service_of_ours_is_a_command() -> None:
    commands = get_command(roles).commands  # type: ignore[attr-defined]
    assert {name: one["command"] for name, one in OURS.items()} == {
        "init": ["init"],
        **{role: ["run", role] for role in commands},
        "watchdog": ["watchdog"],
    }
    for service in OURS.values():
        assert CliRunner().invoke(app, [*service["command"], "--help"]).exit_code == 0
    assert all(service["deploy"]["replicas"] >= 1 for name, service in OURS.items() if name != "init")


@each_of_ours
def test_its_environment_is_settings_that_exist_and_are_understood(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {f"PULLCORD_{name.upper()}" for name in Settings.model_fields}
    known |= {f"PULLCORD_KAFKA_{name.upper()}" for name in KafkaSettings.model_fields}
    assert set(service["environment"]) <= known | OF_POSTGRES
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, value)
    settings, kafka = Settings(_env_file=None), KafkaSettings(_env_file=None)
    assert settings.public_url == "https://pullcord.example"
    assert settings.database == "postgresql+psycopg://?service=pullcord"
    assert (settings.metrics_port, settings.port) == (9464, 8080)
    assert (kafka.addresses, kafka.replication) == (["kafka:9092"], 1)
    # The watchdog reads the record without opening any sealed value.
    keys = None if service["command"] == ["watchdog"] else "keys"
    assert mounted(service, "secrets").get(str(settings.keys_path)) == keys
    assert mounted(service, "secrets")[service["environment"]["PGSERVICEFILE"]] == "database"


@each
def test_it_can_do_nothing_that_it_need_not(service: Service) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].partition(":")[0] not in ("", "0", "root")
    assert {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"} & set(service) == set()
    assert "docker.sock" not in json.dumps(service)


@each
def test_only_this_machine_reaches_its_ports(service: Service) -> None:
    assert [port for port in service.get("ports", ()) if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", ["postgres", "kafka"])
def test_only_our_roles_reach_what_they_stand_on(name: str) -> None:
    assert SERVICES[name]["networks"] == ["data"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert "ports" not in SERVICES[name]
    assert {other for other, one in SERVICES.items() if "data" in one["networks"]} == {*OURS, "postgres", "kafka"}


def test_only_who_must_reach_the_outside_does() -> None:
    inside = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
    outside = {name: set(one["networks"]) - inside for name, one in SERVICES.items()}
    assert {name: found for name, found in outside.items() if found} == {
        "ingest": {"ingest"},
        "alerts": {"messages"},
        "watchdog": {"messages"},
        "alertmanager": {"messages"},
        "prometheus": {"desk"},
        "grafana": {"desk"},
    }


def test_no_name_leads_to_a_role_by_two_ways_so_that_none_is_measured_twice() -> None:
    watcher = set(SERVICES["prometheus"]["networks"])
    assert [name for name, one in OURS.items() if len(watcher & set(one["networks"])) > 1] == []


@each
def test_no_secret_is_in_the_environment(service: Service) -> None:
    named = [name for name in service.get("environment", {}) if re.search("PASSWORD|SECRET|TOKEN|KEY", name)]
    assert [name for name in named if not name.endswith("FILE")] == []
    assert "@" not in json.dumps(service.get("environment", {}))


@each
def test_its_image_has_a_version_or_is_made_here(service: Service) -> None:
    name, _, tag = service["image"].partition(":")
    assert (name == "localhost/pullcord") != bool(re.match(r"v?\d", tag))


def test_ours_is_made_from_the_dockerfile_of_the_image() -> None:
    build = SERVICES["init"]["build"]
    assert (FOLDER / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()


@pytest.mark.parametrize("service", LONG_LIVED.values(), ids=LONG_LIVED)
def test_it_says_whether_it_is_well_and_is_started_again(service: Service) -> None:
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"


@each
def test_it_waits_for_what_can_come_about(service: Service) -> None:
    for name, how in service.get("depends_on", {}).items():
        ends = name not in LONG_LIVED
        assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")


def test_nothing_of_ours_needs_a_broker_to_start() -> None:
    assert {name for one in OURS.values() for name in one["depends_on"]} == {"init", "postgres"}


@pytest.mark.parametrize("kind", ["secrets", "configs"])
def test_what_is_declared_is_used_and_what_is_used_is_declared(kind: str) -> None:
    used = {name for service in SERVICES.values() for name in mounted(service, kind).values()}
    assert used == set(COMPOSE[kind])


def test_what_must_outlive_a_container_is_on_a_volume_of_a_name() -> None:
    volumes = [one.split(":") for service in SERVICES.values() for one in service.get("volumes", ()) if ":" in one]
    assert dict(volumes) == {
        "postgres": "/var/lib/postgresql",
        "kafka": "/var/lib/kafka/data",
        "prometheus": "/prometheus",
        "alertmanager": "/alertmanager",
        "grafana": "/var/lib/grafana",
    }
    assert {name for name, _ in volumes} == set(COMPOSE["volumes"])


def test_every_file_that_is_mounted_is_there() -> None:
    binds = [one["source"] for service in SERVICES.values() for one in service.get("volumes", ()) if "source" in one]
    assert binds == ["grafana/dashboards"]
    assert [path for path in binds if not (FOLDER / path).is_dir()] == []
    assert [name for name in COMPOSE["configs"] if not file_of("configs", name).is_file()] == []


def test_whoever_starts_it_is_asked_for_what_it_cannot_know() -> None:
    assert re.findall(r"\$\{(\w+):\?", TEXT) == ["PULLCORD_PUBLIC_URL"]
