from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.alerts.delivery.drills.running import DrillRunner
from tests.scenarios.drills.drilled import HOUR, LINKS_LAST, routes, set_policy_of_blackpool, two_tiers
from tests.scenarios.drills.test_unanswered_drills import (
    council,
    test_a_person_starts_one_beside_that_of_the_month,
    test_an_alert_goes_before_the_drills_that_wait,
)
from tests.support.deployment import Deployment

__all__ = [
    "council",
    "test_a_person_starts_one_beside_that_of_the_month",
    "test_an_alert_goes_before_the_drills_that_wait",
]

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]


def test_processes_that_look_at_the_same_time_begin_one_drill(deployment: Deployment) -> None:
    set_policy_of_blackpool(deployment, two_tiers())
    deployment.clock.set(HOUR)
    runners = [DrillRunner(deployment.store, LINKS_LAST) for _ in range(4)]
    with ThreadPoolExecutor(len(runners)) as threads:
        began = list(threads.map(lambda runner: runner.run_once(), runners))
    assert sum(began) == 1
    deployment.tick()
    assert routes(deployment) == ["mailto://desk.example"]
