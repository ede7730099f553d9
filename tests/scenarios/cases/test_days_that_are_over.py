from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from schemas.codes import CaseEvent, CaseState
from services.storage.tables import cases
from tests.support.deployment import Deployment
from tests.support.people import confirm_safe, pass_post_check, record


@pytest.fixture
def alerted(deployment: Deployment) -> Deployment:
    deployment.put_entries({"entry_id": "e1", "cli": "01632 960123", "updated_at": "2026-11-01T09:00:00Z"})
    deployment.post_notices({"id": "n1", "cli": "01632 960123", "planned_migration_date": "2026-12-03"})
    deployment.tick(seconds=31)
    return deployment


def state(deployment: Deployment) -> CaseState:
    return deployment.cases()[0].state


def test_a_re_test_day_that_is_over_before_the_confirmation_falls_due_at_once(alerted: Deployment) -> None:
    record(alerted, CaseEvent.FIT_SOLUTION, kind="converter_interim", retest_on="2026-11-24")
    alerted.clock.advance(days=3)
    assert confirm_safe(alerted).state is CaseState.OPEN


def test_a_line_that_is_confirmed_safe_after_its_planned_day_owes_its_test_call(alerted: Deployment) -> None:
    alerted.clock.advance(days=12)
    assert confirm_safe(alerted).state is CaseState.MIGRATED


def test_a_hold_until_today_ends_tonight(alerted: Deployment) -> None:
    held = record(alerted, CaseEvent.CONFIRM_HOLD, provider_reference="HLD-1", ends_on="2026-11-23")
    assert held.state is CaseState.HOLD_CONFIRMED
    alerted.tick(hours=15)
    assert state(alerted) is CaseState.OPEN


@pytest.mark.parametrize("retest_on", ["2026-12-04", "2026-12-05", "2026-12-03"])
@pytest.mark.parametrize("days", [11, 12, 20])
def test_a_re_test_beside_the_switch_is_no_alarm_by_night(alerted: Deployment, retest_on: str, days: int) -> None:
    # The case never counts as moved and unconfirmed.
    record(alerted, CaseEvent.FIT_SOLUTION, kind="converter_interim", retest_on=retest_on)
    confirm_safe(alerted)
    alerted.tick(days=days)
    assert state(alerted) is not CaseState.MIGRATED_UNCONFIRMED


def test_a_test_call_after_the_switch_is_the_re_test_of_its_day(alerted: Deployment) -> None:
    record(alerted, CaseEvent.FIT_SOLUTION, kind="converter_interim", retest_on="2026-12-04")
    confirm_safe(alerted)
    alerted.tick(days=12)
    assert pass_post_check(alerted).state is CaseState.POST_CHECK_PASSED
    alerted.tick(days=2)
    assert state(alerted) is CaseState.POST_CHECK_PASSED


def test_the_database_refuses_an_open_case_without_a_due_time(alerted: Deployment) -> None:
    with pytest.raises(IntegrityError, match="open_case_is_due"), alerted.store.writing() as connection:
        connection.execute(update(cases).values(due_at=None))
