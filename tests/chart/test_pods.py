from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

from services.runtime.cli.commands.running import run
from services.runtime.cli.main import COMMANDS
from services.runtime.consumers import CONSUMERS
from services.runtime.embedded.runner import EmbeddedRunner
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.roles import STOPPING_SECONDS
from services.runtime.server import GRACE_SECONDS
from services.runtime.settings import Settings
from tests.chart.charts import (
    CASES,
    COMPONENT,
    DISTRIBUTED,
    ROLES,
    WORKERS,
    Object,
    changed,
    containers,
    files_of,
    released,
    render,
    selected,
    values_of,
)

FIELDS = {f"PULLCORD_{name.upper()}": field for name, field in Settings.model_fields.items()} | {
    f"PULLCORD_KAFKA_{name.upper()}": field for name, field in KafkaSettings.model_fields.items()
}
SECRET = {name for name, field in FIELDS.items() if "SecretStr" in str(field.annotation)} | {"PULLCORD_DATABASE_URL"}
PODS = [(case, component) for case in CASES for component in released(case).pods]
WORKER = {"pullcord-keys", "pullcord-postgres-app", "pullcord"}
SENDER = {"pullcord-fallback-routes", "pullcord-mail-server", "pullcord-text-service", "pullcord-notify"}
# The Secrets that each role may have. Certificates by which it trusts other servers are not counted.
NEEDS = {
    "serve": {"pullcord-keys", "pullcord-notify-callback"} | SENDER,
    "ingest": {"pullcord-keys", "pullcord-postgres-app", "pullcord-notify-callback"},
    "relay": WORKER,
    **{one.name: WORKER | (SENDER if one.delivers else set()) for one in CONSUMERS},
    # It opens nothing that is sealed, and so has no keys.
    "watchdog": {"pullcord-postgres-app", "pullcord-watchdog"},
    "migration": {"pullcord-postgres-app"},
    "backup": {"pullcord-keys"},
    "canary": {"pullcord-canary"},
}
PUBLIC = frozenset(["kafka-cluster-ca-cert", "pullcord-postgres-ca"])


def pod_of(case: str, component: str) -> Object:
    return released(case).pods[component]


def references(pod: Object) -> dict[str, str]:
    named = [one for container in containers(pod) for one in container.get("env", ()) if "valueFrom" in one]
    return {one["name"]: one["valueFrom"]["secretKeyRef"]["name"] for one in named}


@pytest.mark.parametrize("case", CASES)
def test_each_role_is_there_once(case: str) -> None:
    release = released(case)
    kept = [*release.of("Deployment"), *release.of("StatefulSet")]
    assert sorted(one["metadata"]["labels"][COMPONENT] for one in kept) == sorted(ROLES[case])
    for role, workload in release.workloads.items():
        assert selected(release, workload["spec"]["selector"]) == {role}


@pytest.mark.parametrize(("case", "component"), PODS)
def test_a_pod_keeps_to_the_restricted_standard(case: str, component: str) -> None:
    pod = pod_of(case, component)["spec"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    allowed = {"name", "emptyDir", "secret", "configMap", "persistentVolumeClaim"}
    assert all(volume.keys() <= allowed for volume in pod["volumes"])


@pytest.mark.parametrize(("case", "component"), PODS)
def test_a_container_can_change_nothing_and_gain_nothing(case: str, component: str) -> None:
    for container in containers(pod_of(case, component)):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "hostPort" not in str(container)
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize(("case", "component"), PODS)
def test_no_pod_talks_to_the_cluster_or_takes_a_service_for_a_setting(case: str, component: str) -> None:
    pod = pod_of(case, component)["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False


@pytest.mark.parametrize(("case", "component"), PODS)
def test_what_lies_on_the_nodes_memory_or_disk_is_bounded(case: str, component: str) -> None:
    volumes = [volume["emptyDir"] for volume in pod_of(case, component)["spec"]["volumes"] if "emptyDir" in volume]
    assert all("sizeLimit" in volume for volume in volumes)


@pytest.mark.parametrize(("case", "component"), PODS)
def test_every_secret_is_a_reference(case: str, component: str) -> None:
    plain = released(case).settings(component)
    assert plain.keys().isdisjoint(SECRET)
    assert references(pod_of(case, component)).keys() <= SECRET


@pytest.mark.parametrize("case", CASES)
def test_no_secret_is_made_by_the_chart(case: str) -> None:
    assert released(case).of("Secret") == []


@pytest.mark.parametrize("component", NEEDS)
def test_a_role_has_the_secrets_it_needs_and_no_others(component: str) -> None:
    pod = pod_of("embedded-everything" if component in ("serve", "backup") else "distributed-everything", component)
    assert {*references(pod).values(), *files_of(pod).values()} - PUBLIC == NEEDS[component]


@pytest.mark.parametrize(("case", "component"), PODS)
def test_files_from_secrets_are_read_by_their_group_alone(case: str, component: str) -> None:
    pod = pod_of(case, component)["spec"]
    assert {one["secret"]["defaultMode"] for one in pod["volumes"] if "secret" in one} <= {0o440}
    assert pod["securityContext"]["fsGroup"] > 0


@pytest.mark.parametrize(("case", "component"), PODS)
def test_every_setting_exists_and_every_file_it_names_is_there(case: str, component: str) -> None:
    settings = released(case).settings(component)
    assert {name for name in settings if name.startswith("PULLCORD_")} <= set(FIELDS)
    files = {value for name, value in settings.items() if name.endswith("_FILE") or name == "PGSSLROOTCERT"}
    # The settings are those of every role. The watchdog reads no keys.
    without = {settings["PULLCORD_KEYS_FILE"]} if component == "watchdog" else set()
    assert files - without <= set(files_of(pod_of(case, component)))
    assert not without & set(files_of(pod_of(case, component)))


def named(plain: dict[str, str], prefix: str, other: str = "-") -> dict[str, Any]:
    own = {name: value for name, value in plain.items() if name.startswith(prefix) and not name.startswith(other)}
    # A list is written as JSON.
    return {
        name.removeprefix(prefix).lower(): json.loads(value) if value.startswith("[") else value
        for name, value in own.items()
    }


@pytest.mark.parametrize("case", CASES)
def test_the_product_takes_these_settings(case: str) -> None:
    for role in ROLES[case]:
        plain = released(case).settings(role)
        brokers = named(plain, "PULLCORD_KAFKA_")
        settings = Settings(_env_file=None, **named(plain, "PULLCORD_", "PULLCORD_KAFKA_"))
        assert settings.public_url == "https://pullcord.example"
        assert bool(brokers) == (role in WORKERS)
        assert KafkaSettings(_env_file=None, **brokers).brokers == brokers.get("brokers", "127.0.0.1:9092")


@pytest.mark.parametrize(("case", "component"), PODS)
def test_every_command_is_one_of_the_product(case: str, component: str) -> None:
    roles = {command.name or command.callback.__name__ for command in run.app.registered_commands if command.callback}
    for container in containers(pod_of(case, component)):
        if component == "canary":
            assert container["command"] == ["python3", "/canary/canary.py"]
        elif component == "backup":
            assert container["command"] == ["python3", "/backup-script/backup.py"]
        else:
            program, command, *role = container["command"]
            assert program == "pullcord"
            assert command in COMMANDS
            assert set(role) <= roles


@pytest.mark.parametrize("case", CASES)
def test_probes_ask_what_they_are_for_at_a_port_that_is_there(case: str) -> None:
    for role in ROLES[case]:
        container = containers(pod_of(case, role))[-1]
        port, *_ = container["ports"]
        asked = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert {name: probe["path"] for name, probe in asked.items()} == {
            "startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz",
        }  # fmt: skip
        assert {probe["port"] for probe in asked.values()} == {port["name"]}
        listens = "PULLCORD_PORT" if port["name"] == "http" else "PULLCORD_METRICS_PORT"
        assert released(case).settings(role)[listens] == str(port["containerPort"])


def longest_stop(drain: float) -> float:
    # First the open requests end, then the delivery pool, then three loops one after the other.
    each: float = inspect.signature(EmbeddedRunner.stop).parameters["timeout"].default
    return drain + GRACE_SECONDS + 4 * max(each, STOPPING_SECONDS)


@pytest.mark.parametrize("case", CASES)
def test_a_pod_has_longer_to_stop_than_its_longest_step(case: str) -> None:
    for role in ROLES[case]:
        pod = pod_of(case, role)
        lifecycle = containers(pod)[-1].get("lifecycle")
        drain = lifecycle["preStop"]["sleep"]["seconds"] if lifecycle else 0
        assert pod["spec"]["terminationGracePeriodSeconds"] > longest_stop(drain)


def test_there_are_never_two_on_one_file() -> None:
    spec = released("embedded").workloads["serve"]["spec"]
    assert spec["replicas"] == 1
    assert (spec["podManagementPolicy"], spec["updateStrategy"]) == ("Parallel", {"type": "RollingUpdate"})
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert {"name": "data", "mountPath": released("embedded").settings("serve")["PULLCORD_DATA_DIR"]} in containers(
        spec["template"]
    )[-1]["volumeMounts"]


@pytest.mark.parametrize("case", ["distributed", "distributed-everything"])
def test_the_database_is_brought_up_to_date_before_the_roles_come(case: str) -> None:
    (job,) = released(case).of("Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert released(case).pods["migration"]["spec"]["serviceAccountName"] == "default"
    assert containers(released(case).pods["migration"])[0]["command"] == ["pullcord", "migrate"]


def test_embedded_the_database_is_brought_up_to_date_by_the_pod_itself() -> None:
    first, last = containers(pod_of("embedded", "serve"))
    assert (first["command"], last["command"]) == (["pullcord", "migrate"], ["pullcord", "serve"])
    assert first["envFrom"] == last["envFrom"]


def checksums(values: Object) -> dict[str, Any]:
    return {role: one["spec"]["template"]["metadata"]["annotations"] for role, one in render(values).workloads.items()}


@pytest.mark.parametrize(
    ("path", "value", "restarted"),
    [
        ("settings.maxRows", 5000, set(DISTRIBUTED)),
        ("kafka.brokers", ["other.example:9093"], set(WORKERS)),
        ("service.port", 8080, set()),
    ],
)
def test_a_change_of_settings_restarts_those_it_concerns(path: str, value: object, restarted: set[str]) -> None:
    before, after = checksums(values_of("distributed")), checksums(changed("distributed", path, value))
    assert {role for role in before if before[role] != after[role]} == restarted


def test_a_new_chart_of_the_same_application_restarts_nothing() -> None:
    for role, pod in released("distributed").pods.items():
        assert set(pod["metadata"]["labels"]) - {COMPONENT} <= {
            "app.kubernetes.io/name", "app.kubernetes.io/instance",
        } or role == "canary"  # fmt: skip


@pytest.mark.parametrize("case", ["distributed", "distributed-everything"])
def test_the_pods_of_a_role_are_spread_and_drained_a_few_at_a_time(case: str) -> None:
    release = released(case)
    assert len(release.of("PodDisruptionBudget")) == len(ROLES[case])
    for role in ROLES[case]:
        budget = release.one("PodDisruptionBudget", f"-{role}")["spec"]
        assert selected(release, budget["selector"]) == {role}
        assert budget["maxUnavailable"] == 1
        spread = release.pods[role]["spec"]["topologySpreadConstraints"]
        assert [one["topologyKey"] for one in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        assert all(selected(release, one["labelSelector"]) == {role} for one in spread)


def test_one_embedded_pod_never_blocks_a_drain() -> None:
    assert released("embedded").of("PodDisruptionBudget") == []
