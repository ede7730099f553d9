from __future__ import annotations

from datetime import timedelta

import pytest

from services.audit.check import audit_differences
from tests.scenarios.escalation.three_tiers import three_tiers
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry
from tests.support.one_line import ENTRY, notice
from tests.support.people import confirm_safe


def differences(deployment: Deployment) -> list[str]:
    with deployment.store.reading() as connection:
        return [one.what for one in audit_differences(connection, deployment.store)]


@pytest.mark.parametrize("reported", [True, False])
def test_a_clock_that_is_slow_for_hours_forgets_no_move(deployment: Deployment, reported: bool) -> None:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=2))
    deployment.tick(seconds=31)
    confirm_safe(deployment)
    deployment.tick(days=3)
    assert cases_by_entry(deployment)["e1"].state == "migrated"
    if reported:
        deployment.post_notices(notice(issued=25, in_days=2, status="completed"))
        deployment.tick(minutes=1)
    right = deployment.clock.now()
    deployment.clock.set(right - timedelta(hours=55))
    deployment.tick(seconds=1)
    deployment.clock.set(right + timedelta(hours=3))
    deployment.tick(minutes=1)
    assert cases_by_entry(deployment)["e1"].state == "migrated"
    assert differences(deployment) == []


def test_a_clock_that_is_slow_forgets_no_move_after_which_the_provider_sent_another_date(
    deployment: Deployment,
) -> None:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=2))
    deployment.tick(seconds=31)
    confirm_safe(deployment)
    deployment.tick(days=3)
    assert cases_by_entry(deployment)["e1"].state == "migrated"
    right = deployment.clock.now()
    deployment.post_notices(notice(issued=26, in_days=9, status="rescheduled"))
    deployment.tick(minutes=1)
    deployment.clock.set(right - timedelta(hours=55))
    deployment.tick(seconds=1)
    deployment.clock.set(right + timedelta(hours=3))
    deployment.tick(minutes=1)
    assert cases_by_entry(deployment)["e1"].state == "migrated"
    assert differences(deployment) == []
