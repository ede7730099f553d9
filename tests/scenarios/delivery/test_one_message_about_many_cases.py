from __future__ import annotations

import pytest

from services.alerts.delivery.store.claims import GATHERED
from tests.scenarios.escalation.three_tiers import lines
from tests.support.deployment import Deployment
from tests.support.one_line import notice

COUNT = 5


def due(deployment: Deployment, monkeypatch: pytest.MonkeyPatch, in_days: int) -> Deployment:
    monkeypatch.setattr("services.alerts.engine.BATCH", 2)
    deployment.put_entries(*lines(COUNT))
    deployment.post_notices(
        *({**notice(f"n{number}", in_days=in_days), "cli": f"01632 960{number:03}"} for number in range(COUNT))
    )
    deployment.settle()
    deployment.clock.advance(seconds=31)
    return deployment


def test_a_message_waits_until_all_alerts_of_its_council_are_written(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(deployment, monkeypatch, in_days=20)
    for _ in range(2):
        deployment.engine.run_due()
        deployment.dispatcher.run_due()
        assert deployment.mails() == []
    deployment.tick(seconds=1)
    assert len(deployment.mails()) == 1
    assert all(case.reference in deployment.mails()[0].message.text for case in deployment.cases())


def test_it_waits_for_a_minute_at_most(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    due(deployment, monkeypatch, in_days=20)
    deployment.engine.run_due()
    deployment.clock.advance(seconds=GATHERED.total_seconds() - 1)
    deployment.dispatcher.run_due()
    assert deployment.mails() == []
    deployment.clock.advance(seconds=1)
    deployment.dispatcher.run_due()
    assert len(deployment.mails()) == 1


def test_an_urgent_message_waits_for_nothing(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    due(deployment, monkeypatch, in_days=1)
    deployment.engine.run_due()
    deployment.dispatcher.run_due()
    assert len(deployment.mails()) == 1
