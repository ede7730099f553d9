from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from services.core.operator.contact_services import ContactServices
from services.runtime.cli.commands.running.status_report import SILENT_SECONDS
from services.runtime.embedded.heartbeat import APART, BEAT_SECONDS, Heartbeat, HeartbeatStore
from services.runtime.embedded.runner import CLOSING_SECONDS, EmbeddedRunner, Loop, loop_with_heartbeat
from services.storage.events.loops import beats, note_beat
from services.storage.store import OperatorPolicy, Store
from tests.support.clock import START
from tests.support.deployment import Deployment
from tests.support.http import make_api_parts
from tests.support.one_line import ENTRY, notice
from tests.unit.loops.idle import beat_of, let_wait, one_round

EMBEDDED = {"dispatcher", "engine", "deliveries", "missed", "closing", "drills"}


def known(deployment: Deployment) -> set[str]:
    with deployment.store.reading() as connection:
        return set(beats(connection))


def test_a_loop_that_waits_for_long_beats_each_half_minute(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop("closing", lambda: 0, CLOSING_SECONDS, beat=Heartbeat(deployment.store, "closing"))
    silences: list[timedelta] = []

    def note() -> None:
        silences.append(deployment.clock.now() - (beat_of(deployment.store, "closing") or START))

    let_wait(loop, deployment.clock, monkeypatch, note)
    for _ in range(3):
        one_round(loop)
    assert deployment.clock.now() - START == timedelta(seconds=3 * CLOSING_SECONDS)
    assert max(silences) <= timedelta(seconds=BEAT_SECONDS)


def test_a_loop_that_looks_often_writes_no_more_than_a_beat_each_half_minute(deployment: Deployment) -> None:
    beat, written = Heartbeat(deployment.store, "engine"), set[datetime | None]()
    for _ in range(600):
        beat()
        written.add(beat_of(deployment.store, "engine"))
        deployment.clock.advance(seconds=1)
    assert 600 / BEAT_SECONDS <= len(written) <= 600 / APART.total_seconds() + 1


def test_a_clock_that_was_set_back_silences_no_loop(deployment: Deployment) -> None:
    beat = Heartbeat(deployment.store, "engine")
    beat()
    deployment.clock.set(START - timedelta(days=1))
    beat()
    assert beat_of(deployment.store, "engine") == START - timedelta(days=1)


def test_a_loop_that_fails_at_every_step_gives_no_sign_of_life(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = True

    def work() -> int:
        if not works:
            raise LookupError
        return 0

    loop = Loop("engine", work, 1.0, beat=Heartbeat(deployment.store, "engine"))
    let_wait(loop, deployment.clock, monkeypatch)
    one_round(loop)
    works, before = False, deployment.clock.now()
    while deployment.clock.now() - before < timedelta(seconds=SILENT_SECONDS):
        one_round(loop)
    assert (beat_of(deployment.store, "engine"), loop.alive) == (START, True)
    assert loop.failing > 1
    works = True
    one_round(loop)
    assert (beat_of(deployment.store, "engine") or START) > before
    assert loop.failing == 0


def test_a_loop_whose_sign_of_life_cannot_be_written_fails_and_tries_again(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop("engine", lambda: 0, CLOSING_SECONDS, beat=Heartbeat(deployment.store, "engine"))
    let_wait(loop, deployment.clock, monkeypatch)
    one_round(loop)
    move(deployment, "loops", "loops_away")
    loop._rest()
    assert loop.failing == 1
    one_round(loop)
    assert loop.failing == 2
    move(deployment, "loops_away", "loops")
    one_round(loop)
    assert loop.failing == 0


def move(deployment: Deployment, table: str, to: str) -> None:
    with deployment.store.writing() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {to}"))


def test_a_long_step_beats_whenever_a_part_of_it_is_done(deployment: Deployment) -> None:
    def working_for_an_hour(store: Store) -> int:
        for _ in range(60):
            deployment.clock.advance(minutes=1)
            with store.writing():
                pass
            assert beat_of(deployment.store, "deliveries") == deployment.clock.now()
        return 0

    loop = loop_with_heartbeat("deliveries", deployment.store, lambda store: lambda: working_for_an_hour(store), 1.0)
    assert loop._survived(loop._step) is False
    assert loop.failing == 0


def test_a_step_that_hangs_does_not_beat(deployment: Deployment) -> None:
    def hang() -> int:
        deployment.clock.advance(hours=1)
        return 0

    loop = loop_with_heartbeat("deliveries", deployment.store, lambda _store: hang, 1.0)
    loop._work()
    assert beat_of(deployment.store, "deliveries") is None


def test_a_step_that_begins_well_each_time_and_always_fails_gives_no_sign_of_life(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work_with(store: Store) -> int:
        with store.writing():
            pass
        raise LookupError

    loop = loop_with_heartbeat("engine", deployment.store, lambda store: lambda: work_with(store), 1.0)
    let_wait(loop, deployment.clock, monkeypatch)
    one_round(loop)
    assert beat_of(deployment.store, "engine") == START
    while deployment.clock.now() - START < timedelta(minutes=10):
        one_round(loop)
    assert beat_of(deployment.store, "engine") == START


def test_what_a_step_has_committed_stands_whatever_becomes_of_its_sign_of_life(deployment: Deployment) -> None:
    def broken() -> None:
        raise OSError

    loop = Loop("engine", lambda: 0, 1.0, beat=broken)
    store = HeartbeatStore.over(deployment.store, loop.made_progress)
    for transaction in (store.writing, store.processing):
        with transaction() as connection:
            note_beat(connection, transaction.__name__, START)
    assert known(deployment) == {"writing", "processing"}


def test_what_is_not_committed_is_no_sign_of_life(deployment: Deployment) -> None:
    signs: list[str] = []
    store = HeartbeatStore.over(deployment.store, lambda: signs.append("here"))
    with pytest.raises(LookupError), store.writing():
        raise LookupError
    with store.reading():
        pass
    assert signs == []


def test_each_loop_with_long_steps_beats_within_them(deployment: Deployment) -> None:
    runner = EmbeddedRunner(make_api_parts(deployment))
    dispatcher, engine, deliveries, *_ = runner.loops
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice())
    while dispatcher._work():
        assert "dispatcher" in known(deployment)
    deployment.clock.advance(seconds=31)
    while engine._work():
        assert "engine" in known(deployment)
    while deliveries._work():
        assert "deliveries" in known(deployment)
    assert len(deployment.mails()) == 1
    assert known(deployment) == {"dispatcher", "engine", "deliveries"}


def test_every_loop_of_the_one_process_beats(deployment: Deployment) -> None:
    for loop in EmbeddedRunner(make_api_parts(deployment)).loops:
        loop._survived(loop._step)
    assert known(deployment) == EMBEDDED


def test_a_deployment_that_is_run_in_another_way_has_no_use_for_the_beats_of_before(deployment: Deployment) -> None:
    def beat(*names: str) -> None:
        for name in names:
            Heartbeat(deployment.store, name)()

    beat(*EMBEDDED)
    beat("relay", "engine", "deliveries", "closing", "drills")
    assert known(deployment) == {"relay", "engine", "deliveries", "closing", "drills"}
    beat(*EMBEDDED)
    assert known(deployment) == EMBEDDED


def test_what_the_operator_has_set_holds_in_a_loop_too(deployment: Deployment) -> None:
    policy = OperatorPolicy(refusals_an_hour=7, services=ContactServices(mail_server="mailto://mail.example"))
    store = HeartbeatStore.over(replace(deployment.store, policy=policy), lambda: None)
    assert (store.policy, store.damaged) == (policy, deployment.store.damaged)
