from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import yaml

from scripts.servers.cluster import DEFINITIONS, install
from tests.cluster.controlplane import ControlPlane
from tests.cluster.kubernetes import NODES, Cluster, holds, namespace, node, soon, storage_class, volume
from tests.cluster.releases import MakeRelease, Release

HERE = Path(__file__).parent
RESOURCES = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NUMBERS = count(1)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    # The tests need Go and take minutes, so they run only if the command line names the folder.
    named = [(config.invocation_params.dir / one.partition("::")[0]).resolve() for one in config.args]
    return None if any(path.is_relative_to(HERE) for path in named) else True


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    install()
    made = ControlPlane(tmp_path_factory.mktemp("cluster"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def cluster(control_plane: ControlPlane) -> Iterator[Cluster]:
    # The cluster has six nodes in three zones.
    with control_plane.client() as client:
        made = Cluster(client)
        for name, zone in NODES.items():
            made.make(node(name, zone))
        for path in DEFINITIONS.glob("*.yaml"):
            made.make(yaml.safe_load(path.read_text()))
        made.make(storage_class())
        soon(lambda: all(holds(one, "Ready") for one in made.items("/api/v1/nodes")))
        soon(lambda: all(holds(one, "Established") for one in made.items(RESOURCES)))
        yield made


@pytest.fixture(scope="session")
def make_release(
    cluster: Cluster, control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> MakeRelease:
    # The namespace is new and restricted, and the release is not installed yet.
    def make() -> Release:
        name = f"telecare-{next(NUMBERS)}"
        cluster.make(namespace(name))
        cluster.make(volume(name))
        soon(lambda: not cluster.gone(f"/api/v1/namespaces/{name}/serviceaccounts/default"))
        return Release(cluster, control_plane.admin, name, tmp_path_factory.mktemp(name))

    return make


@pytest.fixture
def release(make_release: MakeRelease) -> Release:
    return make_release()
