from __future__ import annotations

from typing import Any

import pytest
import yaml

from services.runtime.consumers import CONSUMERS
from services.runtime.kafka.brokers.topics import MILLISECONDS_A_DAY, read_topics
from tests.chart.charts import CHART, ROLES, changed, containers, released, render, selected

EVERYTHING = released("distributed-everything")
TOPICS = {one.name: one.topics for one in CONSUMERS}


@pytest.mark.parametrize("role", TOPICS)
def test_a_consumer_is_scaled_on_the_lag_of_its_own_group_in_its_own_topics(role: str) -> None:
    spec = EVERYTHING.one("ScaledObject", f"-{role}")["spec"]
    assert spec["scaleTargetRef"]["name"] == EVERYTHING.workloads[role]["metadata"]["name"]
    told = [trigger["metadata"] for trigger in spec["triggers"]]
    assert {one["consumerGroup"] for one in told} == {f"pullcord-{role}"}
    assert sorted(one["topic"] for one in told) == sorted(TOPICS[role])
    assert {one["bootstrapServers"] for one in told} == {EVERYTHING.settings(role)["PULLCORD_KAFKA_BROKERS"]}
    assert {one["offsetResetPolicy"] for one in told} == {"earliest"}
    assert 1 <= spec["minReplicaCount"] <= spec["maxReplicaCount"]


def test_topics_and_groups_have_the_name_of_the_deployment_in_front() -> None:
    release = render(changed("distributed-everything", "settings.deployment", "north-west"))
    assert {one["metadata"]["name"] for one in release.of("KafkaTopic")} == {
        f"north-west.{topic.name.partition('.')[2]}" for topic in read_topics()
    }
    told = [one["metadata"] for scaled in release.of("ScaledObject") for one in scaled["spec"]["triggers"]]
    assert {one["consumerGroup"] for one in told} == {f"north-west-{role}" for role in TOPICS}
    assert all(one["topic"].startswith("north-west.") for one in told)
    assert release.settings("relay")["PULLCORD_DEPLOYMENT"] == "north-west"


@pytest.mark.parametrize("case", ["embedded-everything", "distributed", "distributed-everything"])
@pytest.mark.parametrize("name", ["pullcord", "north-west", "p2"])
def test_whatever_opens_the_database_knows_the_name_that_the_database_keeps(case: str, name: str) -> None:
    # The migration stores the name in the database. With another name, no role would start.
    release = render(changed(case, "settings.deployment", name))
    named = {component: release.settings(component).get("PULLCORD_DEPLOYMENT") for component in release.pods}
    assert named.pop("canary") is None
    assert set(named.values()) == {name}


def test_keda_signs_in_as_the_roles_do_by_references() -> None:
    spec = EVERYTHING.one("TriggerAuthentication", "-kafka")["spec"]
    (username,) = spec["configMapTargetRef"]
    settings = EVERYTHING.one("ConfigMap", username["name"].removeprefix("pc-pullcord"))["data"]
    assert settings[username["key"]] == "pullcord"
    assert {one["parameter"]: (one["name"], one["key"]) for one in spec["secretTargetRef"]} == {
        "password": ("pullcord", "password"),
        "ca": ("kafka-cluster-ca-cert", "ca.crt"),
        "cert": ("pullcord", "user.crt"),
        "key": ("pullcord", "user.key"),
    }


@pytest.mark.parametrize(
    ("security", "sasl", "tls", "signs_in"),
    [("sasl_ssl", "scram_sha512", "enable", True), ("sasl_plaintext", "scram_sha512", "disable", True),
     ("ssl", "none", "enable", False), ("plaintext", "none", "disable", False)],
)  # fmt: skip
def test_keda_is_told_the_security_of_the_brokers(security: str, sasl: str, tls: str, *, signs_in: bool) -> None:
    values = changed("distributed-everything", "kafka.security", security)
    values["kafka"] |= {"ca": {"existingSecret": ""}, "certificate": {"existingSecret": ""}}
    release = render(values)
    (trigger,) = release.one("ScaledObject", "-alerts")["spec"]["triggers"]
    assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == (sasl, tls)
    assert ("authenticationRef" in trigger) == bool(release.of("TriggerAuthentication")) == signs_in


def test_the_ingest_api_is_scaled_on_its_processor() -> None:
    spec = EVERYTHING.one("HorizontalPodAutoscaler", "-ingest")["spec"]
    assert spec["scaleTargetRef"]["name"] == EVERYTHING.workloads["ingest"]["metadata"]["name"]
    assert "cpu" in containers(EVERYTHING.pods["ingest"])[-1]["resources"]["requests"]


def test_what_is_scaled_has_no_number_of_its_own() -> None:
    with_number = {role for role, one in EVERYTHING.workloads.items() if "replicas" in one["spec"]}
    # Two watchdogs would raise everything twice.
    assert with_number == {"watchdog"}
    assert EVERYTHING.workloads["watchdog"]["spec"]["replicas"] == 1
    assert {one["spec"]["replicas"] for one in released("distributed").workloads.values()} == {2}


def test_each_topic_is_asked_of_strimzi_as_the_roles_would_make_it() -> None:
    asked = {one["metadata"]["name"]: one for one in EVERYTHING.of("KafkaTopic")}
    assert asked.keys() == {topic.name for topic in read_topics()}
    for topic in read_topics():
        spec = asked[topic.name]["spec"]
        assert (spec["partitions"], spec["replicas"]) == (topic.partitions, topic.replication)
        assert spec["config"]["retention.ms"] == topic.retention_days * MILLISECONDS_A_DAY
        assert spec["config"]["min.insync.replicas"] < spec["replicas"]
        about = asked[topic.name]["metadata"]
        assert (about["namespace"], about["labels"]["strimzi.io/cluster"]) == ("kafka", "kafka")
        assert about["annotations"]["helm.sh/resource-policy"] == "keep"


def test_topics_follow_the_settings_that_the_roles_are_given() -> None:
    values = changed("distributed-everything", "kafka.partitions", 32)
    values["kafka"]["replication"] = 5
    release = render(values)
    specs = [one["spec"] for one in release.of("KafkaTopic")]
    assert {(one["partitions"], one["replicas"]) for one in specs} == {(32, 5)}
    settings = release.settings("relay")
    assert (settings["PULLCORD_KAFKA_PARTITIONS"], settings["PULLCORD_KAFKA_REPLICATION"]) == ("32", "5")


@pytest.mark.parametrize("case", ["embedded", "distributed"])
def test_nothing_is_asked_of_an_operator_that_may_not_be_there(case: str) -> None:
    groups = {one["apiVersion"].partition("/")[0] for one in released(case).objects}
    assert groups <= {"v1", "apps", "batch", "networking.k8s.io", "policy"}


def test_every_role_is_scraped_once_at_a_port_it_has() -> None:
    (pods,) = EVERYTHING.of("PodMonitor")
    by_pod = selected(EVERYTHING, pods["spec"]["selector"])
    assert by_pod == set(ROLES["distributed-everything"])
    (endpoint,) = pods["spec"]["podMetricsEndpoints"]
    for role in by_pod:
        assert endpoint["port"] in {port["name"] for port in containers(EVERYTHING.pods[role])[-1]["ports"]}


def test_embedded_the_one_pod_is_scraped_once() -> None:
    release = render(changed("embedded", "metrics", {"monitors": {"enabled": True}}))
    (monitor,) = release.of("PodMonitor")
    assert selected(release, monitor["spec"]["selector"]) == set(ROLES["embedded"])


def test_no_service_leads_to_the_metrics() -> None:
    for case in ("embedded", "distributed", "distributed-everything"):
        ports = [port for service in released(case).of("Service") for port in service["spec"]["ports"]]
        assert {port["targetPort"] for port in ports} == {"http"}


@pytest.mark.parametrize("kind", ["PodMonitor", "PrometheusRule"])
def test_prometheus_finds_what_is_meant_for_it_by_its_label(kind: str) -> None:
    (one,) = EVERYTHING.of(kind)
    assert one["metadata"]["labels"]["release"] == "prometheus"


def test_the_rules_are_those_of_the_file() -> None:
    text = (CHART / "files" / "rules.yaml").read_text()
    rules: Any = yaml.safe_load(text.replace("docs/runbook.md#", "https://wiki.example/pullcord#"))
    assert rules["groups"]
    assert EVERYTHING.one("PrometheusRule", "")["spec"] == rules
