from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

from tests.support.servers.killing import until

Object = dict[str, Any]
# Each node of the cluster, and its zone.
NODES = {"a1": "a", "a2": "a", "b1": "b", "b2": "b", "c1": "c", "c2": "c"}
# Seconds that controllers have to do their work.
SOON = 60.0


@dataclass
class Cluster:
    # All calls have administrator rights.
    client: httpx.Client
    _resources: dict[str, dict[str, Object]] = field(default_factory=dict)

    def get(self, path: str, **query: str) -> Object:
        answer = self.client.get(path, params=query)
        assert answer.is_success, answer.text
        found: Object = answer.json()
        return found

    def items(self, path: str, labels: Mapping[str, str] | None = None) -> list[Object]:
        selector = ",".join(f"{name}={value}" for name, value in (labels or {}).items())
        found: list[Object] = self.get(path, labelSelector=selector)["items"]
        return found

    def post(self, body: Object, namespace: str = "", **query: str) -> httpx.Response:
        # The server refuses unknown fields.
        path = self.collection(body, namespace)
        return self.client.post(path, json=body, params={"fieldValidation": "Strict", **query})

    def make(self, body: Object, namespace: str = "") -> Object:
        answer = self.post(body, namespace)
        assert answer.is_success, answer.text
        made: Object = answer.json()
        return made

    def patch(self, path: str, change: Object) -> None:
        answer = self.client.patch(path, json=change, headers={"Content-Type": "application/merge-patch+json"})
        assert answer.is_success, answer.text

    def evict(self, pod: Object) -> httpx.Response:
        # A drain evicts pods in the same way.
        about = {name: pod["metadata"][name] for name in ("name", "namespace")}
        path = f"/api/v1/namespaces/{about['namespace']}/pods/{about['name']}/eviction"
        return self.client.post(path, json={"apiVersion": "policy/v1", "kind": "Eviction", "metadata": about})

    def collection(self, body: Object, namespace: str = "") -> str:
        group = f"/apis/{body['apiVersion']}" if "/" in body["apiVersion"] else f"/api/{body['apiVersion']}"
        kind = self._kinds(group)[body["kind"]]
        where = body["metadata"].get("namespace", namespace)
        return f"{group}/namespaces/{where}/{kind['name']}" if kind["namespaced"] else f"{group}/{kind['name']}"

    def _kinds(self, group: str) -> dict[str, Object]:
        if group not in self._resources:
            own = [one for one in self.get(group)["resources"] if "/" not in one["name"]]
            self._resources[group] = {one["kind"]: one for one in own}
        return self._resources[group]

    def gone(self, path: str) -> bool:
        return self.client.get(path).status_code == HTTPStatus.NOT_FOUND


@contextmanager
def cordoned(cluster: Cluster) -> Iterator[None]:
    # No node accepts new pods meanwhile.
    nodes = [one["metadata"]["name"] for one in cluster.items("/api/v1/nodes")]
    try:
        for name in nodes:
            cluster.patch(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": True}})
        yield
    finally:
        for name in nodes:
            cluster.patch(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": None}})


def soon(condition: Callable[[], bool], seconds: float = SOON) -> None:
    assert until(condition, seconds), f"not within {seconds:g} s"


def holds(one: Object, condition: str) -> bool:
    # The server returns null if there are no conditions yet.
    conditions = one.get("status", {}).get("conditions") or ()
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def node(name: str, zone: str) -> Object:
    # kwok simulates the node, with enough resources for all pods.
    room = {"cpu": "32", "memory": "128Gi", "pods": "200", "ephemeral-storage": "100Gi"}
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "topology.kubernetes.io/zone": zone}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"capacity": room, "allocatable": room},
    }


def namespace(name: str) -> Object:
    # The namespace accepts only pods that meet the restricted standard.
    modes = ("enforce", "warn", "audit")
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in modes}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def storage_class() -> Object:
    # The class makes no volumes: a claim gets a volume that already exists.
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "made", "annotations": default},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def volume(name: str) -> Object:
    spec = {
        "capacity": {"storage": "10Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "made",
        "hostPath": {"path": f"/var/volumes/{name}"},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}
