from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.cli.main import COMMANDS
from services.runtime.kafka.roles import STOPPING_SECONDS
from services.runtime.server import GRACE_SECONDS
from services.runtime.settings import Settings
from tests.chart.charts import CHART
from tests.support.checks.source import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("pullcord*"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
NGINX = (ROOT / "deploy" / "nginx" / "pullcord.conf").read_text()
HELPERS = (CHART / "templates" / "_helpers.tpl").read_text()
# The paths that the chart's ingress lets through.
PUBLIC = yaml.safe_load(HELPERS.partition('define "pullcord.publicPaths" -}}')[2].partition("{{- end")[0])
EXACT = {"/openapi.json", "/metrics/oversight"}
WORDS = st.text("abcv1/.-_%", min_size=1, max_size=12)


def unit(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in path.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name].append(value)
    return found


def directive(name: str) -> list[str]:
    return re.findall(rf"^\s*{name} (.+);$", NGINX, re.MULTILINE)


def lets_through(path: str) -> bool:
    # The `map` of the nginx sample lists the public paths.
    block = NGINX.partition("map $uri $pullcord_public {")[2].partition("}")[0]
    rules = re.findall(r"^\s*(~?)(/\S+|\^\S+) 1;$", block, re.MULTILINE)
    assert len(rules) == len(PUBLIC)
    return any(re.search(rule, path) if pattern else rule == path for pattern, rule in rules)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_runs_commands_of_the_product_with_settings_of_the_product(path: Path) -> None:
    lines = [*unit(path)["ExecStart"], *unit(path)["ExecStartPre"]]
    asked = [re.search(r"/bin/pullcord (\w+)", line) for line in lines]
    assert {found[1] if found else None for found in asked} <= COMMANDS.keys()
    given = re.findall(r"(PULLCORD_\w+)=", "\n".join(unit(path)["Environment"]))
    assert given
    assert set(given) <= {f"PULLCORD_{name.upper()}" for name in Settings.model_fields}


def test_the_service_has_time_to_stop_and_comes_back_whenever_it_ends() -> None:
    service = unit(ROOT / "deploy" / "systemd" / "pullcord.service")
    assert int(service["TimeoutStopSec"][0]) > GRACE_SECONDS + STOPPING_SECONDS
    assert service["Restart"] == ["always"]
    assert service["StartLimitIntervalSec"] == ["0"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_has_no_rights_and_writes_to_its_own_folders_alone(path: Path) -> None:
    found = unit(path)
    assert found["User"] == ["pullcord"]
    assert found["CapabilityBoundingSet"] == [""]
    assert (found["ProtectSystem"], found["NoNewPrivileges"], found["UMask"]) == (["strict"], ["yes"], ["0077"])
    (data,) = re.findall(r"PULLCORD_DATA_DIR=(\S+)", found["Environment"][0])
    writable = [f"/var/lib/{name}" for name in found["StateDirectory"]] + " ".join(found["ReadWritePaths"]).split()
    assert data in writable


def test_a_backup_each_night_keeps_the_newest_and_deletes_only_after_a_good_one() -> None:
    backup = unit(ROOT / "deploy" / "systemd" / "pullcord-backup.service")
    # systemd runs this command only if the command before it succeeded.
    (after,) = backup["ExecStartPost"]
    assert "head --lines=-14" in after
    timer = unit(ROOT / "deploy" / "systemd" / "pullcord-backup.timer")
    assert timer["Persistent"] == ["yes"]
    assert timer["OnCalendar"] == ["*-*-* 01:30:00 UTC"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_finds_no_fault_in_a_unit(path: Path) -> None:
    command = [str(shutil.which("systemd-analyze")), "verify", "--man=no", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stderr
    # The program is not installed where tests run.
    assert [line for line in said.splitlines() if "is not executable" not in line and "pullcord" in line] == []


def test_the_proxy_takes_bodies_as_large_as_the_product_does_and_keeps_none_on_disk() -> None:
    most = f"{Settings.model_fields['max_body_mib'].default}m"
    assert directive("client_max_body_size") == directive("client_body_buffer_size") == [most]
    assert directive("proxy_max_temp_file_size") == ["0"]


def test_the_proxy_has_a_limit_of_time_connections_and_rate() -> None:
    for name in ("client_header_timeout", "client_body_timeout", "send_timeout", "proxy_read_timeout"):
        (seconds,) = directive(name)
        assert re.fullmatch(r"\d+s", seconds)
    assert directive("limit_conn") == ["pullcord_connections 20"]
    assert directive("limit_req_status") == directive("limit_conn_status") == ["429"]


def test_no_address_of_a_request_is_logged() -> None:
    (form,) = directive("log_format")
    assert re.search(r"\$(request|uri|request_uri|args|http_referer|document_uri)\b", form) is None
    assert {line.split()[-1] for line in directive("access_log")} == {"pullcord"}
    # At this level and below, nginx writes the whole request line into its error log.
    assert [line.split()[-1] for line in directive("error_log")] == ["crit"]


def test_the_proxy_lets_through_what_the_chart_does() -> None:
    assert all(lets_through(path) for path in PUBLIC)
    for path in ("/", "/metrics", "/livez", "/readyz", "/v1x", "/apple", "/metrics/oversight/x", "/openapi.json.bak"):
        assert not lets_through(path)


@given(prefix=st.sampled_from(PUBLIC), rest=WORDS)
def test_whatever_is_under_a_public_path_is_public_and_nothing_beside_it(prefix: str, rest: str) -> None:
    assert lets_through(f"{prefix}/{rest}") == (prefix not in EXACT)
    beside = f"{prefix}{rest}"
    assert lets_through(beside) == (rest.startswith("/") and prefix not in EXACT)
