"""The rhythm of signs of life: one each half minute from a loop that gets on, and none from one that does not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from services.runtime.cli.commands.running.status_report import SILENT_SECONDS
from services.runtime.embedded.beats import APART, BEAT_SECONDS, Beat, BeatingStore
from services.runtime.embedded.runner import CLOSING_SECONDS, EmbeddedRunner, Loop, beating
from services.storage.events.loops import beats, note_beat
from services.storage.store import Store
from tests.support.clock import START
from tests.support.deployment import House
from tests.support.http import make_door_parts
from tests.support.one_line import ENTRY, notice
from tests.unit.loops.idle import beat_of, let_wait, one_round

EMBEDDED = {"pump", "engine", "deliveries", "missed", "closing"}


def known(house: House) -> set[str]:
    with house.store.reading() as connection:
        return set(beats(connection))


def test_a_loop_that_waits_for_long_beats_each_half_minute(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop("closing", lambda: 0, CLOSING_SECONDS, beat=Beat(house.store, "closing"))
    silences: list[timedelta] = []

    def note() -> None:
        silences.append(house.clock.now() - (beat_of(house.store, "closing") or START))

    let_wait(loop, house.clock, monkeypatch, note)
    for _ in range(3):
        one_round(loop)
    assert house.clock.now() - START == timedelta(seconds=3 * CLOSING_SECONDS)
    assert max(silences) <= timedelta(seconds=BEAT_SECONDS)


def test_a_loop_that_looks_often_writes_no_more_than_a_beat_each_half_minute(house: House) -> None:
    beat, written = Beat(house.store, "engine"), set[datetime | None]()
    for _ in range(600):
        beat()
        written.add(beat_of(house.store, "engine"))
        house.clock.advance(seconds=1)
    assert 600 / BEAT_SECONDS <= len(written) <= 600 / APART.total_seconds() + 1


def test_a_clock_that_was_set_back_silences_no_loop(house: House) -> None:
    beat = Beat(house.store, "engine")
    beat()
    house.clock.set(START - timedelta(days=1))
    beat()
    assert beat_of(house.store, "engine") == START - timedelta(days=1)


def test_a_loop_that_fails_at_every_step_gives_no_sign_of_life(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    works = True

    def work() -> int:
        if not works:
            raise LookupError
        return 0

    loop = Loop("engine", work, 1.0, beat=Beat(house.store, "engine"))
    let_wait(loop, house.clock, monkeypatch)
    one_round(loop)
    works, before = False, house.clock.now()
    while house.clock.now() - before < timedelta(seconds=SILENT_SECONDS):
        one_round(loop)
    assert (beat_of(house.store, "engine"), loop.alive) == (START, True)
    assert loop.failing > 1
    works = True
    one_round(loop)
    assert (beat_of(house.store, "engine") or START) > before
    assert loop.failing == 0


def test_a_loop_whose_sign_of_life_cannot_be_written_fails_and_tries_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop("engine", lambda: 0, CLOSING_SECONDS, beat=Beat(house.store, "engine"))
    let_wait(loop, house.clock, monkeypatch)
    one_round(loop)
    move(house, "loops", "loops_away")
    loop._rest()
    assert loop.failing == 1
    one_round(loop)
    assert loop.failing == 2
    move(house, "loops_away", "loops")
    one_round(loop)
    assert loop.failing == 0


def move(house: House, table: str, to: str) -> None:
    with house.store.writing() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {to}"))


def test_a_long_step_beats_whenever_a_part_of_it_is_done(house: House) -> None:
    def working_for_an_hour(store: Store) -> int:
        for _ in range(60):
            house.clock.advance(minutes=1)
            with store.writing():
                pass
            assert beat_of(house.store, "deliveries") == house.clock.now()
        return 0

    loop = beating("deliveries", house.store, lambda store: lambda: working_for_an_hour(store), 1.0)
    assert loop._survived(loop._step) is False
    assert loop.failing == 0


def test_a_step_that_hangs_does_not_beat(house: House) -> None:
    loop = beating("deliveries", house.store, lambda _store: lambda: house.clock.advance(hours=1) or 0, 1.0)
    loop._work()
    assert beat_of(house.store, "deliveries") is None


def test_a_step_that_begins_well_each_time_and_always_fails_gives_no_sign_of_life(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work_with(store: Store) -> int:
        with store.writing():
            pass
        raise LookupError

    loop = beating("engine", house.store, lambda store: lambda: work_with(store), 1.0)
    let_wait(loop, house.clock, monkeypatch)
    one_round(loop)
    assert beat_of(house.store, "engine") == START
    while house.clock.now() - START < timedelta(minutes=10):
        one_round(loop)
    assert beat_of(house.store, "engine") == START


def test_what_a_step_has_committed_stands_whatever_becomes_of_its_sign_of_life(house: House) -> None:
    def broken() -> None:
        raise OSError

    loop = Loop("engine", lambda: 0, 1.0, beat=broken)
    store = BeatingStore.over(house.store, loop.gets_on)
    for transaction in (store.writing, store.processing):
        with transaction() as connection:
            note_beat(connection, transaction.__name__, START)
    assert known(house) == {"writing", "processing"}


def test_what_is_not_committed_is_no_sign_of_life(house: House) -> None:
    signs: list[str] = []
    store = BeatingStore.over(house.store, lambda: signs.append("here"))
    with pytest.raises(LookupError), store.writing():
        raise LookupError
    with store.reading():
        pass
    assert signs == []


def test_each_loop_with_long_steps_beats_within_them(house: House) -> None:
    runner = EmbeddedRunner(make_door_parts(house))
    pump, engine, deliveries, *_ = runner.loops
    house.put_entries(ENTRY)
    house.post_notices(notice())
    while pump._work():
        assert "pump" in known(house)
    house.clock.advance(seconds=31)
    while engine._work():
        assert "engine" in known(house)
    while deliveries._work():
        assert "deliveries" in known(house)
    assert len(house.mails()) == 1
    assert known(house) == {"pump", "engine", "deliveries"}


def test_every_loop_of_the_one_process_beats(house: House) -> None:
    for loop in EmbeddedRunner(make_door_parts(house)).loops:
        loop._survived(loop._step)
    assert known(house) == EMBEDDED


def test_a_deployment_that_is_run_in_another_way_has_no_use_for_the_beats_of_before(house: House) -> None:
    def beat(*names: str) -> None:
        for name in names:
            Beat(house.store, name)()

    beat(*EMBEDDED)
    beat("relay", "engine", "deliveries", "closing")
    assert known(house) == {"relay", "engine", "deliveries", "closing"}
    beat(*EMBEDDED)
    assert known(house) == EMBEDDED
