from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from schemas.codes import CaseEvent
from services.alerts.case.acts import acknowledge, read_record
from services.alerts.case.links import revoke_link
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.receipts.receipt import ReceiptState
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.alerts.policy.policy_days import in_office_hours
from services.audit.check import audit_differences
from services.core.days.working_days import add_working_days
from services.storage.tables import alerts
from tests.scenarios.escalation.receipts import give_receipts, receive
from tests.scenarios.escalation.three_tiers import OPERATOR, answers_of, lines, pass_time, person, three_tiers
from tests.support.deployment import BLACKPOOL, Deployment, SentMessage
from tests.support.http import links_of, open_api
from tests.support.ledger import rows
from tests.support.one_line import ENTRY, notice

REFUSED = SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")
BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")


@pytest.fixture
def broken(deployment: Deployment) -> Iterator[dict[str, SendResult]]:
    yield answers_of(deployment)
    with deployment.store.reading() as connection:
        assert list(audit_differences(connection, deployment.store)) == []


@pytest.fixture
def council(deployment: Deployment, broken: dict[str, SendResult]) -> Deployment:
    del broken
    deployment.with_officers(three_tiers())
    deployment.put_entries(*lines(3))
    return deployment


def alert(deployment: Deployment, number: int = 0, in_days: int = 20) -> None:
    deployment.post_notices(notice(f"n{number}", in_days=in_days) | {"cli": f"01632 960{number:03}"})
    deployment.tick(seconds=31)


def reports(deployment: Deployment) -> list[tuple[str, SentMessage]]:
    found = [mail for mail in deployment.mails() if "cannot be reached" in mail.message.subject]
    return [(mail.route.removeprefix("mailto://").partition(".")[0], mail) for mail in found]


def told(deployment: Deployment) -> list[str]:
    return [who for who, _ in reports(deployment)]


def test_the_last_tier_is_told_in_office_hours(council: Deployment, broken: dict[str, SendResult]) -> None:
    broken["officer"] = REFUSED
    alert(council)
    pass_time(council, minutes=24 * 60, step=30)
    ((who, mail),) = reports(council)
    assert who == "head"
    assert mail.message.subject.startswith("Pullcord: 1 contact of Blackpool cannot be reached [A-")
    for text in (mail.message.text, mail.message.html or ""):
        assert "officer, by the address that the operator of Pullcord has set, since" in " ".join(text.split())
        assert "officer.example" not in text
        assert links_of(text) == []


@pytest.mark.parametrize("hours", range(0, 7 * 24, 11))
def test_at_whatever_hour_it_fails_the_manager_is_told_in_office_hours_within_a_working_day(
    council: Deployment, broken: dict[str, SendResult], hours: int
) -> None:
    council.clock.advance(hours=hours)
    broken["officer"] = REFUSED
    alert(council, in_days=1)
    failed = council.clock.now()
    while not reports(council):
        council.tick(minutes=30)
    policy, at = three_tiers(), council.clock.now()
    assert in_office_hours(policy, at)
    latest = add_working_days(failed.date(), 1, policy.days.nation)
    assert at.date() <= latest


def test_it_is_reported_also_where_a_colleague_was_reached(
    deployment: Deployment, broken: dict[str, SendResult]
) -> None:
    broken["officer"] = REFUSED
    tiers = (
        Tier(label="officers", from_days=56, contacts=(person("officer"), person("colleague"))),
        Tier(label="managers", from_days=7, contacts=(person("manager"),)),
    )
    deployment.with_officers(CouncilPolicy(tiers=tiers))
    deployment.put_entries(*lines(1))
    alert(deployment)
    pass_time(deployment, minutes=24 * 60, step=30)
    assert told(deployment) == ["manager"]


@pytest.mark.parametrize(("gone", "reported_to"), [("head", "manager"), ("manager", "head"), ("officer", "head")])
def test_nobody_is_told_of_their_own_address(
    council: Deployment, broken: dict[str, SendResult], gone: str, reported_to: str
) -> None:
    broken[gone] = REFUSED
    alert(council, in_days=-1)
    pass_time(council, minutes=24 * 60, step=30)
    assert told(council) == [reported_to]


def test_where_nobody_else_is_left_the_operator_is_told(council: Deployment, broken: dict[str, SendResult]) -> None:
    broken |= {"officer": REFUSED, "manager": REFUSED, "head": REFUSED}
    alert(council)
    pass_time(council, minutes=24 * 60, step=30)
    assert set(told(council)) == {OPERATOR}
    said = " ".join(mail.message.text for _, mail in reports(council))
    assert all(f"{one}, by" in said for one in broken)


def test_several_contacts_that_fail_together_are_one_report(
    deployment: Deployment, broken: dict[str, SendResult]
) -> None:
    people = [f"officer{number}" for number in range(4)]
    broken |= dict.fromkeys(people[:3], REFUSED)
    deployment.with_officers(
        CouncilPolicy(
            tiers=(
                Tier(label="officers", from_days=56, contacts=tuple(map(person, people))),
                Tier(label="managers", from_days=7, contacts=(person("manager"),)),
            )
        )
    )
    deployment.put_entries(*lines(1))
    alert(deployment)
    pass_time(deployment, minutes=24 * 60, step=30)
    ((_, mail),) = reports(deployment)
    assert mail.message.subject.startswith("Pullcord: 3 contacts of Blackpool")


def test_a_failure_that_may_pass_is_not_reported(council: Deployment, broken: dict[str, SendResult]) -> None:
    broken["officer"] = BUSY
    alert(council)
    pass_time(council, minutes=3 * 24 * 60, step=30)
    assert told(council) == []


def test_it_is_reported_once_until_a_message_is_accepted_again(
    council: Deployment, broken: dict[str, SendResult]
) -> None:
    broken["officer"] = REFUSED
    alert(council)
    pass_time(council, minutes=10 * 24 * 60, step=60)
    assert told(council) == ["head"]
    broken.clear()
    alert(council, 1, in_days=4)
    pass_time(council, minutes=2 * 24 * 60, step=60)
    broken["officer"] = REFUSED
    alert(council, 2, in_days=4)
    pass_time(council, minutes=3 * 24 * 60, step=60)
    assert told(council) == ["head", "head"]


def test_an_address_that_was_mended_before_the_report_is_not_reported(
    council: Deployment, broken: dict[str, SendResult]
) -> None:
    council.clock.advance(hours=12)
    broken["officer"] = REFUSED
    alert(council, in_days=1)
    mended = Contact(person="officer", channel="route", address="mailto://other.example")
    tiers = (Tier(label="officers", from_days=56, contacts=(mended,)), *three_tiers().tiers[1:])
    set_policy(council.store, BLACKPOOL, CouncilPolicy(tiers=tiers), by="Test Setup")
    pass_time(council, minutes=24 * 60, step=30)
    assert told(council) == []


def test_a_report_that_cannot_be_delivered_goes_to_others(council: Deployment, broken: dict[str, SendResult]) -> None:
    broken |= {"officer": REFUSED, "head": BUSY}
    alert(council)
    pass_time(council, minutes=24 * 60, step=30)
    assert told(council)
    assert "head" not in told(council)


def test_a_receipt_that_the_recipient_does_not_exist_is_reported_and_others_are_not(deployment: Deployment) -> None:
    deployment.with_officers(three_tiers())
    deployment.put_entries(ENTRY)
    give_receipts(deployment)
    deployment.post_notices(notice(in_days=20))
    deployment.tick(seconds=31)
    receive(deployment, "officer", ReceiptState.FAILED)
    deployment.tick(seconds=1)
    receive(deployment, "manager", ReceiptState.FAILED, for_good=True)
    pass_time(deployment, minutes=24 * 60, step=30)
    ((who, mail),) = reports(deployment)[:1]
    assert who == "head"
    assert "manager, by" in mail.message.text
    assert "officer, by" not in mail.message.text


def test_an_act_on_a_report_changes_nothing(council: Deployment, broken: dict[str, SendResult]) -> None:
    broken["officer"] = REFUSED
    alert(council, in_days=0)
    pass_time(council, minutes=60, step=1)
    report = next(one for one in rows(council, alerts) if one.reason == "contact_refused")
    record = read_record(CaseEvent.ACKNOWLEDGE, {"by": "Pat Example"})
    assert not acknowledge(council.store, report.reference, record, BLACKPOOL).cases
    revoke_link(council.store, report.reference, "Pat Example", BLACKPOOL)
    council.tick(minutes=1)
    assert told(council) == ["head"]


@pytest.mark.enable_socket
def test_a_report_ends_no_link_of_the_messages_before(council: Deployment, broken: dict[str, SendResult]) -> None:
    broken["officer"] = REFUSED
    alert(council, in_days=0)
    pass_time(council, minutes=5, step=1)
    assert told(council) == ["head"]
    before = [mail for mail in council.mails() if "//head." in mail.route and links_of(mail.message.text)]
    with open_api(council) as api:
        page = api.ask(None, "GET", links_of(before[-1].message.text)[0])
    assert page.status_code == 200
    assert "C-" in page.text


def test_a_report_that_waits_is_replaced_by_no_message_about_a_case(
    council: Deployment, broken: dict[str, SendResult]
) -> None:
    broken |= {"officer": REFUSED, "head": BUSY}
    alert(council, in_days=20)
    council.tick(minutes=2)
    alert(council, 1, in_days=0)
    council.tick(minutes=2)
    del broken["head"]
    council.tick(minutes=1)
    council.tick(minutes=1)
    to_head = [mail.message.subject for mail in council.mails() if "//head." in mail.route]
    assert len([one for one in to_head if "cannot be reached" in one]) == 1
    assert len(to_head) >= 2


@pytest.mark.parametrize("seed", range(5))
def test_in_any_history_a_contact_is_reported_each_time_it_began_to_refuse(
    council: Deployment, broken: dict[str, SendResult], seed: int
) -> None:
    dice, began, known = random.Random(seed), 0, False
    for number in range(3):
        refuses = dice.random() < 0.6
        broken.clear()
        broken |= {"officer": REFUSED} if refuses else {}
        began += refuses and not known
        known = refuses
        alert(council, number, in_days=dice.randint(2, 30))
        pass_time(council, minutes=4 * 24 * 60, step=120)
        assert told(council) == ["head"] * began
