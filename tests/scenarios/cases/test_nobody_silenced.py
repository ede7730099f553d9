from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from schemas.codes import CaseEvent, CaseState
from services.alerts.case.acts import acknowledge, read_record
from services.alerts.case.recompute import recompute
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.storage.feeds import add_feed
from services.storage.tables import feeds
from tests.support.contacts import set_verified_policy
from tests.support.deployment import BLACKPOOL, RAVEN, Deployment
from tests.support.http import Api
from tests.support.people import acknowledge_last, confirm_hold, confirm_safe

ENTRY = {"entry_id": "e1", "cli": "01632 960123", "postcode": "FY3 8AB", "address_lines": ["14 Lapwing Close"]}
NOTICE = {
    "id": "n1",
    "cli": "01632 960123",
    "planned_migration_date": "2026-12-03",
    "issued_at": "2026-11-20T09:00:00Z",
}
HERON = "provider:HERN"
DESK = Contact(person="duty desk", channel="route", address="mailto://desk.example")


def acknowledge_alert(deployment: Deployment, mail: int) -> None:
    alert = deployment.mails()[mail].reference.partition(".")[0]
    acknowledge(deployment.store, alert, read_record(CaseEvent.ACKNOWLEDGE, {"by": "Asha Patel"}))


@pytest.fixture
def alerted(deployment: Deployment) -> Deployment:
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.tick(seconds=31)
    return deployment


def test_an_old_alert_s_acknowledgement_silences_no_newer_one(alerted: Deployment) -> None:
    alerted.post_notices({**NOTICE, "planned_migration_date": "2026-11-26", "issued_at": "2026-11-23T10:00:00Z"})
    alerted.tick(minutes=1)
    assert len(alerted.mails()) == 2
    acknowledge_alert(alerted, 0)
    assert alerted.cases()[0].state is CaseState.OPEN
    acknowledge_alert(alerted, 1)
    assert alerted.cases()[0].state is CaseState.ACKNOWLEDGED


def test_an_old_alert_s_acknowledgement_silences_no_tighter_threshold(alerted: Deployment) -> None:
    alerted.tick(days=3, hours=23, minutes=5)
    assert len(alerted.mails()) > 1
    acknowledge_alert(alerted, 0)
    assert alerted.cases()[0].state is CaseState.OPEN


def news(deployment: Deployment, noise: random.Random, number: int) -> None:
    stamp = f"2026-11-23T10:{number:02}:00Z"
    day = date(2026, 12, 3) - timedelta(days=number)
    earlier = {**NOTICE, "planned_migration_date": str(day), "issued_at": stamp}
    barred = {**earlier, "restriction_start_date": str(day - timedelta(days=1))}
    other = {**earlier, "id": f"h{number}"}
    chosen = noise.choice([earlier, barred, other])
    deployment.post_notices(chosen, feed=HERON if chosen is other else RAVEN)


@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_new_since_a_message_its_acknowledgement_silences_nothing_of_it(
    alerted: Deployment, seed: int
) -> None:
    noise = random.Random(seed)
    add_feed(alerted.store, "provider", "HERN", "Heron Lines")
    for number in range(1, noise.randint(2, 5)):
        news(alerted, noise, number)
        alerted.tick(minutes=1)
    told = len(alerted.mails())
    assert told > 1
    acknowledge_alert(alerted, noise.randrange(told - 1))
    assert alerted.cases()[0].state is not CaseState.ACKNOWLEDGED
    alerted.tick(days=7)
    assert len(alerted.mails()) > told
    acknowledge_last(alerted)
    assert alerted.cases()[0].paused_until is not None


def test_a_match_that_becomes_sure_is_told_though_the_possible_one_was_acknowledged(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(
        {"id": "a1", "scope": "postcode", "area_codes": ["FY3"], "planned_migration_date": "2026-12-03"}
    )
    deployment.tick(seconds=31)
    acknowledge_alert(deployment, 0)
    deployment.post_notices(NOTICE)
    deployment.tick(minutes=1)
    assert (len(deployment.mails()), deployment.cases()[0].state) == (2, CaseState.OPEN)


@pytest.mark.parametrize("thresholds", [(90, 56, 28, 14, 7, 2, 0), (120, 56, 28, 14, 7, 2, 0), (85, 28, 14, 7, 2, 0)])
def test_a_wider_threshold_reaches_an_open_case_at_once(deployment: Deployment, thresholds: tuple[int, ...]) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices({**NOTICE, "planned_migration_date": "2027-02-15"})
    deployment.tick(minutes=1)
    assert deployment.mails() == []
    repeats = {days: 5 if days > 14 else 2 if days > 2 else 1 for days in thresholds}
    tiers = (Tier(label="duty", from_days=thresholds[0], contacts=(DESK,)),)
    wider = CouncilPolicy(
        thresholds=thresholds, possible_thresholds=(28, 14, 7, 2, 0), repeat_days=repeats, tiers=tiers
    )
    set_verified_policy(deployment.store, BLACKPOOL, wider)
    assert recompute(deployment.store, deployment.ruleset, BLACKPOOL) == 1
    deployment.tick(minutes=1)
    assert len(deployment.mails()) == 1


def test_a_first_contact_is_told_at_once_about_what_nobody_was_told(deployment: Deployment) -> None:
    set_verified_policy(deployment.store, BLACKPOOL, CouncilPolicy())
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    object.__setattr__(deployment.engine, "fallback", ())
    deployment.tick(minutes=1)
    assert deployment.mails() == []
    tiers = (Tier(label="duty", from_days=56, contacts=(DESK,)),)
    set_verified_policy(deployment.store, BLACKPOOL, CouncilPolicy(tiers=tiers))
    deployment.tick(minutes=1)
    assert [mail.route for mail in deployment.mails()] == ["mailto://desk.example"]


@pytest.mark.parametrize("ahead", [timedelta(days=400), timedelta(days=12), timedelta(days=3650)])
def test_what_a_clock_ahead_did_is_undone_once_it_is_right(alerted: Deployment, ahead: timedelta) -> None:
    confirm_safe(alerted)
    right = alerted.clock.now()
    alerted.clock.set(right + ahead)
    alerted.tick(seconds=30)
    assert alerted.cases()[0].state is CaseState.MIGRATED
    alerted.clock.set(right + timedelta(minutes=2))
    alerted.tick(minutes=1)
    assert alerted.cases()[0].state is CaseState.CONFIRMED_SAFE


@pytest.mark.parametrize("seed", range(10))
def test_wherever_a_case_stands_a_clock_ahead_leaves_it_there_once_it_is_right(alerted: Deployment, seed: int) -> None:
    noise = random.Random(seed)
    acts: list[Callable[[Deployment], object]] = [
        lambda _: None,
        acknowledge_last,
        confirm_safe,
        lambda deployment: confirm_hold(deployment, "2026-12-20"),
    ]
    noise.choice(acts)(alerted)
    alerted.tick(minutes=1)
    before, right = alerted.cases()[0].state, alerted.clock.now()
    alerted.clock.set(right + timedelta(days=noise.randint(2, 800), minutes=noise.randint(0, 1_439)))
    alerted.tick(seconds=noise.randint(1, 60))
    alerted.clock.set(right + timedelta(minutes=noise.randint(1, 5)))
    alerted.tick(minutes=1)
    assert alerted.cases()[0].state is before


@pytest.mark.parametrize("ahead", [timedelta(days=400), timedelta(days=30)])
def test_a_case_is_not_silent_after_a_clock_ahead(alerted: Deployment, ahead: timedelta) -> None:
    right = alerted.clock.now()
    alerted.clock.set(right + ahead)
    alerted.tick(seconds=30)
    told = len(alerted.mails())
    alerted.clock.set(right + timedelta(minutes=2))
    alerted.tick(days=3)
    assert len(alerted.mails()) > told


def test_an_old_link_says_that_something_has_changed_and_acknowledges_nothing(api: Api) -> None:
    _, _, link = api.alerted_case()
    moved = {**NOTICE, "planned_migration_date": "2026-11-26", "issued_at": "2026-11-23T10:00:00Z"}
    api.deployment.post_notices(moved)
    # The message about the new day is not out yet. When it is, the link has ended.
    api.deployment.settle()
    for method, sent in (("GET", {}), ("POST", {"data": {"name": "Asha Patel"}})):
        page = api.ask(None, method, link, **sent)
        assert (page.status_code, "Something has changed" in page.text) == (409, True)
    assert api.deployment.cases()[0].state is CaseState.OPEN


def test_a_council_whose_policy_cannot_be_read_holds_up_no_other(alerted: Deployment) -> None:
    cardiff = add_feed(alerted.store, "council", "W06000015", "Cardiff")
    with alerted.store.writing() as connection:
        damaged = {"policy_version": 1, "policy_sealed": b"damaged"}
        connection.execute(update(feeds).where(feeds.c.feed_id == cardiff).values(damaged))
    told = len(alerted.mails())
    alerted.clock.advance(days=9)
    alerted.engine.run_due()
    alerted.dispatcher.run_due()
    assert [mail.route for mail in alerted.mails()[told:]].count("mailto://desk.example") == 1
