from __future__ import annotations

import random
import re
from typing import Any

import pytest
import yaml

from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.settings import Settings
from tests.chart.charts import CASES, DISTRIBUTED, changed, containers, released, render, values_of

COST = "example.org/cost-centre"
EVERYTHING = released("distributed-everything")
# Set by a reference to a Secret, and only in deployments without a file of keys or without SASL.
NO_VALUE = {"PULLCORD_KEYS"}


def image(case: str, registry: str, repository: str) -> str:
    values = changed(case, "image", {"repository": repository, "tag": "1"})
    release = render({**values, "global": {"imageRegistry": registry}})
    (found,) = {container["image"] for pod in release.pods.values() for container in containers(pod)}
    return str(found)


@pytest.mark.parametrize("case", CASES)
def test_common_labels_are_on_every_object_and_every_pod_and_select_nothing(case: str) -> None:
    release = render(changed(case, "commonLabels", {COST: "12"}))
    ours = [one for one in release.objects if one["metadata"]["name"].startswith("pc-pullcord")]
    assert len(ours) > 5
    assert {one["metadata"]["labels"][COST] for one in ours} == {"12"}
    assert {pod["metadata"]["labels"][COST] for pod in release.pods.values()} == {"12"}
    for one in release.workloads.values():
        assert COST not in one["spec"]["selector"]["matchLabels"]
        # These templates can never be changed, so a new label would make every upgrade fail.
        claims = one["spec"].get("volumeClaimTemplates", ())
        assert all(COST not in claim["metadata"]["labels"] for claim in claims)


def test_a_pods_own_label_wins_over_a_common_one() -> None:
    values = changed("embedded", "commonLabels", {COST: "12"}) | {"podLabels": {COST: "13"}}
    assert render(values).pods["serve"]["metadata"]["labels"][COST] == "13"


def test_more_volumes_are_mounted_in_every_role_and_in_nothing_else() -> None:
    for component, pod in EVERYTHING.pods.items():
        named = {volume["name"] for volume in pod["spec"]["volumes"]}
        mounted = {mount["name"]: mount for mount in containers(pod)[-1]["volumeMounts"]}
        assert (
            ("own-certificates" in named)
            == ("own-certificates" in mounted)
            == (component in (*DISTRIBUTED, "watchdog"))
        )
    mount = {one["name"]: one for one in containers(EVERYTHING.pods["relay"])[-1]["volumeMounts"]}["own-certificates"]
    assert mount == {"name": "own-certificates", "mountPath": "/etc/own", "readOnly": True}


@pytest.mark.parametrize("case", ["embedded", "distributed"])
def test_more_environment_comes_before_that_of_the_chart_which_wins(case: str) -> None:
    release = render(changed(case, "extraEnvFrom", [{"secretRef": {"name": "proxy"}}]))
    for role in release.workloads:
        for container in containers(release.pods[role]):
            first, *others = container["envFrom"]
            assert first == {"secretRef": {"name": "proxy"}}
            assert others[0]["configMapRef"]["name"] == "pc-pullcord-settings"


@pytest.mark.parametrize("one", [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "own"}, "data": {"of": "{{ .Release.Name }}"}},
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {of: {{ .Release.Name }}}",
    '{{- if eq .Values.mode "embedded" }}\n{kind: ConfigMap, metadata: {name: own}, data: {of: pc}}\n{{- end }}',
], ids=["yaml", "text", "with a condition"])  # fmt: skip
def test_an_object_of_the_operators_own_is_a_template(one: Any) -> None:
    assert render(changed("embedded", "extraObjects", [one])).one("ConfigMap", "own")["data"] == {"of": "pc"}


@pytest.mark.parametrize(("repository", "where"), [
    ("pullcord", "mirror.example/pullcord:1"),
    ("telecare/pullcord", "mirror.example/telecare/pullcord:1"),
    ("ghcr.io/telecare/pullcord", "mirror.example/telecare/pullcord:1"),
    ("registry:5000/pullcord", "mirror.example/pullcord:1"),
    ("localhost/pullcord", "mirror.example/pullcord:1"),
])  # fmt: skip
def test_a_registry_shared_with_charts_above_takes_the_place_of_the_repositorys_own(
    repository: str, where: str
) -> None:
    for case in CASES:
        assert image(case, "mirror.example", repository) == where


@pytest.mark.parametrize("seed", range(5))
def test_any_registry_and_any_repository_make_one_address(seed: int) -> None:
    chosen = random.Random(seed)

    def word() -> str:
        return "".join(chosen.choices("abcdefgh", k=chosen.randint(1, 8)))

    path = "/".join(word() for _ in range(chosen.randint(1, 3)))
    registry = f"{word()}.example" + chosen.choice(["", ":5000", "/proxy", "/"])
    own = chosen.choice(["", f"{word()}.example/", f"{word()}:5000/"])
    assert image("embedded", registry, own + path) == f"{registry.rstrip('/')}/{path}:1"
    assert image("embedded", "", own + path) == f"{own}{path}:1"


def test_a_role_goes_where_it_is_told_and_the_others_where_the_release_is() -> None:
    release = render(changed("distributed-everything", "roles.ingest.nodeSelector", {"example.org/zone": "edge"}))
    specs = {component: pod["spec"] for component, pod in release.pods.items()}
    assert specs["ingest"]["nodeSelector"] == {"example.org/zone": "edge"}
    assert specs["ingest"]["tolerations"] == [{"key": "edge", "operator": "Exists"}]
    for component in specs.keys() - {"ingest"}:
        assert specs[component]["nodeSelector"] == {"kubernetes.io/os": "linux"}
        assert specs[component]["tolerations"] == [{"key": "telecare", "operator": "Exists"}]


@pytest.mark.parametrize(("named", "roles"), [
    ("relay", {"relay"}), ("matcher", {"matcher"}), ("consumers", {"matcher", "alerts"}),
])  # fmt: skip
def test_each_role_has_a_place_of_its_own(named: str, roles: set[str]) -> None:
    release = render(changed("distributed", f"roles.{named}.nodeSelector", {"disk": "fast"}))
    placed = {name for name, pod in release.pods.items() if pod["spec"].get("nodeSelector") == {"disk": "fast"}}
    assert placed == roles


def test_a_claim_of_the_operators_own_takes_the_place_of_the_charts() -> None:
    release = released("embedded-everything")
    assert "volumeClaimTemplates" not in release.workloads["serve"]["spec"]
    claims = {
        component: [
            volume["persistentVolumeClaim"]["claimName"]
            for volume in pod["spec"]["volumes"]
            if "persistentVolumeClaim" in volume
        ]
        for component, pod in release.pods.items()
    }
    assert claims == {"serve": ["pullcord-database"], "backup": ["pullcord-database", "pullcord-backups"], "canary": []}


def test_every_host_leads_to_the_same_paths_with_its_own_certificate() -> None:
    spec = released("embedded-everything").one("Ingress", "")["spec"]
    assert [rule["host"] for rule in spec["rules"]] == ["pullcord.example", "pullcord.council.example", "old.example"]
    paths = [[path["path"] for path in rule["http"]["paths"]] for rule in spec["rules"]]
    assert paths[0] == paths[1] == paths[2] != []
    assert {one["secretName"]: one["hosts"] for one in spec["tls"]} == {
        "pullcord-tls": ["pullcord.example"],
        "council-tls": ["pullcord.council.example"],
    }


def test_no_certificate_means_that_tls_ends_elsewhere() -> None:
    values = changed("embedded", "ingress", {"enabled": True, "hosts": [{"host": "b.example"}]})
    assert "tls" not in render(values).one("Ingress", "")["spec"]


def test_relays_are_scaled_on_their_processor() -> None:
    spec = EVERYTHING.one("HorizontalPodAutoscaler", "-relay")["spec"]
    assert spec["scaleTargetRef"]["name"] == EVERYTHING.workloads["relay"]["metadata"]["name"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 4)
    assert released("distributed").of("HorizontalPodAutoscaler") == []


def test_ingest_pods_may_be_more_than_there_are_partitions() -> None:
    values = changed("distributed", "roles.ingest.autoscaling", {"enabled": True, "maxReplicas": 20})
    values["kafka"]["partitions"] = 4
    assert render(values).one("HorizontalPodAutoscaler", "-ingest")["spec"]["maxReplicas"] == 20


def test_every_setting_of_the_product_is_reached_by_a_value() -> None:
    wanted = {f"PULLCORD_{name.upper()}" for name in Settings.model_fields}
    wanted |= {f"PULLCORD_KAFKA_{name.upper()}" for name in KafkaSettings.model_fields}
    release = render(changed("distributed-everything", "kafka.partitions", 16))
    reached = {name for role in DISTRIBUTED for name in release.settings(role)}
    by_reference = re.findall(r"PULLCORD_\w+", yaml.safe_dump(list(release.workloads.values())))
    assert wanted - NO_VALUE - reached - set(by_reference) == set()


@pytest.mark.parametrize(("value", "setting", "typed"), [
    ("settings.canarySeconds", "PULLCORD_CANARY_SECONDS", 90),
    ("settings.stalledSeconds", "PULLCORD_STALLED_SECONDS", 45.5),
    ("kafka.sessionSeconds", "PULLCORD_KAFKA_SESSION_SECONDS", 30),
])  # fmt: skip
def test_a_setting_of_workers_is_taken_over(value: str, setting: str, typed: float) -> None:
    assert float(render(changed("distributed", value, typed)).settings("matcher")[setting]) == typed


@pytest.mark.parametrize("typed", [1, 99_999, 100_000, 1_000_000, 123_456_789])
def test_a_number_is_written_out_however_large_it_is(typed: int) -> None:
    assert render(changed("embedded", "settings.keyRate", typed)).settings("serve")["PULLCORD_KEY_RATE"] == str(typed)


def test_values_that_nobody_sets_change_nothing() -> None:
    empty: dict[str, Any] = {"commonLabels": {}, "extraVolumes": [], "extraEnvFrom": [], "extraObjects": []}
    for case in ("embedded", "distributed"):
        assert render({**values_of(case), **empty}).objects == released(case).objects
