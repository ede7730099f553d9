from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from sqlalchemy import make_url, text

from scripts.servers.kafka import install, java
from scripts.servers.postgres import Postgres
from services.runtime.kafka.outbox_listener import OutboxListener
from services.runtime.maintenance.keyring import read_keyring
from services.runtime.settings import Settings
from services.storage.database.engine import make_engine
from tests.image.composition import COMPOSE, FOLDER, OURS, SERVICES, Service, file_of, mounted
from tests.monitoring.tools import run

SCRIPT = FOLDER / "compose" / "secrets.sh"
KEPT = "compose/secrets/"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    subprocess.run([SCRIPT, folder], check=True, capture_output=True)
    return folder


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_every_secret_is_made_and_none_that_nobody_asks_for(secrets: Path) -> None:
    asked = [one["file"] for one in COMPOSE["secrets"].values()]
    asked += [path for service in SERVICES.values() for path in service.get("env_file", ())]
    assert all(path.startswith(KEPT) for path in asked)
    assert {path.removeprefix(KEPT) for path in asked} == set(contents(secrets))


def test_only_the_owner_gets_at_them_and_each_container_can_read_its_own(secrets: Path) -> None:
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {0o644}


def test_version_control_does_not_see_them() -> None:
    assert (FOLDER / "compose" / ".gitignore").read_text() == "/secrets/\n"


def test_the_keys_are_keys_and_new_ones_each_time(secrets: Path, tmp_path: Path) -> None:
    keyring = read_keyring(secrets / "keys.json")
    assert keyring.vault[keyring.current] != keyring.token
    subprocess.run([SCRIPT, tmp_path / "others"], check=True, capture_output=True)
    others = read_keyring(tmp_path / "others" / "keys.json")
    assert len({keyring.token, others.token, keyring.vault["k1"], others.vault["k1"]}) == 4


def test_what_is_there_is_kept_and_what_is_missing_is_made(secrets: Path) -> None:
    (secrets / "grafana-password").unlink()
    before = contents(secrets)
    subprocess.run([SCRIPT, secrets], check=True, capture_output=True)
    assert before.items() <= contents(secrets).items()
    assert len((secrets / "grafana-password").read_text()) > 24


def test_no_secret_is_shown_while_they_are_made(tmp_path: Path) -> None:
    said = subprocess.run([SCRIPT, tmp_path / "made"], check=True, capture_output=True, text=True)
    found = contents(tmp_path / "made").values()
    hidden = {value for text in found for value in re.findall(r"[\w+/-]{32,}=*", text)}
    assert len(hidden) == 4
    assert [value for value in hidden if value in said.stdout + said.stderr] == []


def test_the_operator_is_asked_whom_to_tell(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(_env_file=secrets / "alerts.env").fallback_routes == ()
    watchdog = Settings(_env_file=secrets / "watchdog.env")
    assert (watchdog.watchdog_mail_to, watchdog.watchdog_mail_server, watchdog.watchdog_heartbeat) == ((), None, None)
    assert [name for name, one in OURS.items() if "env_file" in one] == ["alerts", "watchdog"]


def test_the_database_is_found_with_the_password_that_it_was_given(secrets: Path) -> None:
    service = (secrets / "pg_service.conf").read_text().splitlines()
    given = SERVICES["postgres"]["environment"]
    assert service == [
        "[pullcord]",
        "host=postgres",
        f"user={given['POSTGRES_USER']}",
        f"dbname={given['POSTGRES_DB']}",
        f"password={(secrets / 'postgres-password').read_text().strip()}",
    ]
    assert mounted(SERVICES["postgres"], "secrets")[given["POSTGRES_PASSWORD_FILE"]] == "postgres-password"


@pytest.mark.network
@pytest.mark.enable_socket
def test_the_url_of_the_database_leads_there_by_the_service_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Postgres(tmp_path / "data").start()
    try:
        at = psycopg.conninfo.conninfo_to_dict(
            make_url(server.url).set(drivername="postgresql").render_as_string(False)
        )
        lines = "".join(f"{name}={value}\n" for name, value in at.items())
        (tmp_path / "service.conf").write_text(f"[pullcord]\n{lines}")
        (tmp_path / "service.conf").chmod(0o644)
        monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "service.conf"))
        engine = make_engine(SERVICES["relay"]["environment"]["PULLCORD_DATABASE_URL"])
        with engine.connect() as connection:
            assert connection.execute(text("select current_user")).scalar_one() == at["user"]
        with psycopg.connect(OutboxListener(engine, lambda: None)._url) as connection:
            assert connection.info.user == at["user"]
        engine.dispose()
    finally:
        server.stop()


def test_kafka_understands_its_settings_and_has_a_name_for_its_cluster(tmp_path: Path) -> None:
    settings = file_of("configs", "kafka-server").read_text()
    assert "log.dirs=/var/lib/kafka/data\n" in settings
    (tmp_path / "server.properties").write_text(settings.replace("/var/lib/kafka/data", str(tmp_path / "data")))
    (cluster,) = re.findall(r"^cluster=(\S+)$", file_of("configs", "kafka-start").read_text(), re.MULTILINE)
    tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "--cluster-id", cluster]
    command = [java(), "-cp", f"{install()}/*", *tool, "--config", str(tmp_path / "server.properties")]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert f"cluster.id={cluster}" in (tmp_path / "data" / "meta.properties").read_text()


def test_kafka_is_where_the_roles_look_for_it() -> None:
    settings = dict(
        line.split("=", 1) for line in file_of("configs", "kafka-server").read_text().splitlines() if "=" in line
    )
    brokers = {one["environment"]["PULLCORD_KAFKA_BROKERS"] for one in OURS.values()}
    assert settings["advertised.listeners"] == f"PLAINTEXT://{brokers.pop()}"
    assert settings["auto.create.topics.enable"] == "false"
    assert not brokers


@pytest.mark.parametrize("script", ["compose/secrets.sh", "compose/kafka/start.sh"])
def test_a_script_is_read_by_the_shell_without_complaint(script: str) -> None:
    done = subprocess.run(["bash", "-n", FOLDER / script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_prometheus_understands_its_settings_with_our_rules(tmp_path: Path) -> None:
    prometheus = SERVICES["prometheus"]
    for target, name in mounted(prometheus, "configs").items():
        shutil.copy(file_of("configs", name), tmp_path / Path(target).name)
    settings = tmp_path / "prometheus.yaml"
    for target in mounted(prometheus, "secrets"):
        (tmp_path / Path(target).name).write_text("pcd.key")
        settings.write_text(settings.read_text().replace(target, str(tmp_path / Path(target).name)))
    said = run("promtool", "check", "config", tmp_path / "prometheus.yaml")
    assert (said.code, said.err) == (0, "")
    assert "1 rule files found" in said.out


def test_prometheus_finds_the_key_for_the_figures_of_oversight() -> None:
    asked = read(file_of("configs", "prometheus"))["scrape_configs"][1]["authorization"]["credentials_file"]
    assert mounted(SERVICES["prometheus"], "secrets")[asked] == "regulator-key"


def aliases(service: Service, network: str) -> list[str]:
    networks = service["networks"]
    return (networks.get(network) or {}).get("aliases", []) if isinstance(networks, dict) else []


def test_prometheus_looks_at_every_role_as_the_sample_does() -> None:
    ours, sample = read(file_of("configs", "prometheus")), read(FOLDER / "prometheus" / "prometheus.yaml")
    where = re.compile("static_configs|dns_sd_configs")
    jobs, like = (
        [{name: value for name, value in job.items() if not where.fullmatch(name)} for job in one["scrape_configs"]]
        for one in (ours, sample)
    )
    assert jobs == like
    (found,) = ours["scrape_configs"][0]["dns_sd_configs"]
    (name,) = found["names"]
    named = {role for role, one in OURS.items() if name in aliases(one, "monitoring")}
    assert named == set(OURS) - {"init"}
    assert str(found["port"]) == SERVICES["ingest"]["environment"]["PULLCORD_METRICS_PORT"]
    assert (ours["global"], ours["rule_files"]) == (sample["global"], sample["rule_files"])


def test_grafana_asks_that_prometheus_as_the_sample_does_and_finds_the_dashboards() -> None:
    (ours,) = read(file_of("configs", "grafana-datasource"))["datasources"]
    (sample,) = read(FOLDER / "grafana" / "provisioning" / "datasources" / "prometheus.yaml")["datasources"]
    assert ours == {**sample, "url": "http://prometheus:9090"}
    (provider,) = read(file_of("configs", "grafana-dashboards"))["providers"]
    (bound,) = [one for one in SERVICES["grafana"]["volumes"] if "target" in one]
    assert provider["options"]["path"] == bound["target"]


def test_alertmanager_finds_the_password_where_the_sample_has_it() -> None:
    sample = read(file_of("configs", "alertmanager"))
    assert sample["global"]["smtp_auth_password_file"] in mounted(SERVICES["alertmanager"], "secrets")
