from __future__ import annotations

from random import Random

import pytest

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from tests.support.deployment import Deployment

ENTRY = {"entry_id": "e1", "cli": "01632 960123", "updated_at": "2026-11-01T09:00:00Z"}
NOTICE = {
    "id": "n1",
    "cli": "01632 960123",
    "planned_migration_date": "2026-12-03",
    "issued_at": "2026-11-20T09:00:00Z",
}


@pytest.fixture
def at_risk(deployment: Deployment) -> Deployment:
    # The first alert is due in half a minute.
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.settle()
    return deployment


@pytest.mark.parametrize("asked", [1.0, 60.0, 240.0, *Random(1).choices(range(2, 300), k=3)])
def test_a_service_that_asks_to_wait_is_left_alone_for_so_long(at_risk: Deployment, asked: float) -> None:
    at_risk.channel.results = [SendResult(SendOutcome.FAILED_TEMPORARY, "notify_rate_limit", asked)]
    at_risk.tick(seconds=31)
    at_risk.tick(seconds=asked)
    assert at_risk.mails() == []
    at_risk.tick(seconds=25)
    assert len(at_risk.mails()) == 1


@pytest.mark.parametrize("asked", [301.0, 86_400.0, float("inf")])
def test_no_service_keeps_a_message_waiting_for_longer_than_five_minutes(at_risk: Deployment, asked: float) -> None:
    at_risk.channel.results = [SendResult(SendOutcome.FAILED_TEMPORARY, "notify_daily_limit", asked)]
    at_risk.tick(seconds=31)
    at_risk.tick(seconds=325)
    assert len(at_risk.mails()) == 1
