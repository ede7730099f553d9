from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.codes import CaseEvent
from services.alerts.delivery.digest import case_lines
from services.alerts.message.case_line import notes
from services.core.audit import AuditAction
from tests.scenarios.consent.many_lines import LIMIT, SIXTY, day, entry, notice, waiting, with_lines, withdrawn
from tests.support.deployment import Deployment
from tests.support.ledger import said
from tests.support.one_line import TODAY
from tests.support.people import acknowledge_last, confirm_safe

LATER = f"{TODAY + timedelta(days=100):%a} {(TODAY + timedelta(days=100)).day} {TODAY + timedelta(days=100):%b %Y}"


@pytest.fixture
def sixty(deployment: Deployment) -> Deployment:
    return with_lines(deployment)


def withdraw_all(deployment: Deployment) -> None:
    deployment.post_notices(*map(withdrawn, SIXTY))


def notes_of(deployment: Deployment) -> set[str]:
    with deployment.store.reading() as connection:
        found = [case for case in deployment.cases() if case.changes_wait]
        return {note for line in case_lines(connection, found) for note in notes(line)}


def raised(deployment: Deployment) -> int:
    rows = [*said(deployment, AuditAction.CASE_NOTED), *said(deployment, AuditAction.CASE_MOVED)]
    return sum(1 for fields in rows if fields["event"] == CaseEvent.CHANGES_WAIT)


def test_one_message_names_the_cases_and_what_changed(sixty: Deployment) -> None:
    withdraw_all(sixty)
    sixty.tick(seconds=31)
    mails = [mail.message.text for mail in sixty.mails()[1:]]
    told = next(text for text in mails if "Raven Telecom withdrew its notice" in " ".join(text.split()))
    assert "The case stays as it is until somebody here agrees" in " ".join(told.split())
    assert "A change that would end or delay these cases waits" in " ".join(told.split())
    assert "/a/A-" in told


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"status": "withdrawn"}, "Raven Telecom withdrew its notice"),
        ({"planned_migration_date": day(100)}, f"Raven Telecom moved the day to {LATER}"),
        ({"cli": "01632 961999"}, "The notice of Raven Telecom no longer fits this line"),
    ],
)
def test_each_change_of_a_notice_is_told_in_words(sixty: Deployment, changed: dict[str, Any], note: str) -> None:
    sixty.post_notices(*(notice(index, 2) | changed for index in SIXTY))
    sixty.tick(seconds=31)
    assert notes_of(sixty) == {f"{note}. The case stays as it is until somebody here agrees"}


def test_an_ended_service_is_told_in_words(sixty: Deployment) -> None:
    sixty.put_entries(*(entry(index, 2, service_status="ended") for index in SIXTY))
    sixty.tick(seconds=31)
    assert {note.partition(". ")[0] for note in notes_of(sixty)} == {
        "The register says that the telecare service has ended"
    }


@pytest.mark.parametrize("act", [confirm_safe, lambda deployment, _entry: acknowledge_last(deployment)])
def test_it_is_told_whatever_a_person_had_done(sixty: Deployment, act: Callable[[Deployment, str], Any]) -> None:
    for index in SIXTY[:10]:
        act(sixty, f"e{index}")
    before = len(sixty.mails())
    withdraw_all(sixty)
    sixty.tick(seconds=31)
    assert any("withdrew its notice" in " ".join(mail.message.text.split()) for mail in sixty.mails()[before:])


def test_a_message_goes_on_each_working_day_while_it_waits(deployment: Deployment) -> None:
    # Christmas Eve 2026 is a Thursday. The next working day in England is Tuesday.
    deployment.clock.set(datetime(2026, 12, 24, 10, tzinfo=UTC))
    deployment.put_entries(*map(entry, SIXTY))
    deployment.post_notices(*(notice(index, in_days=400) for index in SIXTY))
    deployment.tick(seconds=31)
    deployment.post_notices(*(notice(index, 2, in_days=500) for index in SIXTY))
    left = len(SIXTY) - LIMIT
    days = []
    for _ in range(7):
        before = len(deployment.mails())
        for _hour in range(24):
            deployment.tick(hours=1)
        days.append((raised(deployment) // left, len(deployment.mails()) - before))
    assert len(waiting(deployment)) == left
    assert days == [(1, 1), (1, 0), (1, 0), (1, 0), (2, 1), (3, 1), (4, 1)]
