from __future__ import annotations

from typing import Any

import pytest

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.storage.tables import alert_cases, alerts, cases
from tests.support.deployment import Deployment
from tests.support.ledger import count, rows
from tests.support.one_line import ENTRY, NUMBER, after_first_alert, last_alert, notice, state
from tests.support.people import acknowledge_last, confirm_safe

pytestmark = [pytest.mark.slow]


@pytest.fixture
def alerted(deployment: Deployment) -> Deployment:
    return after_first_alert(deployment)


def withdrawn(name: str = "n1", **more: Any) -> dict[str, Any]:
    return notice(name, issued=2, status="withdrawn", **more)


def test_the_council_is_told_that_the_line_is_no_longer_to_be_switched(alerted: Deployment) -> None:
    alerted.post_notices(withdrawn())
    alerted.tick(seconds=31)
    first, last = alerted.mails()
    assert first.route == last.route
    assert "No longer planned: switch of 1 alarm line" in last.message.subject
    assert last_alert(alerted)[1] == "notice_withdrawn"


def test_it_is_told_once(alerted: Deployment) -> None:
    alerted.post_notices(withdrawn())
    alerted.tick(days=30)
    assert len(alerted.mails()) == 2
    assert count(alerted, cases, cases.c.due_at.is_not(None)) == 0


def test_it_is_told_also_when_somebody_was_acting(alerted: Deployment) -> None:
    acknowledge_last(alerted)
    alerted.post_notices(withdrawn())
    alerted.tick(seconds=31)
    assert last_alert(alerted)[1] == "notice_withdrawn"


def test_it_is_told_also_when_the_resident_was_safe(alerted: Deployment) -> None:
    confirm_safe(alerted)
    alerted.post_notices(withdrawn())
    alerted.tick(seconds=31)
    assert last_alert(alerted)[1] == "notice_withdrawn"


def test_a_line_the_council_never_heard_of_is_withdrawn_without_a_word(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=80))
    deployment.tick(days=1)
    deployment.post_notices(withdrawn(in_days=80))
    deployment.tick(days=90)
    assert (state(deployment), deployment.mails()) == ("notice_withdrawn", [])


def test_many_withdrawn_at_once_are_told_in_one_message(deployment: Deployment) -> None:
    desk = Contact(person="duty desk", channel="route", address="mailto://desk.example")
    tiers = (Tier(label="duty", from_days=56, contacts=(desk,)),)
    deployment.with_officers(CouncilPolicy(tiers=tiers, relaxed_without_consent=40, one_digest_a_day=False))
    numbers = [f"01632 960{number:03}" for number in range(40)]
    deployment.put_entries(*({**ENTRY, "entry_id": f"e{number}", "cli": number} for number in numbers))
    deployment.post_notices(*(notice(f"n{number}") | {"cli": number} for number in numbers))
    deployment.tick(seconds=31)
    for number in numbers:
        deployment.post_notices(withdrawn(f"n{number}") | {"cli": number})
    deployment.tick(seconds=31)
    _, mail = deployment.mails()
    assert "switch of 40 alarm lines" in mail.message.subject
    assert count(deployment, alert_cases) == 80


def test_what_needs_action_and_what_is_over_are_told_in_messages_of_their_own(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY, ENTRY | {"entry_id": "e2", "cli": "01632 960124"})
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    deployment.post_notices(withdrawn(), notice("n2") | {"cli": "01632 960124"})
    deployment.tick(seconds=31)
    assert {alert.reason for alert in rows(deployment, alerts)[1:]} == {"first_alert", "notice_withdrawn"}
    assert len(deployment.mails()) == 3


def test_it_waits_for_the_morning(deployment: Deployment) -> None:
    desk = Contact(person="duty desk", channel="route", address="mailto://desk.example")
    deployment.with_officers(CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=(desk,)),)))
    alerted = after_first_alert(deployment)
    alerted.tick(hours=14)
    told = len(alerted.mails())
    alerted.post_notices(withdrawn())
    alerted.tick(hours=1)
    assert len(alerted.mails()) == told
    alerted.tick(hours=12)
    assert len(alerted.mails()) == told + 1


def test_it_waits_for_the_morning_also_when_nobody_could_send_it_by_day(alerted: Deployment) -> None:
    alerted.post_notices(withdrawn())
    alerted.settle()
    alerted.clock.advance(hours=14)
    alerted.tick(minutes=1)
    assert len(alerted.mails()) == 1
    alerted.tick(hours=12)
    assert last_alert(alerted)[1] == "notice_withdrawn"


def test_a_notice_that_comes_back_before_it_was_told_is_not_said_to_be_withdrawn(alerted: Deployment) -> None:
    alerted.post_notices(withdrawn())
    alerted.settle()
    alerted.post_notices(notice(issued=3))
    alerted.tick(seconds=31)
    assert [alert.reason for alert in rows(alerted, alerts)] == ["first_alert", "something_changed"]


def test_a_notice_that_comes_back_opens_the_case_and_is_told_as_at_first(alerted: Deployment) -> None:
    alerted.post_notices(withdrawn())
    alerted.tick(hours=1)
    alerted.post_notices(notice(issued=3))
    alerted.tick(seconds=31)
    assert (state(alerted), last_alert(alerted)[1], len(alerted.mails())) == ("open", "first_alert", 3)
    alerted.post_notices(withdrawn() | {"issued_at": "2026-11-04T09:00:00Z"})
    alerted.tick(hours=1)
    assert (last_alert(alerted)[1], len(alerted.mails())) == ("notice_withdrawn", 4)


def test_a_match_lost_to_a_mistyped_number_is_told_as_well(alerted: Deployment) -> None:
    changed = {**ENTRY, "cli": "01632 960999", "updated_at": "2026-11-20T09:00:00Z"}
    alerted.put_entries(changed)
    alerted.tick(seconds=31)
    mail = alerted.mails()[-1].message
    assert "check that its telephone number" in " ".join(mail.text.split())
    assert NUMBER not in mail.text


def test_a_service_that_the_council_ended_itself_is_not_told_to_it(alerted: Deployment) -> None:
    alerted.put_entries(ENTRY | {"service_status": "ended", "updated_at": "2026-11-20T09:00:00Z"})
    alerted.tick(days=1)
    assert (state(alerted), len(alerted.mails())) == ("service_ended", 1)


def test_the_message_is_not_sent_when_its_case_is_open_again(alerted: Deployment) -> None:
    alerted.post_notices(withdrawn())
    alerted.settle()
    alerted.clock.advance(seconds=31)
    alerted.engine.run_due()
    assert last_alert(alerted)[1] == "notice_withdrawn"
    alerted.post_notices(notice(issued=3))
    alerted.tick(seconds=31)
    assert [mail.message.subject.startswith("No longer") for mail in alerted.mails()] == [False, False]


def test_a_date_moved_and_the_notice_then_withdrawn_before_that_was_told_is_told_as_withdrawn(
    alerted: Deployment,
) -> None:
    alerted.post_notices(notice(issued=2, in_days=5, status="rescheduled"))
    alerted.settle()
    alerted.post_notices(notice(issued=3, in_days=5, status="withdrawn"))
    alerted.tick(seconds=31)
    assert [alert.reason for alert in rows(alerted, alerts)] == ["first_alert", "notice_withdrawn"]


def test_a_notice_that_comes_back_for_a_far_day_and_goes_again_is_not_told_twice(alerted: Deployment) -> None:
    alerted.post_notices(withdrawn())
    alerted.tick(hours=1)
    alerted.post_notices(notice(issued=3, in_days=80))
    alerted.tick(hours=1)
    alerted.post_notices(notice(issued=4, in_days=80, status="withdrawn"))
    alerted.tick(days=90)
    assert [alert.reason for alert in rows(alerted, alerts)] == ["first_alert", "notice_withdrawn"]


def test_a_message_that_is_on_its_way_is_not_written_again_when_the_case_is_looked_at(alerted: Deployment) -> None:
    alerted.post_notices(withdrawn())
    alerted.settle()
    alerted.clock.advance(seconds=31)
    alerted.engine.run_due()
    alerted.post_notices(withdrawn() | {"issued_at": "2026-11-20T08:00:00Z"})
    alerted.put_entries(ENTRY | {"updated_at": "2026-11-20T08:00:00Z", "postcode": "FY1 1AA"})
    alerted.settle()
    alerted.clock.advance(seconds=31)
    alerted.engine.run_due()
    assert [alert.reason for alert in rows(alerted, alerts)] == ["first_alert", "notice_withdrawn"]


def test_a_message_that_reached_nobody_is_written_again_after_a_day(alerted: Deployment) -> None:
    alerted.channel.results = [SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")] * 1_000
    alerted.post_notices(withdrawn())
    alerted.tick(seconds=31)
    alerted.tick(hours=23)
    assert [alert.reason for alert in rows(alerted, alerts)] == ["first_alert", "notice_withdrawn"]
    alerted.tick(hours=2)
    assert [alert.reason for alert in rows(alerted, alerts)] == ["first_alert"] + ["notice_withdrawn"] * 2


@pytest.mark.parametrize(("result", "told"), [("in_doubt", 1), ("failed_temporary", 0)])
def test_a_message_that_may_have_come_before_the_notice_was_withdrawn_is_followed_by_the_word_of_that(
    deployment: Deployment, result: str, told: int
) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    deployment.channel.results = [SendResult(SendOutcome(result), "timed_out")]
    deployment.tick(seconds=31)
    deployment.post_notices(withdrawn())
    deployment.tick(minutes=2)
    deployment.tick(minutes=2)
    assert [mail.message.subject.startswith("No longer") for mail in deployment.mails()] == [True] * told


@pytest.mark.parametrize(("first", "sent"), [("in_doubt", 1), ("failed_temporary", 0)])
@pytest.mark.parametrize("then", ["in_doubt", "failed_temporary"])
def test_nor_is_it_forgotten_when_a_newer_message_has_taken_its_place(
    deployment: Deployment, first: str, then: str, sent: int
) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    deployment.channel.results = [SendResult(SendOutcome(first), "timed_out")] * 200
    deployment.tick(seconds=31)
    deployment.channel.results = [SendResult(SendOutcome(then), "timed_out")] * 200
    for _ in range(61):
        deployment.tick(minutes=1)
    deployment.post_notices(withdrawn())
    deployment.channel.results = []
    for _ in range(3):
        deployment.tick(minutes=2)
    expected = sent if then != "in_doubt" else 1
    subjects = [mail.message.subject for mail in deployment.mails() if mail.route == "mailto://desk.example"]
    assert [subject.startswith("No longer") for subject in subjects] == [True] * expected
