from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from schemas.codes import CaseState
from services.alerts.engine import Engine
from services.alerts.states.rules import Ruleset
from services.core.audit import AuditAction
from services.runtime.consumers import make_consumers
from services.runtime.embedded.event_dispatcher import EventDispatcher
from tests.support.deployment import Deployment
from tests.support.ledger import said
from tests.support.people import confirm_safe
from tests.support.rulesets import installed, rule, ruleset

LENIENT = ruleset("later", rule("chosen", at_risk=False, migration_kind="voluntary"))
STRICTER = ruleset("stricter", instead_of=["other_way_to_the_centre"])
HOME = {"postcode": "FY3 8AB", "address": "12 Gull Lane, Blackpool"}


@pytest.fixture(autouse=True)
def rulesets(tmp_path: Path) -> Iterator[None]:
    with installed(tmp_path, LENIENT, STRICTER):
        yield


@pytest.fixture
def alerted(deployment: Deployment) -> Deployment:
    # The line moves voluntarily in ten days.
    deployment.put_entries({"entry_id": "e1", "cli": "01632 960123"})
    deployment.post_notices(
        {
            "cli": "01632 960123",
            "migration_kind": "voluntary",
            "planned_migration_date": str(date(2026, 11, 23) + timedelta(days=10)),
        }
    )
    deployment.tick(seconds=31)
    assert len(deployment.mails()) == 1
    return deployment


def restart_with(deployment: Deployment, rules: Ruleset) -> None:
    deployment.ruleset = rules
    deployment.consumers = make_consumers(rules)
    deployment.event_dispatcher = EventDispatcher(deployment.store, deployment.consumers)
    deployment.engine = Engine(deployment.store, rules, deployment.fallback)


def test_a_case_that_the_new_rules_would_let_go_stays_open_and_pages_on(alerted: Deployment) -> None:
    restart_with(alerted, LENIENT)
    alerted.tick(hours=1)
    assert [case.rulesets for case in alerted.cases()] == [("pstn-2026", "later")]
    alerted.tick(days=4)
    assert alerted.cases()[0].state is CaseState.OPEN
    assert len(alerted.mails()) > 1


def test_the_change_is_on_the_audit_once(alerted: Deployment) -> None:
    restart_with(alerted, LENIENT)
    alerted.tick(hours=1)
    alerted.tick(days=1)
    assert said(alerted, AuditAction.CASE_RULES_CHANGED) == [
        {"case": alerted.cases()[0].reference, "before": ["pstn-2026"], "after": ["pstn-2026", "later"]}
    ]


def test_a_persons_act_and_an_accepted_message_are_judged_by_both(alerted: Deployment) -> None:
    restart_with(alerted, LENIENT)
    alerted.tick(hours=1)
    confirm_safe(alerted)
    assert alerted.cases()[0].state is CaseState.CONFIRMED_SAFE
    assert alerted.cases()[0].lines == 1


def test_a_danger_that_only_the_new_rules_see_opens_a_case_without_any_new_event(deployment: Deployment) -> None:
    deployment.put_entries({"entry_id": "e1", "connection": "sim", **HOME})
    deployment.post_notices({**HOME, "planned_migration_date": "2026-12-03"})
    deployment.tick(seconds=31)
    assert deployment.cases() == []
    restart_with(deployment, STRICTER)
    deployment.tick(seconds=31)
    deployment.tick(seconds=31)
    assert [case.state for case in deployment.cases()] == [CaseState.OPEN]
    assert len(deployment.mails()) == 1


def test_a_council_is_reviewed_once_for_a_rule_set(alerted: Deployment) -> None:
    restart_with(alerted, LENIENT)
    assert alerted.engine.run_due() == 1
    assert alerted.engine.run_due() == 0
