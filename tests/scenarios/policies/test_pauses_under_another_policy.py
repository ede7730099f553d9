from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from services.audit.check import audit_differences
from services.core.audit import AuditAction
from services.core.days.closures import Closure
from tests.scenarios.escalation.three_tiers import pass_time, sent, three_tiers
from tests.support.contacts import set_verified_policy
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import cases_by_entry, said
from tests.support.one_line import ENTRY, notice
from tests.support.people import acknowledge_last


@pytest.fixture
def council(deployment: Deployment) -> Deployment:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    return deployment


def paused_until(deployment: Deployment) -> datetime:
    until = cases_by_entry(deployment)["e1"].paused_until
    assert until is not None
    return until


def wait_for_a_message(deployment: Deployment) -> datetime:
    before = len(sent(deployment))
    while len(sent(deployment)) == before:
        pass_time(deployment, minutes=10)
    return sent(deployment)[-1].at


def differences(deployment: Deployment) -> list[str]:
    with deployment.store.reading() as connection:
        return [one.what for one in audit_differences(connection, deployment.store)]


@pytest.mark.parametrize("later", [20, 45])
def test_a_policy_with_shorter_pauses_shortens_a_pause_that_runs(council: Deployment, later: int) -> None:
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    acknowledge_last(council)
    council.tick(hours=1)
    edited_at = council.clock.now()
    set_verified_policy(
        council.store, BLACKPOOL, three_tiers(acknowledgement_hours=24, urgent_acknowledgement_hours=24)
    )
    council.tick(seconds=1)
    assert edited_at < paused_until(council) <= council.clock.now() + timedelta(hours=24)
    # The message that ends the pause is no repeat, so a later day does not put it off.
    council.post_notices(notice(issued=2, in_days=later))
    ends = paused_until(council)
    assert ends <= wait_for_a_message(council) <= ends + timedelta(minutes=10)


def test_a_pause_that_another_policy_shortened_is_on_the_audit_once(council: Deployment) -> None:
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    acknowledge_last(council)
    shorter = three_tiers(acknowledgement_hours=24, urgent_acknowledgement_hours=24)
    set_verified_policy(council.store, BLACKPOOL, shorter)
    council.tick(seconds=1)
    pass_time(council, minutes=60)
    case = cases_by_entry(council)["e1"]
    assert said(council, AuditAction.CASE_PAUSE_SHORTENED) == [
        {"case": case.reference, "paused_until": paused_until(council).isoformat()}
    ]
    assert differences(council) == []


def test_a_policy_with_longer_pauses_changes_no_pause_that_runs(council: Deployment) -> None:
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    acknowledge_last(council)
    before = paused_until(council)
    set_verified_policy(council.store, BLACKPOOL, three_tiers(acknowledgement_hours=336))
    council.tick(seconds=1)
    assert paused_until(council) == before
    assert said(council, AuditAction.CASE_PAUSE_SHORTENED) == []


def test_a_new_closed_day_ends_a_pause_at_noon_of_the_working_day_before_it(council: Deployment) -> None:
    # The line moves on Wednesday, and the officer acts on Monday.
    council.post_notices(notice(in_days=2))
    council.tick(seconds=31)
    acknowledge_last(council)
    assert str(paused_until(council)) == "2026-11-24 12:00:00+00:00"
    closed = Closure(label="Stocktaking", first=date(2026, 11, 24))
    set_verified_policy(council.store, BLACKPOOL, three_tiers(closures=(closed,)))
    council.tick(seconds=1)
    assert str(paused_until(council)) == "2026-11-23 12:00:00+00:00"
    assert wait_for_a_message(council) <= paused_until(council) + timedelta(minutes=10)
