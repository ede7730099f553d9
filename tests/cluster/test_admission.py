from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import yaml

from scripts.servers.cluster import KUBERNETES
from tests.chart.charts import CASES, render
from tests.cluster.kubernetes import Object
from tests.cluster.releases import Release, values

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]


def tried(release: Release, one: Object) -> httpx.Response:
    return release.cluster.post(one, release.namespace, dryRun="All")


def root_pod() -> Object:
    # The pod of the chart's smoke test asks to run as root.
    (pod,) = render(values("embedded", serviceAccount__create=False)).of("Pod")
    pod["spec"]["containers"][0]["securityContext"] |= {"runAsNonRoot": False, "runAsUser": 0}
    return pod


def test_the_server_is_the_version_it_was_built_of(release: Release) -> None:
    assert release.cluster.get("/version")["gitVersion"] == KUBERNETES


@pytest.mark.parametrize("case", CASES)
def test_every_object_of_the_chart_is_taken_as_it_is_without_a_warning(release: Release, case: str) -> None:
    (account,) = render(values(case)).of("ServiceAccount")
    release.cluster.make(account, release.namespace)
    for one in render(values(case, serviceAccount={"create": False, "name": account["metadata"]["name"]})).objects:
        answer = tried(release, one)
        assert answer.status_code == HTTPStatus.CREATED, answer.text
        assert answer.headers.get_list("warning") == [], one["kind"]


def test_a_pod_that_asks_for_root_is_refused(release: Release) -> None:
    answer = tried(release, root_pod())
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert 'violates PodSecurity "restricted:latest"' in answer.json()["message"]


def test_a_workload_whose_pods_ask_for_root_would_be_warned_of(release: Release) -> None:
    workload = render(values("embedded")).workloads["serve"]
    workload["spec"]["template"]["spec"] = root_pod()["spec"] | {"restartPolicy": "Always"}
    del workload["spec"]["template"]["spec"]["activeDeadlineSeconds"]
    (warning,) = tried(release, workload).headers.get_list("warning")
    assert "would violate PodSecurity" in warning


def test_a_warning_of_the_server_would_be_heard_through_helm(release: Release, tmp_path: Path) -> None:
    workload = render(values("embedded")).workloads["serve"]
    workload["spec"]["template"]["spec"]["securityContext"] = {}
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "workload.yaml").write_text(yaml.safe_dump(workload))
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: careless, version: 0.1.0}")
    with pytest.raises(AssertionError, match="would violate PodSecurity"):
        release.helm("install", "careless", tmp_path)


@pytest.mark.parametrize("kind", ["Deployment", "HTTPRoute", "PodMonitor", "PrometheusRule", "ScaledObject"])
def test_a_field_that_does_not_exist_would_be_refused(release: Release, kind: str) -> None:
    one = render(values("distributed-everything")).of(kind)[0]
    one["spec"]["misspelt"] = True
    answer = tried(release, one)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert 'unknown field "spec.misspelt"' in answer.json()["message"]
