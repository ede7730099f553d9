from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.core.days.feed_rhythm import GAPS_KEPT, WITHOUT_RHYTHM, allowed_silence
from services.runtime.bootstrap import operator_policy
from services.runtime.cli.commands.running.status_report import stand
from services.runtime.gauges.gauges import SafetyGauges
from services.runtime.settings import Settings
from services.storage.events.feed_history import days_heard
from services.storage.store import OperatorPolicy
from services.storage.tables import submissions
from tests.support.deployment import BLACKPOOL, RAVEN, Deployment
from tests.support.ledger import rows

DAY = 86_400.0


def send(deployment: Deployment, number: int) -> None:
    deployment.put_entries({"entry_id": f"e{number}", "cli": "01632 960123", "updated_at": "2026-11-01T09:00:00Z"})


def heard_at(deployment: Deployment, *gaps: float) -> None:
    """Send one submission now, and one more after each of the gaps, which are in days."""
    send(deployment, 0)
    for number, gap in enumerate(gaps, start=1):
        deployment.clock.advance(days=gap)
        send(deployment, number)


def figure(deployment: Deployment, name: str, feed: str = BLACKPOOL) -> float:
    (family,) = [one for one in SafetyGauges(deployment.store).collect() if one.name == name]
    return {sample.labels["feed"]: sample.value for sample in family.samples}[feed]


def allowed(deployment: Deployment, feed: str = BLACKPOOL) -> float:
    return figure(deployment, "pullcord_feed_silence_allowed_seconds", feed)


def silent(deployment: Deployment) -> set[str]:
    status = stand(deployment.store, Settings())
    assert all(any(feed in fault for fault in status.faults) for feed in status.silent_feeds)
    return set(status.silent_feeds)


def test_a_feed_that_is_new_or_was_never_heard_has_the_default(deployment: Deployment) -> None:
    heard_at(deployment, 1)
    assert allowed(deployment) == allowed(deployment, RAVEN) == WITHOUT_RHYTHM.total_seconds()
    deployment.clock.advance(days=7)
    assert silent(deployment) == set()
    deployment.clock.advance(days=1, seconds=1)
    assert silent(deployment) == {BLACKPOOL, RAVEN}


def test_a_weekly_feed_is_silent_after_a_week_and_a_half_and_a_monthly_one_is_not(deployment: Deployment) -> None:
    heard_at(deployment, 7, 7, 7, 7)
    deployment.clock.advance(days=10)
    assert BLACKPOOL not in silent(deployment)
    deployment.clock.advance(days=1)
    assert BLACKPOOL in silent(deployment)


def test_a_feed_that_sends_each_month_is_left_alone_for_a_month_and_a_half(deployment: Deployment) -> None:
    heard_at(deployment, 30, 30, 30)
    deployment.clock.advance(days=44)
    assert BLACKPOOL not in silent(deployment)
    deployment.clock.advance(days=2)
    assert BLACKPOOL in silent(deployment)


@pytest.mark.parametrize(
    ("setting", "value", "gaps", "days"),
    [
        ("silence_without_rhythm_days", 3.5, (1,), 3.5),
        ("silence_patience", 4.0, (7, 7, 7), 28),
        ("silence_shortest_days", 5.0, (1, 1, 1), 5),
    ],
)
def test_the_operator_sets_how_much_silence_is_too_much(
    deployment: Deployment, setting: str, value: float, gaps: tuple[float, ...], days: float
) -> None:
    policy = operator_policy(Settings(_env_file=None).model_copy(update={setting: value}))
    deployment.store = replace(deployment.store, policy=policy)
    heard_at(deployment, *gaps)
    assert allowed(deployment) == days * DAY
    deployment.clock.advance(days=days)
    assert BLACKPOOL not in silent(deployment)
    deployment.clock.advance(seconds=1)
    assert BLACKPOOL in silent(deployment)


def test_unless_it_is_set_the_policy_of_a_deployment_is_the_usual_one() -> None:
    assert operator_policy(Settings(_env_file=None)) == OperatorPolicy()


def test_many_submissions_of_one_day_are_heard_once(deployment: Deployment) -> None:
    heard_at(deployment, *[0.01] * 30, 7, *[0.01] * 5, 7, 7)
    assert 10 * DAY < allowed(deployment) < 11 * DAY


@pytest.mark.parametrize("seed", range(4))
def test_any_history_of_submissions_is_read_day_by_day(deployment: Deployment, seed: int) -> None:
    chosen = random.Random(seed)
    heard_at(deployment, *(chosen.choice([0.05, 0.4, 1, 2, 9]) for _ in range(chosen.randint(1, 40))))
    last: dict[object, datetime] = {}
    for row in rows(deployment, submissions):
        last[row.received_at.date()] = max(row.received_at, last.get(row.received_at.date(), row.received_at))
    newest = sorted(last.values())[-(GAPS_KEPT + 1) :]
    with deployment.store.reading() as connection:
        assert sorted(days_heard(connection, GAPS_KEPT + 1)[BLACKPOOL]) == newest
    assert allowed(deployment) == allowed_silence(newest) / timedelta(seconds=1)
