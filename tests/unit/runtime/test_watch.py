from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

import pytest
from sqlalchemy.exc import OperationalError

from services.runtime.kafka.watchdog import Watchdog

PATIENCE = 8.0


@dataclass
class Process:
    time: float = 100.0
    did_something_at: float = 100.0
    behind: Callable[[], bool] = lambda: True
    # The time of the end.
    ended: list[float] = field(default_factory=list)

    def is_behind(self) -> bool:
        return self.behind()

    def watch(self, patience: float = PATIENCE) -> Watchdog:
        return Watchdog(
            "matcher",
            lambda: self.time - self.did_something_at,
            self.is_behind,
            patience,
            end=lambda: self.ended.append(self.time),
            time=lambda: self.time,
        )

    def pass_time(self, watch: Watchdog, seconds: float) -> None:
        # Every two seconds the watchdog looks, as its own thread would do.
        for _ in range(int(seconds / 2)):
            self.time += 2
            watch.look()


@pytest.fixture
def process() -> Process:
    return Process()


def test_work_that_waits_and_none_done_ends_the_process(process: Process) -> None:
    watch = process.watch()
    process.pass_time(watch, PATIENCE)
    assert process.ended == []
    process.pass_time(watch, 4)
    assert process.ended[0] == 110.0


def test_a_process_that_does_something_now_and_then_goes_on(process: Process) -> None:
    watch = process.watch()
    for _ in range(10):
        process.pass_time(watch, 4)
        process.did_something_at = process.time
    assert process.ended == []


def test_a_process_without_work_goes_on(process: Process) -> None:
    process.behind = lambda: False
    process.pass_time(process.watch(), 100)
    assert process.ended == []


def test_work_that_has_only_just_come_is_given_time(process: Process) -> None:
    watch = process.watch()
    process.behind = lambda: False
    process.pass_time(watch, 100)
    process.behind = lambda: True
    process.pass_time(watch, PATIENCE)
    assert process.ended == []


def test_a_database_that_refuses_ends_nothing(process: Process) -> None:
    def refused() -> bool:
        raise OperationalError("", None, Exception())

    process.behind = refused
    process.pass_time(process.watch(), 100)
    assert process.ended == []


def test_a_database_that_never_answers_ends_the_process(process: Process) -> None:
    never = Event()
    process.behind = never.wait
    process.pass_time(process.watch(patience=0.04), 4)
    never.set()
    assert process.ended
