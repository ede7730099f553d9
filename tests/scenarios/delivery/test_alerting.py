from __future__ import annotations

import random

import pytest

from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.storage.feeds import add_feed
from services.storage.tables import alert_cases, alerts, cases
from tests.support.deployment import Deployment
from tests.support.ledger import count, rows
from tests.support.one_line import ENTRY, after_first_alert, last_alert, notice, state
from tests.support.people import acknowledge_last, confirm_safe, pass_post_check


@pytest.fixture
def alerted(deployment: Deployment) -> Deployment:
    return after_first_alert(deployment)


def test_five_hundred_new_cases_are_told_in_one_message_that_says_500(deployment: Deployment) -> None:
    numbers = [f"01632 960{number:03}" for number in range(500)]
    deployment.put_entries(*({**ENTRY, "entry_id": f"e{number}", "cli": number} for number in numbers))
    deployment.post_notices(*(notice(f"n{number}") | {"cli": number} for number in numbers))
    deployment.tick(seconds=31)
    (mail,) = deployment.mails()
    assert "500" in mail.message.subject
    (alert,) = rows(deployment, alerts)
    assert (alert.cases, count(deployment, alert_cases)) == (500, 500)
    assert count(deployment, cases, cases.c.last_alert_at.is_not(None)) == 500


@pytest.mark.parametrize("gathering", [0, 30, 60])
def test_the_first_alert_of_a_case_leaves_within_a_minute(deployment: Deployment, gathering: int) -> None:
    desk = Contact(person="duty desk", channel="route", address="mailto://desk.example")
    tier = Tier(label="duty", from_days=56, contacts=(desk,))
    deployment.with_officers(CouncilPolicy(tiers=(tier,), grouping_seconds=gathering))
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    deployment.tick(seconds=60)
    assert len(deployment.mails()) == 1


def test_a_case_that_comes_while_others_gather_joins_their_message(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY, ENTRY | {"entry_id": "e2", "cli": "01632 960124"})
    deployment.post_notices(notice())
    deployment.tick(seconds=20)
    deployment.post_notices(notice("n2") | {"cli": "01632 960124"})
    deployment.tick(seconds=11)
    (alert,) = rows(deployment, alerts)
    assert (alert.cases, len(deployment.mails())) == (2, 1)


@pytest.mark.parametrize("seed", range(3))
def test_news_every_few_seconds_does_not_put_the_first_alert_off(deployment: Deployment, seed: int) -> None:
    dice, day, seconds = random.Random(seed), 50, 0
    deployment.put_entries(ENTRY)
    for version in range(1, 29):
        deployment.post_notices(notice(issued=version, in_days=day))
        # Nearly always a nearer day, which is news that no earlier alert covers.
        day += dice.choice((-1, -1, -1, 2))
        pause = dice.randint(1, 29)
        deployment.tick(seconds=pause)
        seconds += pause
        assert deployment.mails() or seconds < 60


def test_two_councils_are_told_apart(deployment: Deployment) -> None:
    cardiff = add_feed(deployment.store, "council", "W06000015", "Cardiff")
    deployment.put_entries(ENTRY)
    deployment.put_entries(ENTRY, feed=cardiff)
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    assert sorted(alert.feed_id for alert in rows(deployment, alerts)) == ["council:E06000009", cardiff]


@pytest.mark.parametrize(
    ("in_days", "threshold"), [(50, 56), (28, 28), (20, 28), (14, 14), (7, 7), (2, 2), (0, 0), (-3, 0)]
)
def test_a_late_notice_enters_at_the_level_its_date_demands(
    deployment: Deployment, in_days: int, threshold: int
) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=in_days))
    deployment.tick(seconds=31)
    assert last_alert(deployment) == (threshold, "first_alert")


def test_a_date_beyond_the_first_threshold_is_told_when_it_is_reached(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=60))
    deployment.tick(days=3, hours=20)
    assert deployment.mails() == []
    deployment.tick(hours=4)
    assert last_alert(deployment) == (56, "first_alert")


def test_a_notice_without_a_date_is_told_at_once(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=None))
    deployment.tick(seconds=31)
    assert last_alert(deployment)[1] == "date_unknown"


def test_every_threshold_is_told_to_the_day_though_nobody_answers(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=60))
    told = set()
    for _ in range(64):
        deployment.tick(days=1)
        told |= {alert.threshold for alert in rows(deployment, alerts)}
    assert told == {56, 28, 14, 7, 2, 0}


def test_a_date_moved_earlier_escalates_at_once_though_it_was_acknowledged(alerted: Deployment) -> None:
    acknowledge_last(alerted)
    alerted.post_notices(notice(issued=2, in_days=5))
    alerted.tick(seconds=61)
    assert (state(alerted), last_alert(alerted)[0], len(alerted.mails())) == ("open", 7, 2)


def test_a_date_moved_later_does_not_page_again_at_once(alerted: Deployment) -> None:
    acknowledge_last(alerted)
    alerted.post_notices(notice(issued=2, in_days=40))
    alerted.tick(hours=1)
    assert (state(alerted), len(alerted.mails())) == ("acknowledged", 1)


def test_the_clock_runs_to_the_restriction_where_that_comes_first(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=60, restriction_start_date="2026-11-29"))
    deployment.tick(seconds=31)
    assert last_alert(deployment)[0] == 7


def test_a_line_whose_restriction_has_begun_is_an_alarm_of_its_own(alerted: Deployment) -> None:
    acknowledge_last(alerted)
    alerted.post_notices(notice(issued=2, restriction_start_date="2026-11-25"))
    alerted.tick(seconds=61)
    alerted.tick(days=1, hours=14)
    assert state(alerted) == "line_restricted"
    assert last_alert(alerted) == (0, "urgent_state")


def test_a_line_that_moved_before_anyone_confirmed_is_an_alarm_of_its_own(alerted: Deployment) -> None:
    alerted.post_notices(notice(issued=2, status="completed"))
    alerted.tick(seconds=61)
    assert state(alerted) == "migrated_unconfirmed"
    assert last_alert(alerted) == (0, "urgent_state")
    assert len(alerted.mails()) == 2


def test_a_line_put_back_is_an_alarm_of_its_own(alerted: Deployment) -> None:
    alerted.post_notices(notice(issued=2, status="reverted"))
    alerted.tick(seconds=61)
    assert (state(alerted), len(alerted.mails())) == ("reverted", 2)


def test_after_the_move_a_confirmed_line_is_told_of_until_the_test_call(alerted: Deployment) -> None:
    confirm_safe(alerted)
    alerted.post_notices(notice(issued=2, status="completed"))
    alerted.tick(seconds=61)
    assert (state(alerted), last_alert(alerted)) == ("migrated", (0, "post_check"))
    alerted.tick(days=2)
    told = len(alerted.mails())
    assert told > 2
    pass_post_check(alerted)
    alerted.tick(days=30)
    assert (state(alerted), len(alerted.mails())) == ("post_check_passed", told)


def test_nobody_is_paged_in_quiet_hours_for_a_day_that_is_far_off(deployment: Deployment) -> None:
    deployment.clock.advance(hours=13)
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=30))
    deployment.tick(hours=9)
    assert deployment.mails() == []
    deployment.tick(hours=2)
    assert len(deployment.mails()) == 1


def test_quiet_hours_do_not_hold_back_what_happens_within_two_days(deployment: Deployment) -> None:
    deployment.clock.advance(hours=13)
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=2))
    deployment.tick(seconds=31)
    assert len(deployment.mails()) == 1


def test_quiet_hours_do_not_hold_back_a_line_that_moved_unconfirmed(alerted: Deployment) -> None:
    alerted.tick(hours=13)
    told = len(alerted.mails())
    alerted.post_notices(notice(issued=2, status="completed"))
    alerted.tick(seconds=61)
    assert len(alerted.mails()) == told + 1


def test_one_acknowledgement_pauses_every_case_of_the_alert(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY, ENTRY | {"entry_id": "e2"})
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    assert len(acknowledge_last(deployment).cases) == 2
    assert {case.state for case in deployment.cases()} == {"acknowledged"}
