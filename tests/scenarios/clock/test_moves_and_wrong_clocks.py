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


@pytest.fixture
def moved(deployment: Deployment) -> Deployment:
    """Return a deployment where the planned day of a line has passed."""
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=2))
    deployment.tick(seconds=31)
    confirm_safe(deployment)
    deployment.tick(days=3)
    assert cases_by_entry(deployment)["e1"].state == "migrated"
    return deployment


def slow_for_hours(deployment: Deployment) -> None:
    right = deployment.clock.now()
    deployment.clock.set(right - timedelta(hours=55))
    deployment.tick(seconds=1)
    deployment.clock.set(right + timedelta(hours=3))
    deployment.tick(minutes=1)


@pytest.mark.parametrize("reported", [True, False])
def test_a_clock_that_is_slow_for_hours_forgets_no_move(moved: Deployment, reported: bool) -> None:
    if reported:
        moved.post_notices(notice(issued=25, in_days=2, status="completed"))
        moved.tick(minutes=1)
    slow_for_hours(moved)
    assert cases_by_entry(moved)["e1"].state == "migrated"
    assert differences(moved) == []


def test_a_clock_that_is_slow_forgets_no_move_after_which_the_provider_sent_another_date(moved: Deployment) -> None:
    moved.post_notices(notice(issued=26, in_days=9, status="rescheduled"))
    moved.tick(minutes=1)
    slow_for_hours(moved)
    assert cases_by_entry(moved)["e1"].state == "migrated"
    assert differences(moved) == []
