from __future__ import annotations

import pytest

from tests.chart.charts import DISTRIBUTED
from tests.cluster.kubernetes import holds, soon
from tests.cluster.releases import FULL, Release, values

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

IMAGE = "registry.example/pullcord"


@pytest.fixture
def installed(release: Release) -> Release:
    release.install(values("distributed"))
    assert everybody(release) == {(role, f"{IMAGE}:one"): 2 for role in DISTRIBUTED}
    return release


def everybody(release: Release) -> dict[tuple[str, str], int]:
    found = [(role, image) for role in DISTRIBUTED for image in release.running(role).values()]
    return {one: found.count(one) for one in found}


def ids(release: Release) -> set[str]:
    return {uid for role in DISTRIBUTED for uid in release.running(role)}


def test_a_new_image_and_setting_replace_every_pod_and_rolling_back_brings_the_former_back(installed: Release) -> None:
    former = ids(installed)
    installed.upgrade(values("distributed", image__tag="two", settings__maxRows=5000))
    assert everybody(installed) == {(role, f"{IMAGE}:two"): 2 for role in DISTRIBUTED}
    assert ids(installed).isdisjoint(former)
    assert installed.one("api/v1/configmaps", f"{FULL}-settings")["data"]["PULLCORD_MAX_ROWS"] == "5000"
    installed.roll_back()
    assert everybody(installed) == {(role, f"{IMAGE}:one"): 2 for role in DISTRIBUTED}
    assert installed.one("api/v1/configmaps", f"{FULL}-settings")["data"]["PULLCORD_MAX_ROWS"] == "10000"


def test_an_upgrade_that_never_becomes_ready_is_taken_back_and_no_pod_was_lost(installed: Release) -> None:
    former = ids(installed)
    installed.upgrade_in_vain(values("distributed", image__tag="never-ready"))
    soon(lambda: all(len(installed.pods(role)) == 2 for role in DISTRIBUTED))
    assert ids(installed) == former
    assert installed.state() == ("deployed", 3)


def test_a_migration_that_fails_leaves_every_pod_as_it_was_and_itself_to_be_looked_at(installed: Release) -> None:
    former = ids(installed)
    installed.upgrade_fails(values("distributed", image__tag="failing", migration__backoffLimit=0))
    assert ids(installed) == former
    assert installed.state() == ("failed", 2)
    assert holds(installed.one("apis/batch/v1/jobs", f"{FULL}-migration"), "Failed")
    installed.upgrade(values("distributed", image__tag="two"))
    assert everybody(installed) == {(role, f"{IMAGE}:two"): 2 for role in DISTRIBUTED}
