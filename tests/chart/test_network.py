from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from services.runtime.consumers import CONSUMERS
from tests.chart.charts import CASES, COMPONENT, ROLES, Object, changed, containers, released, render, selected
from tests.support.deployment import Deployment
from tests.support.http import open_api

EVERYBODY = {"default-deny", "dns"}
WORKER = EVERYBODY | {"metrics", "database", "kafka"}
# The network policies that apply to each pod.
POLICIES = {
    "serve": EVERYBODY | {"ingest", "metrics", "messages"},
    "ingest": EVERYBODY | {"ingest", "metrics", "database"},
    "relay": WORKER,
    **{one.name: WORKER | ({"messages"} if one.delivers else set()) for one in CONSUMERS},
    "watchdog": EVERYBODY | {"metrics", "database", "messages"},
    "migration": {"default-deny", "migration"},
    "backup": {"default-deny"},
    "canary": EVERYBODY | {"canary"},
}

INSIDE = {"/metrics", "/livez", "/readyz"}
PODS = [(case, component) for case in CASES for component in released(case).pods]


def policies(case: str) -> dict[str, Object]:
    return {
        one["metadata"]["name"].removeprefix("pc-pullcord-"): one["spec"] for one in released(case).of("NetworkPolicy")
    }


@pytest.mark.parametrize(("case", "component"), PODS)
def test_every_pod_is_under_the_policies_meant_for_it(case: str, component: str) -> None:
    over = {name for name, spec in policies(case).items() if component in selected(released(case), spec["podSelector"])}
    assert over == POLICIES[component]


@pytest.mark.parametrize("case", CASES)
def test_first_of_all_everything_is_denied(case: str) -> None:
    spec = policies(case)["default-deny"]
    assert spec.keys() == {"podSelector", "policyTypes"}
    assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
    assert selected(released(case), spec["podSelector"]) == set(released(case).pods)


@pytest.mark.parametrize("case", CASES)
def test_no_rule_means_everybody_or_every_port(case: str) -> None:
    for name, spec in policies(case).items():
        rules = [*spec.get("ingress", ()), *spec.get("egress", ())]
        assert bool(rules) == (name != "default-deny")
        for rule in rules:
            assert rule["ports"]
            assert all(peer and any(peer.values()) for peer in rule.get("from") or rule["to"])


@pytest.mark.parametrize("case", CASES)
def test_a_policy_goes_the_ways_it_says(case: str) -> None:
    for name, spec in policies(case).items():
        if name not in {"default-deny", "migration"}:
            assert {way.lower() for way in spec["policyTypes"]} == spec.keys() & {"ingress", "egress"}, name


def test_each_way_out_leads_where_the_values_say_and_no_further() -> None:
    found = policies("distributed")
    postgres = [{"podSelector": {"matchLabels": {"cnpg.io/cluster": "pullcord-postgres"}}}]
    assert found["database"]["egress"] == [{"to": postgres, "ports": [{"port": 5432, "protocol": "TCP"}]}]
    (kafka,) = found["kafka"]["egress"]
    assert kafka["ports"] == [{"port": 9093, "protocol": "TCP"}]
    assert [rule["to"] for rule in found["migration"]["egress"]][1:] == [postgres]


def test_alerts_go_anywhere_but_into_private_networks() -> None:
    (rule,) = policies("distributed")["messages"]["egress"]
    blocks = {peer["ipBlock"]["cidr"]: peer["ipBlock"]["except"] for peer in rule["to"]}
    assert blocks.keys() == {"0.0.0.0/0", "::/0"}
    # The address at which clouds give credentials to any caller.
    assert "169.254.0.0/16" in blocks["0.0.0.0/0"]
    assert [port["port"] for port in rule["ports"]] == [25, 443, 465, 587]


@pytest.mark.parametrize("case", ["embedded", "distributed-everything"])
def test_the_ingest_api_is_open_to_the_proxy_and_the_canary_alone(case: str) -> None:
    (rule,) = policies(case)["ingest"]["ingress"]
    *outside, canary = rule["from"]
    assert [list(peer) for peer in outside] == [["namespaceSelector"]]
    assert selected(released(case), canary["podSelector"]) == {"canary"}
    assert rule["ports"] == [{"port": "http", "protocol": "TCP"}]


def test_without_a_proxy_the_ingest_api_is_open_to_the_canary_alone() -> None:
    (rule,) = policies("distributed")["ingest"]["ingress"]
    (canary,) = rule["from"]
    assert selected(released("distributed"), canary["podSelector"]) == {"canary"}


@pytest.mark.parametrize("case", CASES)
def test_the_canary_reaches_the_ingest_api_and_nothing_else(case: str) -> None:
    (rule,) = policies(case)["canary"]["egress"]
    (peer,) = rule["to"]
    assert selected(released(case), peer["podSelector"]) == {ROLES[case][0]}


def test_the_migrations_policy_is_there_before_it_and_lets_it_find_names() -> None:
    made = released("distributed").one("NetworkPolicy", "-migration")["metadata"]["annotations"]
    job = released("distributed").of("Job")[0]["metadata"]["annotations"]
    assert made["helm.sh/hook"] == job["helm.sh/hook"]
    assert int(made["helm.sh/hook-weight"]) < int(job.get("helm.sh/hook-weight", 0))
    assert policies("distributed")["migration"]["egress"][0] == policies("distributed")["dns"]["egress"][0]


def test_without_policies_there_are_none() -> None:
    assert render(changed("distributed", "networkPolicy", {"enabled": False})).of("NetworkPolicy") == []


@pytest.mark.parametrize("case", CASES)
def test_the_service_leads_to_the_ingest_api_alone(case: str) -> None:
    for service in released(case).of("Service"):
        assert selected(released(case), {"matchLabels": service["spec"]["selector"]}) == {ROLES[case][0]}
        (port,) = service["spec"]["ports"]
        assert port["targetPort"] in {
            one["name"] for one in containers(released(case).pods[ROLES[case][0]])[-1]["ports"]
        }


@pytest.mark.parametrize("case", CASES)
def test_every_role_with_metrics_of_its_own_can_be_scraped_from_where_it_is_allowed(case: str) -> None:
    spec = policies(case)["metrics"]
    ports = {rule["port"] for rule in spec["ingress"][0]["ports"]}
    for role in ROLES[case]:
        assert ports <= {port["name"] for port in containers(released(case).pods[role])[-1]["ports"]}
    # Access to the metrics gives no access to the API, and the reverse.
    assert ports == {"metrics"}


def paths_of(routes: Iterable[Any]) -> Iterator[str]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from paths_of(route.original_router.routes)
        else:
            yield route.path


def public(case: str) -> set[str]:
    # An Ingress and an HTTPRoute must have the same paths.
    made = released(case)
    ways = [
        {path["path"] for rule in one["spec"]["rules"] for path in rule["http"]["paths"]} for one in made.of("Ingress")
    ]
    ways += [
        {match["path"]["value"] for rule in one["spec"]["rules"] for match in rule["matches"]}
        for one in made.of("HTTPRoute")
    ]
    assert ways
    assert all(way == ways[0] for way in ways)
    return ways[0]


@pytest.mark.parametrize("case", ["embedded", "distributed-everything"])
def test_from_outside_every_page_can_be_reached_but_metrics_and_health(case: str, deployment: Deployment) -> None:
    prefixes = public(case)
    with open_api(deployment) as api:
        paths = set(paths_of(api.app.routes))
    reached = {path for path in paths if any(f"{path}/".startswith(f"{prefix}/") for prefix in prefixes)}
    assert paths - reached == INSIDE
    assert all(any(f"{path}/".startswith(f"{prefix}/") for path in paths) for prefix in prefixes)


@pytest.mark.parametrize(
    ("url", "host"), [("https://pullcord.example", "pullcord.example"), ("https://a.example:8443/", "a.example")]
)
def test_the_ingress_is_for_the_host_of_the_public_url(url: str, host: str) -> None:
    release = render(changed("distributed-everything", "publicUrl", url))
    ingress, route = release.one("Ingress", "")["spec"], release.one("HTTPRoute", "")["spec"]
    assert [rule["host"] for rule in ingress["rules"]] == [*ingress["tls"][0]["hosts"]] == route["hostnames"] == [host]
    assert release.settings("alerts")["PULLCORD_PUBLIC_URL"] == url.rstrip("/")


def test_both_ways_in_lead_to_the_service() -> None:
    release = released("distributed-everything")
    service = release.one("Service", "")
    (backend,) = release.one("HTTPRoute", "")["spec"]["rules"][0]["backendRefs"]
    assert backend == {"name": service["metadata"]["name"], "port": service["spec"]["ports"][0]["port"]}
    for path in release.one("Ingress", "")["spec"]["rules"][0]["http"]["paths"]:
        assert path["backend"]["service"] == {"name": service["metadata"]["name"], "port": {"name": "http"}}


def test_the_labels_of_a_pod_say_its_role() -> None:
    assert {pod["metadata"]["labels"][COMPONENT] for pod in released("distributed").pods.values()} == {
        *ROLES["distributed"], "migration", "canary",
    }  # fmt: skip
