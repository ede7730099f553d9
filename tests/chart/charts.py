from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import yaml

from services.runtime.consumers import CONSUMERS
from tests.support.checks.source import ROOT

CHART = ROOT / "deploy" / "helm" / "pullcord"
# The values with which the chart is tried, by name.
CASES = {path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}

WORKERS = ("relay", *(one.name for one in CONSUMERS))
DISTRIBUTED = ("ingest", *WORKERS)
# The roles that each case must have.
ROLES = {
    "embedded": ("serve",),
    "embedded-everything": ("serve",),
    "distributed": DISTRIBUTED,
    "distributed-everything": (*DISTRIBUTED, "watchdog"),
}

COMPONENT = "app.kubernetes.io/component"
Object = dict[str, Any]


@dataclass(frozen=True)
class Release:
    objects: tuple[Object, ...]
    notes: str

    def of(self, kind: str) -> list[Object]:
        return [one for one in self.objects if one["kind"] == kind]

    def one(self, kind: str, name: str) -> Object:
        # The name has no prefix of the release.
        (found,) = [one for one in self.of(kind) if one["metadata"]["name"].removeprefix("pc-pullcord") == name]
        return found

    @property
    def workloads(self) -> dict[str, Object]:
        kept = [*self.of("Deployment"), *self.of("StatefulSet")]
        return {one["metadata"]["labels"][COMPONENT]: one for one in kept}

    @property
    def pods(self) -> dict[str, Object]:
        jobs = [*self.of("Job"), *(one["spec"]["jobTemplate"] for one in self.of("CronJob"))]
        made = [one["spec"]["template"] for one in (*self.workloads.values(), *jobs)]
        return {pod["metadata"]["labels"][COMPONENT]: pod for pod in (*made, *self.of("Pod"))}

    def settings(self, component: str) -> dict[str, str]:
        # Variables from Secrets are left out.
        container = containers(self.pods[component])[-1]
        names = [source["configMapRef"]["name"] for source in container.get("envFrom", ())]
        maps = [one["data"] for one in self.of("ConfigMap") if one["metadata"]["name"] in names]
        found = {name: value for data in maps for name, value in data.items()}
        return found | {one["name"]: one["value"] for one in container.get("env", ()) if "value" in one}


@cache
def _chart() -> helm_python.Chart:
    return helm_python.Chart.load(CHART)


def values_of(case: str) -> Object:
    found: Object = yaml.safe_load(CASES[case].read_text())
    return found


def render(values: Mapping[str, Any]) -> Release:
    """Raises HelmError if the chart refuses the values."""
    files = _chart().render(dict(values), name="pc", namespace="telecare")
    notes = next(text for path, text in files.items() if path.endswith("NOTES.txt"))
    made = [one for path, text in files.items() if path.endswith(".yaml") for one in yaml.safe_load_all(text) if one]
    return Release(tuple(made), notes)


@cache
def released(case: str) -> Release:
    """`case` names a file in the chart's folder `ci/`."""
    return render(values_of(case))


def changed(case: str, path: str, value: Any) -> Object:
    values = values_of(case)
    *above, last = path.split(".")
    inner = values
    for name in above:
        inner = inner.setdefault(name, {})
    inner[last] = value
    return values


def containers(pod: Object) -> list[Object]:
    # The init containers come first.
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    alike = all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())
    rules = selector.get("matchExpressions", ())
    assert all(rule["operator"] == "In" for rule in rules)
    return alike and all(labels.get(rule["key"]) in rule["values"] for rule in rules)


def selected(release: Release, selector: Mapping[str, Any]) -> set[str]:
    return {name for name, pod in release.pods.items() if selects(selector, pod["metadata"]["labels"])}


def files_of(pod: Object) -> dict[str, str]:
    made = {volume["name"]: volume["secret"] for volume in pod["spec"].get("volumes", ()) if "secret" in volume}
    mounts = {mount["name"]: Path(mount["mountPath"]) for mount in containers(pod)[-1]["volumeMounts"]}
    return {
        str(mounts[name] / item["path"]): secret["secretName"]
        for name, secret in made.items()
        for item in secret["items"]
    }
