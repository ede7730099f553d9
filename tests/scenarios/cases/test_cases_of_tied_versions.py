from __future__ import annotations

from datetime import date

import pytest

from schemas.codes import CaseEvent, CaseState
from services.alerts.delivery.digest import case_lines
from services.alerts.review.doubts import Doubt
from tests.support.deployment import Deployment
from tests.support.people import record

NOTICE = {"id": "n1", "cli": "01632 960123", "issued_at": "2026-11-20T00:00:00Z"}


@pytest.fixture
def alerted(deployment: Deployment) -> Deployment:
    deployment.put_entries({"entry_id": "e1", "cli": "01632 960123", "updated_at": "2026-11-01T09:00:00Z"})
    deployment.post_notices({**NOTICE, "planned_migration_date": "2026-12-10"})
    deployment.tick(seconds=31)
    return deployment


def told(deployment: Deployment) -> str:
    return " ".join(deployment.mails()[-1].message.text.split())


def doubts(deployment: Deployment) -> tuple[Doubt, ...]:
    # Messages and pages show these doubts.
    with deployment.store.reading() as connection:
        (line,) = case_lines(connection, deployment.cases())
    return line.doubts


def test_versions_that_differ_in_the_number_are_told_without_naming_it(alerted: Deployment) -> None:
    alerted.post_notices({**NOTICE, "planned_migration_date": "2026-12-10", "cli": "01632 960777"})
    alerted.tick(minutes=1)
    assert "two versions of its notice, with different telephone numbers or addresses." in told(alerted)
    assert "960" not in told(alerted)


@pytest.mark.parametrize(
    ("later", "harm_on"),
    [
        ({"planned_migration_date": "2026-12-02"}, date(2026, 12, 2)),
        ({"planned_migration_date": "2027-06-01"}, date(2026, 12, 10)),
        ({"planned_migration_date": "2026-12-10", "restriction_start_date": "2026-12-01"}, date(2026, 12, 1)),
        ({"status": "withdrawn", "planned_migration_date": "2026-12-10"}, date(2026, 12, 10)),
    ],
)
def test_the_case_runs_on_the_earlier_danger_and_the_council_is_asked(
    alerted: Deployment, later: dict[str, str], harm_on: date
) -> None:
    alerted.post_notices({**NOTICE, **later})
    alerted.tick(minutes=1)
    case = alerted.cases()[0]
    assert (case.state, case.harm_on, len(alerted.mails())) == (CaseState.OPEN, harm_on, 2)
    differs = "sent two versions of its notice: first switch Thu 10 Dec 2026; then" in told(alerted)
    assert differs == bool(doubts(alerted)) == ("restriction_start_date" not in later)


def test_a_later_stamp_settles_them(alerted: Deployment) -> None:
    alerted.post_notices({**NOTICE, "planned_migration_date": "2027-06-01"})
    alerted.tick(minutes=1)
    alerted.post_notices({**NOTICE, "planned_migration_date": "2027-06-01", "issued_at": "2026-11-22T09:00:00Z"})
    alerted.tick(minutes=1)
    assert alerted.cases()[0].harm_on == date(2027, 6, 1)


@pytest.mark.parametrize("status", ["withdrawn", "planned"])
def test_a_person_settles_them_for_the_version_on_record(alerted: Deployment, status: str) -> None:
    alerted.post_notices({**NOTICE, "planned_migration_date": "2027-06-01", "status": status})
    alerted.tick(minutes=1)
    case = record(alerted, CaseEvent.SETTLE_VERSIONS)
    assert doubts(alerted) == ()
    expected = CaseState.NOTICE_WITHDRAWN if status == "withdrawn" else CaseState.OPEN
    assert (case.state, status == "withdrawn" or case.harm_on == date(2027, 6, 1)) == (expected, True)


def test_the_same_body_again_changes_nothing(alerted: Deployment) -> None:
    for _ in range(3):
        alerted.post_notices({**NOTICE, "planned_migration_date": "2026-12-10"})
        alerted.tick(minutes=1)
    assert len(alerted.mails()) == 1
