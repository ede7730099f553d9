from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

import pytest

from services.runtime.consumers import CONSUMERS
from tests.chart.charts import COMPONENT, DISTRIBUTED, WORKERS
from tests.cluster.kubernetes import NODES, Object, cordoned, holds, soon
from tests.cluster.releases import FULL, NAME, MakeRelease, Release, values

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

# The number of pods by role. The cluster has no KEDA, so the roles that KEDA scales have one pod.
PODS = {"ingest": 2, "relay": 2} | dict.fromkeys((one.name for one in CONSUMERS), 1)
# The policy whose pod only `helm test` makes.
ELSEWHERE = {f"{FULL}-canary"}


@pytest.fixture(scope="module")
def everything(make_release: MakeRelease) -> Release:
    release = make_release()
    release.install(values("distributed-everything"))
    return release


def chosen(release: Release, selector: dict[str, Any]) -> set[str]:
    # The API server interprets the selector.
    alike = [f"{name}={value}" for name, value in selector.get("matchLabels", {}).items()]
    among = [f"{rule['key']} in ({','.join(rule['values'])})" for rule in selector.get("matchExpressions", ())]
    path = f"/api/v1/namespaces/{release.namespace}/pods"
    found = release.cluster.get(path, labelSelector=",".join([*alike, *among]))["items"]
    return {pod["metadata"]["labels"][COMPONENT] for pod in found}


def made_at(one: Object) -> datetime:
    return datetime.fromisoformat(one["metadata"]["creationTimestamp"])


@pytest.mark.parametrize("role", DISTRIBUTED)
def test_each_role_is_available_with_its_pods(everything: Release, role: str) -> None:
    soon(lambda: len(everything.running(role)) == PODS[role])
    assert holds(everything.one("apis/apps/v1/deployments", f"{FULL}-{role}"), "Available")


def test_the_database_was_brought_up_to_date_before_any_role_came(everything: Release) -> None:
    events = everything.items("api/v1/events")
    (done,) = [one for one in events if one["involvedObject"]["kind"] == "Job" and one["reason"] == "Completed"]
    assert done["involvedObject"]["name"] == f"{FULL}-migration"
    assert all(made_at(done) <= made_at(one) for one in everything.items("apis/apps/v1/deployments"))
    assert everything.items("apis/batch/v1/jobs") == []


def test_the_ingest_api_is_scaled_to_what_it_must_have_at_least(everything: Release) -> None:
    def scaled() -> bool:
        scaler = everything.one("apis/autoscaling/v2/horizontalpodautoscalers", f"{FULL}-ingest")
        return holds(scaler, "AbleToScale") and scaler["status"].get("currentReplicas") == 2

    soon(scaled)
    scaled_by_lag = everything.items("apis/keda.sh/v1alpha1/scaledobjects")
    targets = {one["spec"]["scaleTargetRef"]["name"] for one in scaled_by_lag}
    assert targets == {f"{FULL}-{one.name}" for one in CONSUMERS}


@pytest.mark.parametrize("role", DISTRIBUTED)
def test_the_budget_of_a_role_counts_its_pods(everything: Release, role: str) -> None:
    def counted() -> bool:
        status = everything.one("apis/policy/v1/poddisruptionbudgets", f"{FULL}-{role}").get("status", {})
        return (status.get("expectedPods"), status.get("currentHealthy")) == (PODS[role], PODS[role])

    soon(counted)


def test_every_network_policy_takes_some_pods_and_the_denial_takes_all(everything: Release) -> None:
    policies = everything.items("apis/networking.k8s.io/v1/networkpolicies")
    taken = {one["metadata"]["name"]: chosen(everything, one["spec"]["podSelector"]) for one in policies}
    assert {name for name, roles in taken.items() if not roles} <= ELSEWHERE
    assert taken[f"{FULL}-default-deny"] >= set(DISTRIBUTED)
    assert taken[f"{FULL}-database"] == {*DISTRIBUTED, "watchdog"}
    assert taken[f"{FULL}-kafka"] == set(WORKERS)


def test_the_service_leads_to_the_pods_of_the_ingest_api_and_to_no_others(everything: Release) -> None:
    def led_to() -> set[str]:
        slices = everything.items("apis/discovery.k8s.io/v1/endpointslices", **{"kubernetes.io/service-name": FULL})
        ends = [end for one in slices for end in one["endpoints"]]
        return {end["targetRef"]["uid"] for end in ends if end["conditions"]["ready"]}

    soon(lambda: len(led_to()) == 2)
    assert led_to() == everything.running("ingest").keys()


@pytest.mark.parametrize("role", ["ingest", "relay"])
def test_the_pods_of_a_role_are_in_different_zones(everything: Release, role: str) -> None:
    soon(lambda: len(everything.running(role)) == 2)
    assert len({NODES[pod["spec"]["nodeName"]] for pod in everything.pods(role)}) == 2


def test_the_canarys_pod_is_let_in_and_helm_hears_how_it_ended(everything: Release) -> None:
    assert "Succeeded" in everything.helm("test", NAME, "--timeout=60s")
    assert everything.one("api/v1/pods", f"{FULL}-canary")["status"]["phase"] == "Succeeded"


def test_a_drain_may_not_take_the_last_pod_of_a_role_while_the_other_is_away(everything: Release) -> None:
    soon(lambda: len(everything.running("relay")) == 2)
    first, last = everything.pods("relay")
    with cordoned(everything.cluster):
        assert everything.cluster.evict(first).status_code == HTTPStatus.CREATED
        soon(lambda: len(everything.running("relay")) == 1)
        refused = everything.cluster.evict(last)
        assert refused.status_code == HTTPStatus.TOO_MANY_REQUESTS
        assert "disruption budget" in refused.json()["message"]
    soon(lambda: len(everything.running("relay")) == 2)
    assert last["metadata"]["uid"] in everything.running("relay")
