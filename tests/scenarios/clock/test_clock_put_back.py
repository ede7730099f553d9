from __future__ import annotations

import random
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import select

from services.alerts.case import put_back, recompute
from services.alerts.case.due_check import due_differences
from services.alerts.case.put_back import RECOMPUTED_EVERY, note_time, recompute_all
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.engine import Engine
from services.alerts.policy.store import councils_to_recompute, mark_recomputed, recompute_every_council
from services.audit.check import audit_differences
from services.storage.tables import engine_clock, feeds
from tests.scenarios.escalation.three_tiers import lines
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import cases_by_entry, rows
from tests.support.one_line import notice
from tests.support.people import acknowledge_last, confirm_hold

BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
AHEAD = [timedelta(minutes=40), timedelta(days=1), timedelta(days=5), timedelta(days=9), timedelta(days=400)]


def of_line(number: int, in_days: int) -> dict[str, object]:
    return notice(f"n{number}", in_days=in_days) | {"cli": f"01632 960{number:03}"}


@pytest.fixture
def council(deployment: Deployment) -> Deployment:
    deployment.put_entries(*lines(6))
    deployment.post_notices(*(of_line(number, 3 + 7 * number) for number in range(6)))
    deployment.tick(seconds=31)
    return deployment


def differences(deployment: Deployment) -> list[str]:
    with deployment.store.reading() as connection:
        checks = (audit_differences, due_differences)
        return [one.what for check in checks for one in check(connection, deployment.store)]


def is_to_be_recomputed(deployment: Deployment) -> bool:
    with deployment.store.reading() as connection:
        return councils_to_recompute(connection) == [BLACKPOOL]


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_every_due_time_is_what_is_owed_now(council: Deployment, ahead: timedelta) -> None:
    dice = random.Random(0)
    acknowledge_last(council)
    confirm_hold(council, "2026-12-20", entry="e2")
    right = council.clock.now() + timedelta(minutes=dice.randint(1, 4_000))
    council.clock.set(right + ahead)
    council.tick(seconds=dice.randint(0, 60))
    council.clock.set(right)
    assert differences(council) == [], "what the wrong clock wrote is not taken for a change by hand"
    council.tick(seconds=1)
    assert differences(council) == []
    latest = council.clock.now() + timedelta(days=7)
    assert all(case.due_at is not None and case.due_at <= latest for case in council.cases())


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_an_urgent_message_that_failed_while_the_clock_was_ahead_goes_within_a_minute(
    deployment: Deployment, ahead: timedelta
) -> None:
    deployment.put_entries(*lines(2))
    right = deployment.clock.now()
    deployment.clock.set(right + ahead)
    deployment.channel.results = [BUSY] * 1_000
    deployment.post_notices(of_line(0, in_days=1), of_line(1, in_days=1))
    for _ in range(5):
        deployment.tick(seconds=40)
    deployment.channel.results = []
    deployment.clock.set(right)
    for _ in range(6):
        deployment.tick(seconds=10)
    assert [mail.route for mail in deployment.mails()] == ["mailto://desk.example"]
    assert all(case.last_alert_at for case in deployment.cases())


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_a_message_that_is_not_urgent_goes_by_the_next_morning(deployment: Deployment, ahead: timedelta) -> None:
    deployment.put_entries(*lines(1))
    right = deployment.clock.now()
    deployment.clock.set(right + ahead)
    deployment.channel.results = [BUSY] * 1_000
    deployment.post_notices(of_line(0, in_days=50))
    for _ in range(5):
        deployment.tick(seconds=40)
    deployment.channel.results = []
    deployment.clock.set(right)
    # From ten on Monday until a minute past nine on Tuesday.
    for _ in range(24):
        deployment.tick(hours=1)
    assert "mailto://desk.example" in [mail.route for mail in deployment.mails()]


def test_it_is_found_once_and_the_next_looks_recompute_nothing(council: Deployment) -> None:
    council.tick(days=5)
    council.clock.advance(days=-5)
    with structlog.testing.capture_logs() as logs:
        for _ in range(5):
            council.tick(seconds=30)
    assert [one["event"] for one in logs if one["event"] == "clock_put_back"] == ["clock_put_back"]
    revisions = [case.revision for case in council.cases()]
    for _ in range(5):
        council.tick(seconds=30)
    assert [case.revision for case in council.cases()] == revisions


@pytest.mark.parametrize("by", [timedelta(seconds=1), timedelta(minutes=5)], ids=str)
def test_clocks_of_machines_that_differ_by_minutes_recompute_nothing(council: Deployment, by: timedelta) -> None:
    note_time(council.store, council.clock.now() + by)
    note_time(council.store, council.clock.now())
    assert not is_to_be_recomputed(council)


def test_two_machines_whose_clocks_stay_apart_recompute_every_ten_minutes_and_not_at_each_look(
    council: Deployment,
) -> None:
    found = 0
    for _ in range(60):
        note_time(council.store, council.clock.now() + timedelta(hours=1))
        note_time(council.store, council.clock.now())
        found += is_to_be_recomputed(council)
        council.engine.run_due()
        council.clock.advance(minutes=1)
    assert found == 60 * timedelta(minutes=1) // RECOMPUTED_EVERY


def test_of_several_workers_one_notices_and_whoever_recomputes_meanwhile_does_not_end_it(council: Deployment) -> None:
    council.tick(days=5)
    council.clock.advance(days=-5)
    with council.store.writing() as connection:
        # A worker is in the middle of recomputing after an edit when another notices the clock.
        note = connection.execute(select(feeds.c.policy_version, feeds.c.recomputed_version)).first()
    assert note is not None
    note_time(council.store, council.clock.now())
    note_time(council.store, council.clock.now())
    with council.store.writing() as connection:
        mark_recomputed(connection, BLACKPOOL, note.policy_version, before=note.recomputed_version)
    assert is_to_be_recomputed(council)
    council.engine.run_due()
    assert not is_to_be_recomputed(council)
    assert differences(council) == []


def test_a_second_request_while_the_first_is_at_work_is_kept(council: Deployment) -> None:
    for _ in range(3):
        recompute_all(council.store)
    (row,) = rows(council, feeds, feeds.c.feed_id == BLACKPOOL)
    with council.store.writing() as connection:
        recompute_every_council(connection)
        mark_recomputed(connection, BLACKPOOL, row.policy_version, before=row.recomputed_version)
    assert is_to_be_recomputed(council)


def test_a_crash_between_two_batches_leaves_the_request(council: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    council.tick(days=5)
    council.clock.advance(days=-5)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as failing:
        failing.setattr(recompute, "mark_recomputed", broken)
        with pytest.raises(RuntimeError):
            council.engine.run_due()
    assert is_to_be_recomputed(council)
    council.tick(seconds=1)
    assert not is_to_be_recomputed(council)
    assert differences(council) == []


def test_a_database_of_before_the_first_look_has_no_time_and_the_first_look_notes_one(deployment: Deployment) -> None:
    assert rows(deployment, engine_clock) == []
    deployment.engine.run_due()
    (row,) = rows(deployment, engine_clock)
    assert (row.latest_at, row.put_back_at) == (deployment.clock.now(), None)


def test_looks_within_a_minute_write_nothing(council: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    council.tick(seconds=61)
    monkeypatch.setattr(put_back, "save_engine_times", lambda *_: pytest.fail("a look within a minute has written"))
    for _ in range(5):
        council.tick(seconds=10)


def test_the_engine_of_another_process_finds_it_too(council: Deployment) -> None:
    council.tick(days=5)
    council.clock.advance(days=-5)
    before = cases_by_entry(council)
    Engine(council.store, council.ruleset, council.fallback, watches_silence=False).run_due()
    assert differences(council) == []
    assert any(case.due_at != before[entry].due_at for entry, case in cases_by_entry(council).items())
