from __future__ import annotations

import json
import random
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chart.charts import CHART, changed, containers, released, render, selected, selects
from tests.support.checks.source import ROOT

SCRIPT = runpy.run_path(str(CHART / "files" / "backup.py"), run_name="backup")
surplus: Callable[[Path, int], list[Path]] = SCRIPT["surplus"]
main: Callable[[Path], int] = SCRIPT["main"]
BACKUPS = released("embedded-everything")


@pytest.fixture
def pullcord(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a stand-in for `pullcord`, which fails if the file `broken` exists."""
    program = tmp_path / "bin" / "pullcord"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ -e {tmp_path}/broken ] && exit 3\n[ "$1" = backup ] && echo new > "$2"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("BACKUP_KEEP", "2")
    return program


def made(folder: Path, *days: int) -> Path:
    folder.mkdir(exist_ok=True)
    for day in days:
        (folder / f"pullcord-202611{day:02}T013000Z.db").write_text(str(day))
    return folder


def test_a_backup_is_made_each_night_and_never_two_at_once() -> None:
    spec = BACKUPS.one("CronJob", "-backup")["spec"]
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == ("30 1 * * *", "Etc/UTC", "Forbid")
    assert released("embedded").of("CronJob") == []


def test_a_backup_runs_beside_the_pod_whose_volume_it_reads() -> None:
    spec = BACKUPS.pods["backup"]["spec"]
    (beside,) = spec["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert beside["topologyKey"] == "kubernetes.io/hostname"
    assert selected(BACKUPS, beside["labelSelector"]) == {"serve"}
    assert selects(beside["labelSelector"], BACKUPS.pods["serve"]["metadata"]["labels"])


def test_a_backup_reads_the_volume_that_the_chart_made_where_there_is_no_claim_of_ones_own() -> None:
    release = render(changed("embedded", "backup", {"enabled": True, "existingClaim": "backups"}))
    volumes = {volume["name"]: volume for volume in release.pods["backup"]["spec"]["volumes"]}
    (claim,) = release.workloads["serve"]["spec"]["volumeClaimTemplates"]
    # A StatefulSet names a claim after its template, itself and the number of the pod.
    made_by = f"{claim['metadata']['name']}-{release.workloads['serve']['metadata']['name']}-0"
    assert volumes["data"]["persistentVolumeClaim"] == {"claimName": made_by}
    assert volumes["backups"]["persistentVolumeClaim"] == {"claimName": "backups"}


def test_a_backup_has_the_settings_of_the_pod_that_serves_and_talks_to_nobody() -> None:
    serve, backup = BACKUPS.settings("serve"), BACKUPS.settings("backup")
    assert backup["PULLCORD_DATA_DIR"] == serve["PULLCORD_DATA_DIR"]
    assert backup["BACKUP_KEEP"] == "14"
    mounts = {mount["mountPath"] for mount in containers(BACKUPS.pods["backup"])[-1]["volumeMounts"]}
    assert {"/backup", backup["PULLCORD_DATA_DIR"], "/etc/pullcord/keys"} <= mounts
    assert BACKUPS.one("ConfigMap", "-backup")["data"]["backup.py"] == (CHART / "files" / "backup.py").read_text()


@pytest.mark.usefixtures("pullcord")
def test_the_newest_backups_stay_and_nothing_else_is_touched(tmp_path: Path) -> None:
    folder = made(tmp_path / "backup", 1, 2, 3)
    (folder / "notes.txt").write_text("kept")
    assert main(folder) == 0
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 3
    assert names[0] == "notes.txt"
    assert names[1] == "pullcord-20261103T013000Z.db"
    assert (folder / names[2]).read_text() == "new\n"


@pytest.mark.usefixtures("pullcord")
def test_a_backup_that_failed_deletes_none_of_the_old_ones(tmp_path: Path) -> None:
    folder = made(tmp_path / "backup", 1, 2, 3)
    (tmp_path / "broken").touch()
    assert main(folder) == 3
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("seed", range(10))
def test_whatever_there_is_the_newest_are_kept(tmp_path: Path, seed: int) -> None:
    chosen = random.Random(seed)
    days, keep = chosen.sample(range(1, 29), chosen.randint(0, 20)), chosen.randint(1, 25)
    gone = surplus(made(tmp_path / "backup", *days), keep)
    assert [int(path.read_text()) for path in gone] == sorted(days)[: max(0, len(days) - keep)]


def test_each_dashboard_is_a_config_map_that_grafana_finds_by_its_label() -> None:
    release = released("distributed-everything")
    for path in sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json")):
        one = release.one("ConfigMap", f"-{path.stem}")
        assert one["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert one["metadata"]["annotations"] == {"grafana_folder": "Pullcord"}
        assert json.loads(one["data"][f"pullcord-{path.name}"]) == json.loads(path.read_text())
    assert [one for one in released("distributed").of("ConfigMap") if "dashboard" in str(one["metadata"])] == []


@pytest.mark.parametrize(("case", "role"), [("embedded", "serve"), ("distributed", "ingest")])
def test_the_regulators_figures_are_read_with_a_key_from_the_ingest_api(case: str, role: str) -> None:
    release = render(changed(case, "metrics.oversight", {"enabled": True, "existingSecret": "regulator"}))
    spec = release.one("ServiceMonitor", "-oversight")["spec"]
    (endpoint,) = spec["endpoints"]
    assert endpoint["path"] == "/metrics/oversight"
    assert endpoint["authorization"] == {"credentials": {"name": "regulator", "key": "key"}}
    # Prometheus drops a figure after five minutes without a new value.
    assert endpoint["interval"] == "4m"
    services = [one for one in release.of("Service") if selects(spec["selector"], one["metadata"]["labels"])]
    assert [one["spec"]["ports"][0]["name"] for one in services] == [endpoint["port"]]
    policy = release.one("NetworkPolicy", "-oversight")["spec"]
    assert selected(release, policy["podSelector"]) == {role}
    assert [rule["port"] for rule in policy["ingress"][0]["ports"]] == ["http"]


def test_nobody_reads_the_regulators_figures_unasked() -> None:
    for case in ("embedded", "distributed", "distributed-everything"):
        assert "/metrics/oversight" not in str(released(case).of("ServiceMonitor"))


def links(release: Any) -> list[str]:
    (rules,) = release.of("PrometheusRule")
    alerts = [rule for group in rules["spec"]["groups"] for rule in group["rules"] if "alert" in rule]
    return [rule["annotations"]["runbook_url"] for rule in alerts]


@pytest.mark.parametrize(
    "url", ["https://wiki.example/pullcord", "https://wiki.example/pullcord/", "http://a.example/b?c=d"]
)
def test_every_link_to_the_runbook_can_be_opened_from_an_alert(url: str) -> None:
    values = changed("embedded", "metrics.prometheusRule", {"enabled": True, "runbookUrl": url})
    found = links(render(values))
    assert len(found) > 20
    assert all(link.startswith(f"{url.rstrip('/')}#pullcord") for link in found)


@pytest.mark.parametrize(("case", "path", "value"), [
    ("embedded-everything", "backup.schedule", "15 3 * * *"),
    ("embedded-everything", "backup.existingClaim", "others"),
    ("embedded-everything", "backup.keep", 3),
    ("embedded-everything", "backup.activeDeadlineSeconds", 120),
    ("embedded-everything", "backup.resources", {"requests": {"cpu": "1"}, "limits": {"memory": "3Gi"}}),
    ("distributed-everything", "metrics.dashboards.labels", {"dashboards": "yes"}),
    ("distributed-everything", "metrics.dashboards.annotations", {"folder": "Other"}),
    ("distributed-everything", "metrics.oversight", {"enabled": True, "existingSecret": "a", "key": "b"}),
    ("distributed-everything", "metrics.oversight", {"enabled": True, "existingSecret": "a", "interval": "3m"}),
], ids=str)  # fmt: skip
def test_each_value_reaches_what_is_made(case: str, path: str, value: Any) -> None:
    wanted = value if isinstance(value, str | int) else next(reversed(value.values()))
    made_now = render(changed(case, path, value)).objects
    assert made_now != released(case).objects
    assert str(wanted) in str(made_now)
