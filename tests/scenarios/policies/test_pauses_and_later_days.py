from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.codes import CaseEvent
from services.audit.check import audit_differences
from services.core.audit import AuditAction
from tests.scenarios.escalation.three_tiers import pass_time, sent, three_tiers
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, said
from tests.support.one_line import ENTRY, notice
from tests.support.people import record

NOON_OF_TUESDAY = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def paused(deployment: Deployment) -> Deployment:
    """The line moves on Tuesday. An officer has called the resident on Monday afternoon."""
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=1))
    deployment.tick(seconds=31)
    deployment.tick(hours=4)
    record(deployment, CaseEvent.CONTACT_RESIDENT, method="call")
    assert paused_until(deployment) > NOON_OF_TUESDAY
    return deployment


def paused_until(deployment: Deployment) -> datetime:
    until = cases_by_entry(deployment)["e1"].paused_until
    assert until is not None
    return until


def test_a_later_day_ends_a_pause_at_noon_of_the_working_day_before_it(paused: Deployment) -> None:
    before = len(sent(paused))
    paused.post_notices(notice(issued=2, in_days=2))
    paused.tick(seconds=1)
    assert paused_until(paused) == NOON_OF_TUESDAY
    pass_time(paused, minutes=24 * 60)
    assert NOON_OF_TUESDAY <= sent(paused)[before].at <= NOON_OF_TUESDAY + timedelta(minutes=10)


def test_a_pause_that_a_later_day_shortened_is_on_the_audit_once(paused: Deployment) -> None:
    paused.post_notices(notice(issued=2, in_days=2))
    paused.post_notices(notice("n2", in_days=30))
    pass_time(paused, minutes=60)
    case = cases_by_entry(paused)["e1"]
    assert said(paused, AuditAction.CASE_PAUSE_SHORTENED) == [
        {"case": case.reference, "paused_until": NOON_OF_TUESDAY.isoformat()}
    ]
    with paused.store.reading() as connection:
        assert [one.what for one in audit_differences(connection, paused.store)] == []


def test_a_day_that_is_much_later_changes_no_pause(paused: Deployment) -> None:
    before = paused_until(paused)
    paused.post_notices(notice(issued=2, in_days=40))
    paused.tick(seconds=1)
    assert paused_until(paused) == before
    assert said(paused, AuditAction.CASE_PAUSE_SHORTENED) == []
