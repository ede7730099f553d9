from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from services.runtime.kafka import roles
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.roles import WorkerEndedError
from services.runtime.kafka.worker import LONGEST_WAIT, Worker, make_worker
from services.runtime.logs import say_failed
from tests.support.deployment import Deployment
from tests.unit.loops.faults import EVERY, kind_of

WITHIN = 20.0


BROKERS = KafkaSettings()


class App:
    def __init__(self, start_fault: BaseException | None = None) -> None:
        self.waited: list[float] = []
        self.crashed = self.stopped = False
        self._start_fault = start_fault
        self.started, self._ended = asyncio.Event(), asyncio.Event()

    @property
    def should_stop(self) -> bool:
        return self.crashed or self.stopped

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def start(self) -> None:
        self.started.set()
        if self._start_fault is not None:
            raise self._start_fault

    async def wait_until_stopped(self) -> None:
        await self._ended.wait()

    async def stop(self) -> None:
        self.stopped = True
        self._ended.set()

    def crash(self) -> None:
        self.crashed = True
        self._ended.set()


class Failing(Worker):
    def __init__(self, deployment: Deployment, app: Any, *faults: BaseException) -> None:
        super().__init__(deployment.store, deployment.consumers[0], app, BROKERS, jitter=lambda: 0.0)
        self.waits: list[float] = app.waited
        self.faults = list(faults)
        self.handled: list[Sequence[Any]] = []

    def _handle(self, messages: Sequence[Any]) -> None:
        if self.faults:
            raise self.faults.pop().with_traceback(None)
        self.handled.append(messages)

    def is_behind(self, _patience: Any) -> bool:
        return False


@pytest.mark.parametrize("fault", EVERY, ids=kind_of)
def test_a_worker_keeps_its_messages_through_any_fault(deployment: Deployment, fault: BaseException) -> None:
    async def taking() -> tuple[bool, Failing]:
        worker = Failing(deployment, App(), fault, fault)
        return await worker.take(["m1", "m2"]), worker

    taken, worker = asyncio.run(taking())
    assert taken
    assert worker.handled == [["m1", "m2"]]
    assert worker.failing == 0
    assert worker.waits == [0.1, 0.2]


def test_a_worker_waits_longer_and_longer_and_never_gives_up(deployment: Deployment) -> None:
    async def taking() -> Failing:
        worker = Failing(deployment, App(), *[OSError()] * 100)
        assert await worker.take(["m"])
        return worker

    assert max(asyncio.run(taking()).waits) == LONGEST_WAIT


def test_a_machine_without_room_for_a_thread_loses_no_message(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_thread, faults = asyncio.to_thread, [RuntimeError("can't start new thread"), MemoryError()]

    async def crowded(*given: Any) -> Any:
        if faults:
            raise faults.pop()
        return await to_thread(*given)

    async def taking() -> Failing:
        worker = Failing(deployment, App())
        monkeypatch.setattr(asyncio, "to_thread", crowded)
        assert await worker.take(["m"])
        return worker

    assert asyncio.run(taking()).handled == [["m"]]


def test_a_worker_that_is_told_to_stop_keeps_what_it_could_not_handle(deployment: Deployment) -> None:
    async def taking() -> bool:
        app = App()
        worker = Failing(deployment, app, *[OSError()] * 5)
        app.stopped = True
        return await worker.take(["m"])

    assert asyncio.run(taking()) is False


def test_a_worker_that_faust_has_given_up_is_not_alive(deployment: Deployment, tmp_path: Path) -> None:
    async def crashing() -> tuple[bool, bool]:
        worker = make_worker(deployment.store, deployment.consumers[0], KafkaSettings(), data_dir=str(tmp_path))
        before = worker.alive
        await worker.app.crash(OSError())
        return before, worker.alive

    assert asyncio.run(crashing()) == (True, False)


def parts() -> Any:
    return SimpleNamespace(settings=SimpleNamespace(canary_seconds=60.0, stalled_seconds=300.0))


def ended(deployment: Deployment, stop: Event, start_fault: BaseException | None = None, *, crashing: bool) -> App:
    made: list[App] = []

    async def working() -> None:
        app = App(start_fault)
        made.append(app)
        worker = Failing(deployment, app)
        work = asyncio.ensure_future(roles._work(parts(), worker, stop))
        await app.started.wait()
        if crashing:
            app.crash()
        else:
            stop.set()
        await asyncio.wait_for(work, WITHIN)

    try:
        asyncio.run(working())
    finally:
        assert stop.is_set()
        assert made[0].stopped
    return made[0]


def test_a_process_does_not_live_on_without_its_worker(deployment: Deployment) -> None:
    with pytest.raises(WorkerEndedError, match="the worker of matcher has ended by itself: start it again"):
        ended(deployment, Event(), crashing=True)


def test_a_worker_that_cannot_start_ends_its_process(deployment: Deployment) -> None:
    with pytest.raises(WorkerEndedError, match="the worker of matcher could not start: ConnectionError"):
        ended(deployment, Event(), ConnectionError("broker-7.example"), crashing=False)


def test_a_worker_that_is_told_to_stop_ends_well(deployment: Deployment) -> None:
    assert not ended(deployment, Event(), crashing=False).crashed


def test_saying_that_work_failed_never_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise SystemExit

    monkeypatch.setattr("structlog.get_logger", broken)
    for fault in EVERY:
        say_failed("engine", fault)
