from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.claiming import claim
from services.core.clock import london_day, london_midnight
from services.runtime.gauges.gauges import SafetyGauges
from tests.support.deployment import Deployment
from tests.support.people import confirm_safe

BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
DOUBT = SendResult(SendOutcome.IN_DOUBT, "timed_out")
NEWEST = "pullcord_cases_past_date_newest_seconds"


def line(number: int, planned: str, issued: str = "2026-11-20T09:00:00Z") -> tuple[dict[str, str], dict[str, str]]:
    cli = f"01632 960{number:03}"
    entry = {"entry_id": f"e{number}", "cli": cli, "updated_at": "2026-11-01T09:00:00Z"}
    return entry, {"id": f"n{number}", "cli": cli, "planned_migration_date": planned, "issued_at": issued}


def add(deployment: Deployment, number: int, planned: str, issued: str = "2026-11-20T09:00:00Z") -> None:
    entry, notice = line(number, planned, issued)
    deployment.put_entries(entry)
    deployment.post_notices(notice)
    deployment.settle()


def gauge(deployment: Deployment, name: str) -> float | None:
    (family,) = [one for one in SafetyGauges(deployment.store).collect() if one.name == name]
    return family.samples[0].value if family.samples else None


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def first_messages(within: str = "+Inf") -> float:
    return counted("pullcord_first_message_seconds_bucket", le=within)


def test_without_a_line_past_its_date_nothing_says_when_one_came(deployment: Deployment) -> None:
    assert gauge(deployment, NEWEST) is None
    add(deployment, 1, "2026-12-03")
    assert gauge(deployment, NEWEST) is None


def test_a_line_comes_past_its_date_at_the_midnight_after_it(deployment: Deployment) -> None:
    add(deployment, 1, "2026-12-03")
    deployment.clock.advance(days=30)
    day = deployment.cases()[0].harm_on
    assert day is not None
    since = deployment.clock.now() - london_midnight(day + timedelta(days=1))
    assert gauge(deployment, NEWEST) == since.total_seconds()


def test_a_further_line_is_seen_although_another_is_confirmed_at_the_same_time(deployment: Deployment) -> None:
    add(deployment, 1, "2026-12-03")
    deployment.clock.advance(days=30)
    first = gauge(deployment, NEWEST)
    confirm_safe(deployment, "e1")
    add(deployment, 2, "2026-12-05")
    assert gauge(deployment, "pullcord_cases_past_date_unconfirmed") == 1
    assert first is not None
    # The notice came after its day, so the case has been past it since it was opened.
    assert gauge(deployment, NEWEST) == 0


@pytest.mark.parametrize("seed", range(5))
def test_of_any_lines_the_one_that_came_past_its_date_last_counts(deployment: Deployment, seed: int) -> None:
    chosen = random.Random(seed)
    for number in range(chosen.randint(1, 6)):
        add(deployment, number, f"2026-12-{chosen.randint(1, 28):02}")
        deployment.clock.advance(days=chosen.randint(0, 6))
    now = deployment.clock.now()
    past = [case for case in deployment.cases() if case.harm_on is not None and case.harm_on < london_day(now)]
    joined = [max(london_midnight(case.harm_on + timedelta(days=1)), case.opened_at) for case in past if case.harm_on]
    assert gauge(deployment, "pullcord_cases_past_date_unconfirmed") == len(past)
    assert gauge(deployment, NEWEST) == ((now - max(joined)).total_seconds() if joined else None)


def test_the_first_attempt_in_doubt_is_a_rise() -> None:
    for outcome in SendOutcome:
        assert REGISTRY.get_sample_value("pullcord_alert_deliveries_total", {"outcome": outcome.value}) is not None


@pytest.mark.parametrize("doubts", [1, 2, 3])
def test_each_attempt_in_doubt_is_counted(deployment: Deployment, doubts: int) -> None:
    before = counted("pullcord_alert_deliveries_total", outcome="in_doubt")
    add(deployment, 1, "2026-12-03")
    deployment.channel.results = [DOUBT] * doubts
    for _ in range(5):
        deployment.tick(seconds=31)
    assert counted("pullcord_alert_deliveries_total", outcome="in_doubt") == before + doubts


def test_an_attempt_that_died_with_its_process_is_counted_by_the_process_that_finds_it(deployment: Deployment) -> None:
    before = counted("pullcord_alert_deliveries_total", outcome="in_doubt")
    add(deployment, 1, "2026-12-03")
    deployment.clock.advance(seconds=31)
    deployment.engine.run_due()
    assert claim(deployment.store, deployment.dispatcher.pool, ())
    deployment.tick(minutes=1)
    assert len(deployment.mails()) == 1
    assert counted("pullcord_alert_deliveries_total", outcome="in_doubt") == before + 1


def test_a_first_message_that_goes_out_at_once_is_timed_from_when_it_was_due(deployment: Deployment) -> None:
    every, prompt = first_messages(), first_messages("60.0")
    add(deployment, 1, "2026-12-03")
    deployment.tick(seconds=31)
    assert (first_messages(), first_messages("60.0")) == (every + 1, prompt + 1)


def test_a_first_message_that_a_channel_refused_for_a_while_is_late(deployment: Deployment) -> None:
    every, prompt = first_messages(), first_messages("120.0")
    add(deployment, 1, "2026-12-03")
    deployment.channel.results = [BUSY] * 6
    for _ in range(7):
        deployment.tick(seconds=31)
    assert (first_messages(), first_messages("120.0")) == (every + 1, prompt)


def test_only_the_first_message_about_a_case_is_timed(deployment: Deployment) -> None:
    every = first_messages()
    add(deployment, 1, "2026-12-03")
    for _ in range(12):
        deployment.tick(hours=24)
    assert len(deployment.mails()) > 1
    assert first_messages() == every + 1


def test_a_night_in_which_a_council_is_not_to_be_woken_makes_no_message_late(deployment: Deployment) -> None:
    every, prompt = first_messages(), first_messages("60.0")
    deployment.clock.set(datetime(2026, 11, 23, 23, 0, tzinfo=UTC))
    add(deployment, 1, "2026-12-28")
    deployment.tick(seconds=31)
    assert deployment.mails() == []
    deployment.clock.set(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    deployment.tick(seconds=31)
    assert len(deployment.mails()) == 1
    assert first_messages() == every + 1
    assert first_messages("60.0") == prompt + 1


@pytest.mark.parametrize("seed", range(4))
def test_a_first_message_is_timed_once_whatever_happens_on_the_way(deployment: Deployment, seed: int) -> None:
    chosen, every = random.Random(seed), first_messages()
    for number in range(chosen.randint(1, 5)):
        add(deployment, number, f"2026-12-{chosen.randint(1, 28):02}")
    cases = len(deployment.cases())
    deployment.channel.results = [chosen.choice([BUSY, DOUBT]) for _ in range(chosen.randint(0, 5))]
    for _ in range(12):
        deployment.tick(seconds=chosen.randint(20, 90))
    assert deployment.channel.results == []
    assert first_messages() == every + cases
