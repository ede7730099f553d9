from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.alerts.delivery.drills.running import DrillRunner
from services.core.clock import LONDON
from services.storage.feeds import add_feed
from services.storage.tables import audit, deliveries, drills
from tests.scenarios.drills.drilled import (
    CARDIFF,
    HOUR,
    LINKS_LAST,
    begin,
    drill_mails,
    go_on_to,
    routes,
    run_drills,
    set_policy_of_blackpool,
    states,
    two_tiers,
    with_cardiff,
)
from tests.support.clock import START
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import rows


@pytest.fixture
def council(deployment: Deployment) -> Deployment:
    return set_policy_of_blackpool(deployment, two_tiers())


def days(deployment: Deployment) -> list[str]:
    """Return each drill's start in London time."""
    return [f"{row.started_at.astimezone(LONDON):%d %b %Y %H:%M}" for row in rows(deployment, drills)]


def test_a_drill_goes_out_once_a_month_at_its_hour(council: Deployment) -> None:
    for month in (
        datetime(2026, 12, 1, tzinfo=UTC),
        *(datetime(2027, number, 1, tzinfo=UTC) for number in range(1, 5)),
    ):
        council.clock.set(month - timedelta(hours=2))
        go_on_to(council, month + timedelta(days=6))
    # 1 January is a bank holiday. The clocks change in March.
    assert days(council) == [
        "01 Dec 2026 11:00",
        "04 Jan 2027 11:00",
        "01 Feb 2027 11:00",
        "01 Mar 2027 11:00",
        "01 Apr 2027 11:00",
    ]


def test_nothing_goes_out_before_the_hour(council: Deployment) -> None:
    council.clock.set(HOUR - timedelta(seconds=1))
    assert (run_drills(council), drill_mails(council)) == (0, [])
    council.clock.advance(seconds=1)
    run_drills(council)
    assert routes(council) == ["mailto://desk.example"]


def test_a_message_says_at_once_that_it_is_a_drill(council: Deployment) -> None:
    begin(council)
    (mail,) = drill_mails(council)
    assert mail.message.subject.startswith("DRILL, no line is at risk: please confirm that you read this (Blackpool)")
    assert mail.message.text.splitlines()[0] == "DRILL for Blackpool"
    assert "No line is at risk because of it" in mail.message.text.splitlines()[2]
    assert mail.message.html.index("<strong>DRILL.</strong> This is a drill.") < mail.message.html.index("<h1")


def test_a_month_that_begins_with_a_weekend_has_its_drill_on_monday(council: Deployment) -> None:
    council.clock.set(datetime(2027, 4, 30, 23, tzinfo=UTC))
    go_on_to(council, datetime(2027, 5, 5, tzinfo=UTC))
    # Monday 3 May is a bank holiday.
    assert days(council)[-1] == "04 May 2027 11:00"


def test_a_bank_holiday_of_the_nation_alone_counts(deployment: Deployment) -> None:
    add_feed(deployment.store, "council", "S12000033", "Aberdeen")
    deployment.clock.set(datetime(2027, 1, 1, 0, tzinfo=UTC))
    go_on_to(deployment, datetime(2027, 1, 6, tzinfo=UTC))
    began = {row.feed_id: row.started_at for row in rows(deployment, drills)}
    # Monday 4 January stands in for 2 January in Scotland only.
    assert began[BLACKPOOL] == datetime(2027, 1, 4, 11, tzinfo=UTC)
    assert began["council:S12000033"] == datetime(2027, 1, 5, 11, tzinfo=UTC)


def test_the_day_and_the_hour_are_those_of_the_policy(deployment: Deployment) -> None:
    set_policy_of_blackpool(deployment, two_tiers(drill_working_day=3, drill_hours_after_start=5))
    go_on_to(deployment, datetime(2026, 12, 10, tzinfo=UTC))
    assert days(deployment) == ["03 Dec 2026 14:00"]


def test_a_service_that_was_down_at_the_hour_begins_it_on_the_next_working_day(council: Deployment) -> None:
    council.clock.set(HOUR + timedelta(hours=1))
    assert run_drills(council) == 0
    go_on_to(council, HOUR + timedelta(days=3))
    assert days(council) == ["02 Dec 2026 11:00"]


def test_a_council_that_was_added_in_the_month_begins_with_the_next(deployment: Deployment) -> None:
    deployment.clock.set(datetime(2026, 12, 1, 8, tzinfo=UTC))
    with_cardiff(deployment)
    go_on_to(deployment, datetime(2027, 1, 6, tzinfo=UTC))
    assert [month for feed, month, _ in states(deployment) if feed == CARDIFF] == ["2027-01"]


def test_two_processes_at_the_same_time_begin_one_drill(council: Deployment) -> None:
    council.clock.set(HOUR)
    runners = [DrillRunner(council.store, LINKS_LAST) for _ in range(3)]
    assert [runner.run_once() for runner in runners] == [1, 0, 0]
    council.tick()
    assert routes(council) == ["mailto://desk.example"]


class KilledError(Exception):
    """Simulates the end of a process at a commit."""


@pytest.mark.parametrize("lost", range(1, 5))
def test_a_service_that_is_killed_at_any_commit_sends_one_drill(
    council: Deployment, lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    council.clock.set(HOUR)
    whole, seen = type(council.store).writing, 0

    def writing(store: object) -> object:
        nonlocal seen
        seen += 1
        if seen == lost:
            raise KilledError
        return whole(store)  # type: ignore[arg-type]

    monkeypatch.setattr(type(council.store), "writing", writing)
    for _ in range(2):
        try:
            run_drills(council)
        except KilledError:
            continue
    council.tick(minutes=2)
    assert routes(council) == ["mailto://desk.example"]
    assert [(feed, month) for feed, month, _ in states(council)] == [(BLACKPOOL, "2026-12")]


def test_a_message_that_cannot_be_sent_by_day_does_not_come_by_night(council: Deployment) -> None:
    council.clock.set(HOUR)
    DrillRunner(council.store, LINKS_LAST).run_once()
    council.clock.set(datetime(2026, 12, 1, 22, tzinfo=UTC))
    council.tick()
    assert drill_mails(council) == []
    assert [row.state for row in rows(council, deliveries)] == ["not_needed"]


def test_each_step_is_on_record_without_a_name(council: Deployment) -> None:
    begin(council)
    words = [row.action for row in rows(council, audit, audit.c.at >= START + timedelta(days=5))]
    assert words == ["alert_intended", "drill_started", "attempt_started", "delivery_sent"]
