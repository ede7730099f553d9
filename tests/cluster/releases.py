from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.servers.cluster import PROGRAMS
from tests.chart.charts import CHART, COMPONENT, changed
from tests.cluster.kubernetes import Cluster, Object, holds

NAME = "pc"
FULL = "pc-pullcord"
# Time in which an install, an upgrade or a roll-back must succeed.
PATIENCE = "120s"
# Time after which an upgrade counts as failed.
SHORT = "20s"


def values(case: str, **others: Any) -> Object:
    """`case` names a file in the chart's folder `ci/`."""
    # A name in `others` is a path with `__` for each dot.
    made = changed(case, "image", {"repository": "registry.example/pullcord", "tag": "one"})
    for path, value in others.items():
        *above, last = path.split("__")
        inner = made
        for name in above:
            inner = inner.setdefault(name, {})
        inner[last] = value
    if case == "distributed-everything":
        # No package has Strimzi's definitions, so tests/chart tests these objects.
        made["kafka"]["topics"]["create"] = False
    return made


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Release:
    cluster: Cluster
    kubeconfig: Path
    namespace: str
    folder: Path

    def install(self, given: Object) -> None:
        self.helm("install", NAME, CHART, self._file(given), "--wait", f"--timeout={PATIENCE}")

    def upgrade(self, given: Object) -> None:
        self.helm("upgrade", NAME, CHART, self._file(given), "--wait", f"--timeout={PATIENCE}")

    def upgrade_fails(self, given: Object, *flags: str) -> None:
        said = self._said("upgrade", NAME, CHART, self._file(given), "--wait", f"--timeout={SHORT}", *flags)
        assert said.code != 0, said.out

    def upgrade_in_vain(self, given: Object) -> None:
        # Helm rolls the upgrade back.
        self.upgrade_fails(given, "--rollback-on-failure")

    def roll_back(self) -> None:
        self.helm("rollback", NAME, "--wait", f"--timeout={PATIENCE}")

    def helm(self, *arguments: str | Path) -> str:
        said = self._said(*arguments)
        assert said.code == 0, said.err
        assert "warn" not in said.err.lower(), said.err
        return said.out

    def _said(self, *arguments: str | Path) -> Said:
        own = [f"--namespace={self.namespace}", f"--kubeconfig={self.kubeconfig}"]
        command = [str(PROGRAMS / "helm"), *map(str, arguments), *own]
        environment = {**os.environ, "HOME": str(self.folder)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)
        return Said(done.returncode, done.stdout, done.stderr)

    def _file(self, given: Object) -> str:
        path = self.folder / "values.yaml"
        path.write_text(yaml.safe_dump(given))
        return f"--values={path}"

    def state(self) -> tuple[str, int]:
        newest = json.loads(self.helm("history", NAME, "--output=json"))[-1]
        return newest["status"], newest["revision"]

    def items(self, path: str, **labels: str) -> list[Object]:
        # A path is, for example, `api/v1/pods`.
        group, _, kind = path.rpartition("/")
        return self.cluster.items(f"/{group}/namespaces/{self.namespace}/{kind}", labels)

    def one(self, path: str, name: str) -> Object:
        group, _, kind = path.rpartition("/")
        return self.cluster.get(f"/{group}/namespaces/{self.namespace}/{kind}/{name}")

    def pods(self, role: str) -> list[Object]:
        # The API server selects the pods.
        return [
            pod for pod in self.items("api/v1/pods", **{COMPONENT: role}) if "deletionTimestamp" not in pod["metadata"]
        ]

    def running(self, role: str) -> dict[str, str]:
        pods = [pod for pod in self.pods(role) if holds(pod, "Ready")]
        return {pod["metadata"]["uid"]: pod["spec"]["containers"][-1]["image"] for pod in pods}


MakeRelease = Callable[[], Release]
