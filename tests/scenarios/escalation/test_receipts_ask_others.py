from __future__ import annotations

import pytest

from services.alerts.delivery.receipts.receipt import ReceiptState
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.audit.check import audit_differences
from services.core.audit import AuditAction
from tests.scenarios.escalation.receipts import give_receipts, receive, states, told
from tests.scenarios.escalation.three_tiers import OPERATOR, pass_time, person, three_tiers
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, said
from tests.support.one_line import ENTRY, notice

DELIVERED, FAILED = ReceiptState.DELIVERED, ReceiptState.FAILED


@pytest.fixture
def council(deployment: Deployment) -> Deployment:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    give_receipts(deployment)
    return deployment


def alert(deployment: Deployment, in_days: int) -> None:
    deployment.post_notices(notice(in_days=in_days))
    deployment.tick(seconds=31)


def consistent(deployment: Deployment) -> bool:
    with deployment.store.reading() as connection:
        return list(audit_differences(connection, deployment.store)) == []


@pytest.mark.parametrize(("in_days", "minutes"), [(20, 60), (2, 5)])
def test_a_receipt_that_does_not_come_in_time_asks_the_next(council: Deployment, in_days: int, minutes: int) -> None:
    alert(council, in_days)
    known = told(council)
    council.tick(minutes=minutes - 1)
    assert told(council) == known
    council.tick(minutes=2)
    assert len(told(council)) == len(known) + 1


def test_a_receipt_in_time_asks_nobody_else(council: Deployment) -> None:
    alert(council, 20)
    assert receive(council, "officer", DELIVERED)
    pass_time(council, minutes=180)
    assert told(council) == ["officer"]
    assert said(council, AuditAction.DELIVERY_RECEIVED)
    assert consistent(council)


def test_a_late_receipt_ends_the_asking(council: Deployment) -> None:
    alert(council, 20)
    council.tick(minutes=61)
    assert told(council) == ["officer", "manager"]
    receive(council, "officer", DELIVERED)
    pass_time(council, minutes=180)
    assert told(council) == ["officer", "manager"]


def test_the_asking_ends_with_whoever_was_asked_in_place_of_others_and_was_reached(council: Deployment) -> None:
    alert(council, 20)
    receive(council, "officer", FAILED)
    council.tick(seconds=1)
    receive(council, "manager", DELIVERED)
    pass_time(council, minutes=180)
    assert told(council) == ["officer", "manager"]
    assert consistent(council)


def test_each_message_that_comes_back_asks_the_next_at_once_and_in_the_end_the_operator(council: Deployment) -> None:
    alert(council, 20)
    for contact, following in (("officer", "manager"), ("manager", "head"), ("head", OPERATOR)):
        receive(council, contact, FAILED)
        council.tick(seconds=1)
        assert told(council)[-1] == following
    assert states(council)["officer"] == ("refused", "failed")
    assert consistent(council)


def test_a_message_that_came_back_later_asks_others_although_it_was_received_before(council: Deployment) -> None:
    alert(council, 20)
    receive(council, "officer", DELIVERED)
    council.tick(minutes=200)
    receive(council, "officer", FAILED)
    council.tick(seconds=1)
    assert told(council) == ["officer", "manager"]


def test_a_further_address_of_the_person_is_used_before_the_next_tier(deployment: Deployment) -> None:
    other = Contact(person="officer", channel="json", address="officer.other.example")
    deployment.with_officers(
        CouncilPolicy(
            tiers=(
                Tier(label="officers", from_days=56, contacts=(person("officer"), other)),
                Tier(label="managers", from_days=7, contacts=(person("manager"),)),
            )
        )
    )
    deployment.put_entries(ENTRY)
    give_receipts(deployment)
    alert(deployment, 20)
    receive(deployment, "officer", FAILED)
    deployment.tick(seconds=1)
    assert told(deployment) == ["officer", "officer"]


def test_a_colleague_who_was_reached_is_enough(deployment: Deployment) -> None:
    tiers = (
        Tier(label="officers", from_days=56, contacts=(person("officer"), person("colleague"))),
        Tier(label="managers", from_days=7, contacts=(person("manager"),)),
    )
    deployment.with_officers(CouncilPolicy(tiers=tiers))
    deployment.put_entries(ENTRY)
    give_receipts(deployment)
    alert(deployment, 20)
    receive(deployment, "officer", FAILED)
    council_told = told(deployment)
    # The colleague's receipt still has its time.
    deployment.tick(minutes=1)
    receive(deployment, "colleague", DELIVERED)
    pass_time(deployment, minutes=180)
    assert told(deployment) == council_told == ["officer", "colleague"]


def test_a_case_whose_only_message_came_back_counts_as_not_notified(council: Deployment) -> None:
    alert(council, 20)
    assert cases_by_entry(council)["e1"].last_alert_at is not None
    receive(council, "officer", FAILED)
    case = cases_by_entry(council)["e1"]
    assert (case.last_alert_at, case.unanswered) == (None, 0)
    assert case.tried_at is not None
    council.tick(seconds=1)
    assert cases_by_entry(council)["e1"].last_alert_at is not None
    assert consistent(council)


def test_a_case_whose_newest_message_came_back_counts_as_notified_by_the_one_before(council: Deployment) -> None:
    alert(council, 40)
    receive(council, "officer", DELIVERED)
    first = cases_by_entry(council)["e1"].last_alert_at
    while len(council.mails()) == 1:
        council.tick(hours=1)
    newest = cases_by_entry(council)["e1"].last_alert_at
    assert newest != first
    assert receive(council, "officer", FAILED, after=1)
    assert cases_by_entry(council)["e1"].last_alert_at == first
    assert consistent(council)


def test_a_receipt_of_another_deployment_changes_nothing(council: Deployment) -> None:
    alert(council, 20)
    council.mails()[0].reference = "A-0000-0000.1"
    assert not receive(council, "officer", FAILED)
    for reference in ("", "A-1", "A-1.x", "A-1.²", f"A-1.{'9' * 5_000}", f"A-1.{'9' * 18}"):
        council.mails()[0].reference = reference
        assert not receive(council, "officer", FAILED)
