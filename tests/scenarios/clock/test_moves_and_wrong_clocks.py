from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from schemas.codes import CaseEvent
from services.audit.check import audit_differences
from tests.scenarios.escalation.three_tiers import three_tiers
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry
from tests.support.one_line import ENTRY, TODAY, notice
from tests.support.people import OFFICER, confirm_safe, record


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


def pass_test(deployment: Deployment, at: datetime) -> None:
    record(deployment, CaseEvent.PASS_TEST, arc_name="Fylde ARC", at=at.isoformat(), tested_by=OFFICER)


@pytest.fixture
def restricted(deployment: Deployment) -> Deployment:
    """Return a deployment where calls of a line have been restricted for a day."""
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=20, restriction_start_date=str(TODAY + timedelta(days=2))))
    deployment.tick(seconds=31)
    deployment.tick(days=3)
    assert cases_by_entry(deployment)["e1"].state == "line_restricted"
    return deployment


def test_a_clock_that_is_slow_does_not_restrict_a_line_again_whose_alarm_was_tested_since(
    restricted: Deployment,
) -> None:
    pass_test(restricted, restricted.clock.now())
    restricted.tick(minutes=1)
    slow_for_hours(restricted)
    assert cases_by_entry(restricted)["e1"].state == "test_passed"
    assert differences(restricted) == []


def test_a_restriction_that_a_fast_clock_began_begins_anew_after_a_test_before_its_day(deployment: Deployment) -> None:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=20, restriction_start_date=str(TODAY + timedelta(days=2))))
    deployment.tick(seconds=31)
    right = deployment.clock.now()
    deployment.clock.set(right + timedelta(hours=55))
    deployment.tick(seconds=1)
    # The person's own clock is right.
    pass_test(deployment, right)
    assert cases_by_entry(deployment)["e1"].state == "test_passed"
    deployment.clock.set(right + timedelta(hours=3))
    deployment.tick(minutes=1)
    deployment.tick(days=2)
    assert cases_by_entry(deployment)["e1"].state == "line_restricted"
