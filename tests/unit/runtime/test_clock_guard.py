from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from services.alerts.case.put_back import recompute_all
from services.alerts.policy.store import councils_to_recompute
from services.core.clock import AcceleratedClock
from services.runtime.clock_guard import ASKED_EVERY, PAUSE, TOLERANCE, ClockGuard, guard_of
from services.storage.store import Store
from tests.support.deployment import Deployment

START = datetime(2026, 11, 29, 8, tzinfo=UTC)


class Clocks:
    def __init__(self, *, with_database: bool = False, database_off: timedelta = timedelta()) -> None:
        self.elapsed = 1_000.0
        self.off = timedelta()
        self.database_off = database_off
        self.database = self.database_time if with_database else lambda: None
        self.guard = ClockGuard(self.now, self.database, lambda: self.elapsed)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed) + self.off

    def database_time(self) -> datetime | None:
        return START + timedelta(seconds=self.elapsed) + self.database_off

    def seconds_held(self, seconds: int) -> int:
        held = 0
        for _ in range(seconds):
            self.elapsed += 1
            held += not self.guard.is_trusted()
        return held


JUMPS = [timedelta(days=400), timedelta(days=-400), timedelta(minutes=2), timedelta(hours=-1), timedelta(seconds=61)]


def test_a_clock_that_runs_as_the_others_do_is_never_doubted() -> None:
    assert Clocks(with_database=True).seconds_held(1_000) == 0


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_jump_pauses_sending_for_two_minutes_and_no_longer(jump: timedelta) -> None:
    clocks = Clocks()
    clocks.off = jump
    assert clocks.seconds_held(1_000) == PAUSE
    assert clocks.guard.is_trusted()


@pytest.mark.parametrize("jump", JUMPS, ids=str)
@pytest.mark.parametrize("with_database", [False, True])
def test_a_clock_that_is_right_again_within_the_pause_is_trusted_at_once(jump: timedelta, with_database: bool) -> None:
    clocks = Clocks(with_database=with_database)
    clocks.off = jump
    assert clocks.seconds_held(60) == 60
    clocks.off = timedelta()
    assert clocks.seconds_held(1_000) == 0


@pytest.mark.parametrize("jump", JUMPS, ids=str)
@pytest.mark.parametrize("with_database", [False, True])
def test_a_clock_that_is_right_again_after_the_pause_needs_no_second_one(jump: timedelta, with_database: bool) -> None:
    clocks = Clocks(with_database=with_database)
    clocks.off = jump
    assert clocks.seconds_held(3_600) == PAUSE
    clocks.off = timedelta()
    assert clocks.seconds_held(1_000) == 0


@pytest.mark.parametrize("off", JUMPS, ids=str)
def test_a_clock_that_differs_from_the_databases_from_the_start_pauses_sending_once(off: timedelta) -> None:
    clocks = Clocks(with_database=True, database_off=off)
    assert clocks.seconds_held(3_600) == PAUSE


def test_a_clock_that_drifts_away_from_the_databases_is_found() -> None:
    clocks = Clocks(with_database=True)
    assert clocks.seconds_held(100) == 0
    clocks.database_off = timedelta(days=-1)
    assert clocks.seconds_held(200) == PAUSE
    assert ASKED_EVERY < PAUSE


def test_a_clock_that_is_corrected_by_seconds_is_not_doubted() -> None:
    clocks = Clocks(with_database=True)
    for seconds in (1, -20, TOLERANCE.seconds - 30):
        clocks.off = timedelta(seconds=seconds)
        assert clocks.seconds_held(60) == 0


@pytest.mark.parametrize(("jump", "called"), [(timedelta(days=5), 1), (timedelta(days=-5), 0)], ids=str)
def test_a_clock_that_was_ahead_during_the_pause_only_has_the_cases_recomputed(jump: timedelta, called: int) -> None:
    calls: list[bool] = []
    clocks = Clocks()
    clocks.guard = ClockGuard(clocks.now, lambda: None, lambda: clocks.elapsed, lambda: calls.append(True))
    for off in (jump, timedelta(), timedelta(minutes=-3), timedelta()):
        clocks.off = off
        clocks.seconds_held(60)
    assert len(calls) == called


def test_a_request_to_recompute_that_fails_is_made_again(deployment: Deployment) -> None:
    clocks, left = Clocks(), [OperationalError("", {}, Exception())]

    def came_back() -> None:
        if left:
            raise left.pop()
        recompute_all(deployment.store)

    clocks.guard = ClockGuard(clocks.now, lambda: None, lambda: clocks.elapsed, came_back)
    clocks.off = timedelta(days=5)
    clocks.seconds_held(60)
    clocks.off = timedelta()
    with pytest.raises(OperationalError):
        clocks.guard.is_trusted()
    assert clocks.guard.is_trusted()
    with deployment.store.reading() as connection:
        assert councils_to_recompute(connection) == ["council:E06000009"]


class Away(Store):
    @contextmanager
    def reading(self) -> Iterator[Connection]:
        raise OperationalError("", {}, Exception())
        yield  # type: ignore[unreachable]  # makes it a generator


def test_a_database_that_does_not_answer_holds_nothing_back(deployment: Deployment) -> None:
    guard = guard_of(Away(deployment.store.engine, deployment.store.vault, deployment.store.tokeniser))
    assert guard is not None
    assert guard.is_trusted()


def test_a_clock_that_is_not_the_machines_is_left_alone(deployment: Deployment) -> None:
    simulated = Store(
        deployment.store.engine, deployment.store.vault, deployment.store.tokeniser, AcceleratedClock(START)
    )
    assert guard_of(simulated) is None


@pytest.mark.parametrize("seed", range(50))
def test_however_a_clock_jumps_no_pause_lasts_longer_than_two_minutes_and_the_work_goes_on(seed: int) -> None:
    noise, clocks, in_a_row, done = random.Random(seed), Clocks(with_database=seed % 2 == 0), 0, 0
    work = clocks.guard.holding(lambda: 1)
    for _ in range(2_000):
        if noise.random() < 0.002:
            clocks.off = timedelta(seconds=noise.choice([0, 30, 3_600, -86_400, 400 * 86_400]))
        if noise.random() < 0.001:
            clocks.database_off = timedelta(seconds=noise.choice([0, 7_200]))
        clocks.elapsed += 1
        did = work()
        done += did
        in_a_row = 0 if did else in_a_row + 1
        assert in_a_row <= PAUSE
    assert done > 0
