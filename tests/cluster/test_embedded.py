from __future__ import annotations

from http import HTTPStatus

import pytest

from tests.cluster.kubernetes import Object, soon
from tests.cluster.releases import FULL, NAME, Release, values

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

POD, CLAIM = f"{FULL}-0", f"data-{FULL}-0"


@pytest.fixture
def installed(release: Release) -> Release:
    release.install(values("embedded"))
    return release


def template_of(pod: Object) -> str:
    found: str = pod["metadata"]["labels"]["controller-revision-hash"]
    return found


def test_it_installs_with_its_pod_ready_on_a_volume_of_its_own(installed: Release) -> None:
    assert list(installed.running("serve").values()) == ["registry.example/pullcord:one"]
    (migrated,) = installed.one("api/v1/pods", POD)["status"]["initContainerStatuses"]
    assert (migrated["name"], migrated["state"]["terminated"]["exitCode"]) == ("migrate", 0)
    claim = installed.one("api/v1/persistentvolumeclaims", CLAIM)
    assert claim["status"]["phase"] == "Bound"
    volume = installed.cluster.get(f"/api/v1/persistentvolumes/{claim['spec']['volumeName']}")
    assert volume["spec"]["claimRef"]["uid"] == claim["metadata"]["uid"]


def test_a_changed_setting_replaces_the_pod_and_rolling_back_brings_the_former_back(installed: Release) -> None:
    first = installed.one("api/v1/pods", POD)
    installed.upgrade(values("embedded", settings__maxRows=5000))
    second = installed.one("api/v1/pods", POD)
    assert installed.one("api/v1/configmaps", f"{FULL}-settings")["data"]["PULLCORD_MAX_ROWS"] == "5000"
    installed.roll_back()
    third = installed.one("api/v1/pods", POD)
    assert installed.one("api/v1/configmaps", f"{FULL}-settings")["data"]["PULLCORD_MAX_ROWS"] == "10000"
    assert len({pod["metadata"]["uid"] for pod in (first, second, third)}) == 3
    assert template_of(first) == template_of(third) != template_of(second)
    assert installed.running("serve").keys() == {third["metadata"]["uid"]}


def test_an_upgrade_that_never_becomes_ready_is_taken_back(installed: Release) -> None:
    before = installed.one("api/v1/pods", POD)
    installed.upgrade_in_vain(values("embedded", image__tag="never-ready"))
    soon(lambda: list(installed.running("serve").values()) == ["registry.example/pullcord:one"])
    assert template_of(installed.one("api/v1/pods", POD)) == template_of(before)
    assert installed.state() == ("deployed", 3)


def test_removing_it_leaves_the_record_there_and_installing_it_again_takes_it_up(installed: Release) -> None:
    kept = installed.one("api/v1/persistentvolumeclaims", CLAIM)["metadata"]["uid"]
    installed.helm("uninstall", NAME, "--wait", "--timeout=60s")
    soon(lambda: installed.pods("serve") == [])
    assert [one["metadata"]["uid"] for one in installed.items("api/v1/persistentvolumeclaims")] == [kept]
    installed.install(values("embedded"))
    (volume,) = [one for one in installed.one("api/v1/pods", POD)["spec"]["volumes"] if one["name"] == "data"]
    assert volume["persistentVolumeClaim"]["claimName"] == CLAIM
    assert installed.one("api/v1/persistentvolumeclaims", CLAIM)["metadata"]["uid"] == kept
    assert len(installed.running("serve")) == 1


def test_a_drain_may_take_the_one_pod_which_comes_again(installed: Release) -> None:
    (pod,) = installed.pods("serve")
    assert installed.cluster.evict(pod).status_code == HTTPStatus.CREATED
    soon(lambda: len(installed.running("serve").keys() - {pod["metadata"]["uid"]}) == 1)


def test_the_canarys_pod_is_let_in_and_helm_hears_how_it_ended(installed: Release) -> None:
    assert "Succeeded" in installed.helm("test", NAME, "--timeout=60s")
    assert installed.one("api/v1/pods", f"{FULL}-canary")["status"]["phase"] == "Succeeded"
