from __future__ import annotations

import pytest
from sqlalchemy import text

from services.watchdog.findings import FaultKind
from services.watchdog.store import cases
from tests.scenarios.watchdog.watching import found, kinds, run_for
from tests.support.deployment import Deployment
from tests.support.one_line import ENTRY, notice

HOMES = {f"e{one}": f"01632 9602{one:02}" for one in range(7)}


@pytest.fixture
def alerted(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    # The lines of the homes move in thirty days, and the duty desk was told. A span of the watchdog holds three cases.
    monkeypatch.setattr(cases, "SPAN", 3)
    monkeypatch.setattr(cases, "IN_MEMORY", 2)
    deployment.with_officers()
    deployment.put_entries(*(ENTRY | {"entry_id": name, "cli": number} for name, number in HOMES.items()))
    deployment.post_notices(*(notice(f"n{name}", cli=number, in_days=30) for name, number in HOMES.items()))
    deployment.settle()
    run_for(deployment, hours=2)
    assert deployment.mails()
    return deployment


def test_nothing_is_found_where_nothing_is_missing(alerted: Deployment) -> None:
    assert found(alerted) == {}
    run_for(alerted, days=3)
    assert found(alerted) == {}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE cases SET due_at = NULL", {FaultKind.NO_DUE_TIME: 7}),
        ("UPDATE cases SET state = 'confirmed_safe' WHERE pk = 5", {FaultKind.SILENCED_WITHOUT_RECORD: 1}),
        ("UPDATE cases SET state = 'closed'", {FaultKind.ENDED_AT_RISK: 7}),
        ("UPDATE matches SET live = false, ended_at = found_at", {FaultKind.MATCH_ENDED: 7}),
        ("UPDATE notices SET live = false", {FaultKind.NOTICE_ENDED: 7}),
        ("UPDATE register_entries SET live = false", {FaultKind.ENTRY_ENDED: 7}),
        ("DELETE FROM delivery_attempts", {FaultKind.NEVER_ACCEPTED: 7, FaultKind.SENT_WITHOUT_ATTEMPT: 1}),
    ],
)
def test_a_change_by_hand_is_counted(alerted: Deployment, statement: str, expected: dict[FaultKind, int]) -> None:
    with alerted.store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE cases DROP CONSTRAINT open_case_is_due"))
        connection.execute(text(statement))
    assert found(alerted) == expected


def test_lost_tokens_are_found(alerted: Deployment) -> None:
    with alerted.store.engine.begin() as connection:
        connection.execute(text("DELETE FROM entry_tokens"))
    assert kinds(alerted) == {FaultKind.TOKENS_MISSING}


def test_a_stopped_engine_is_found(alerted: Deployment) -> None:
    alerted.clock.advance(days=20)
    assert found(alerted) == {FaultKind.REVIEW_LATE: 7, FaultKind.MESSAGE_MISSING: 7}
