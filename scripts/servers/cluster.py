"""Builds parts of a Kubernetes control plane for tests. Run `python -m scripts.servers.cluster`."""
# Kwok simulates nodes. All programs are built from Go modules into `.tools/cluster`.

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".tools" / "cluster"
PROGRAMS = HOME / "bin"
# The folder of the CustomResourceDefinitions. Each has a file of its own.
DEFINITIONS = HOME / "definitions"

MODULES = ROOT / "tests" / "cluster" / "modules"
CONTROL_PLANE = MODULES / "controlplane"
OPERATORS = MODULES / "operators"
(KUBERNETES,) = re.findall(r"k8s\.io/kubernetes (v[\d.]+)", (CONTROL_PLANE / "go.mod").read_text())
# The oldest version of Go that can build the programs.
NEEDED = (1, 26)

# The definitions of the resources that the chart can use, by the Go module that has them.
RESOURCES = {
    "sigs.k8s.io/gateway-api": ["config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"],
    "github.com/kedacore/keda/v2": [
        "config/crd/bases/keda.sh_scaledobjects.yaml",
        "config/crd/bases/keda.sh_triggerauthentications.yaml",
    ],
    "github.com/prometheus-operator/prometheus-operator": [
        f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml"
        for kind in ("servicemonitors", "podmonitors", "prometheusrules")
    ],
}


class MissingToolError(Exception):
    """Go is missing or too old."""


def install() -> None:
    made_of, ready = _made_of(), HOME / "ready"
    if ready.exists() and ready.read_text() == made_of:
        return
    go = _go()
    # An interrupted build must not count as ready, so the mark is removed first.
    ready.unlink(missing_ok=True)
    _fetch_definitions(go)
    _build(go)
    ready.write_text(made_of)


def _made_of() -> str:
    # This file is part of the hash, because a changed build must be run again.
    files = [*sorted(MODULES.glob("*/go.*")), Path(__file__)]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _go() -> str:
    go = shutil.which("go")
    version = _said(go, "env", "GOVERSION") if go else ""
    numbers = re.match(r"go(\d+)\.(\d+)", version)
    if go is None or numbers is None or tuple(map(int, numbers.groups())) < NEEDED:
        wanted = ".".join(map(str, NEEDED))
        found = f"{version} is here" if version else "there is none here"
        raise MissingToolError(
            f"Go {wanted} or later is needed to build the control plane, and {found}. "
            f"Get it from https://go.dev/dl/: the one that Debian 12 packages is too old."
        )
    return go


def _said(go: str, *arguments: str) -> str:
    return subprocess.run(
        [go, *arguments], cwd=CONTROL_PLANE, capture_output=True, text=True, check=False
    ).stdout.strip()


def _fetch_definitions(go: str) -> None:
    command = [go, "mod", "download", "-json", *RESOURCES]
    said = subprocess.run(command, cwd=OPERATORS, stdout=subprocess.PIPE, text=True, check=True).stdout
    folders = {one["Path"]: Path(one["Dir"]) for one in _documents(said)}
    shutil.rmtree(DEFINITIONS, ignore_errors=True)
    DEFINITIONS.mkdir(parents=True)
    for module, paths in RESOURCES.items():
        for path in paths:
            (DEFINITIONS / Path(path).name).write_bytes((folders[module] / path).read_bytes())


def _documents(text: str) -> list[dict[str, str]]:
    # Go prints JSON documents one after another, without commas.
    return [json.loads(one) for one in re.split(r"(?<=^})\n", text, flags=re.MULTILINE) if one.strip()]


def _build(go: str) -> None:
    print("Building a Kubernetes control plane from its Go modules: five to ten minutes, once.", flush=True)
    # A Go module does not know its own version. Without this flag the server reports v0.0.0.
    version = f"-X k8s.io/component-base/version.gitVersion={KUBERNETES}"
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    build = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {version}", "-o", f"{PROGRAMS}/", "tool"]
    subprocess.run(build, cwd=CONTROL_PLANE, check=True)
    # etcd's main package is called `server`.
    (PROGRAMS / "server").rename(PROGRAMS / "etcd")


def main() -> None:
    try:
        install()
    except MissingToolError as error:
        sys.exit(str(error))
    print(f"Kubernetes {KUBERNETES}: control plane, kwok and Helm are in place")


if __name__ == "__main__":
    main()
