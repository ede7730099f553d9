from __future__ import annotations

from schemas.codes import CaseEvent, CaseState
from services.alerts.case.acts import acknowledge, act, read_record
from tests.support.deployment import Deployment

ENTRY = {"entry_id": "e1", "cli": "01632 960123", "connection": "analogue_line"}
NOTICE = {
    "id": "n1",
    "cli": "+44 1632 960123",
    "planned_migration_date": "2026-12-03",
    "issued_at": "2026-11-20T09:00:00Z",
}


def test_a_notice_for_a_line_with_an_alarm_alerts_the_council_within_a_minute(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.tick(seconds=0)
    assert deployment.mails() == []
    deployment.tick(seconds=31)
    (mail,) = deployment.mails()
    assert "Act by Thu 3 December" in mail.message.subject


def test_the_alert_is_repeated_until_a_named_person_acknowledges(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.tick(seconds=31)
    deployment.tick(days=2)
    assert len(deployment.mails()) == 2
    alert = deployment.mails()[-1].reference.split(".")[0]
    acknowledge(deployment.store, alert, read_record(CaseEvent.ACKNOWLEDGE, {"by": "Asha Patel"}))
    deployment.tick(hours=20)
    assert len(deployment.mails()) == 2


def test_an_acknowledgement_runs_out_and_the_case_pages_again(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.tick(seconds=31)
    alert = deployment.mails()[-1].reference.split(".")[0]
    acknowledge(deployment.store, alert, read_record(CaseEvent.ACKNOWLEDGE, {"by": "Asha Patel"}))
    deployment.tick(days=8)
    assert len(deployment.mails()) == 2
    assert deployment.cases()[0].state is CaseState.OPEN


def test_only_a_confirmation_stops_the_clock(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.tick(seconds=31)
    record = read_record(
        CaseEvent.CONFIRM_SAFE, {"by": "Asha Patel", "party": "provider", "evidence": "digital unit proved"}
    )
    act(deployment.store, deployment.cases()[0].reference, CaseEvent.CONFIRM_SAFE, record, None)
    deployment.tick(days=5)
    assert len(deployment.mails()) == 1
    deployment.tick(days=10)
    assert deployment.cases()[0].state is CaseState.MIGRATED
    assert len(deployment.mails()) == 2
