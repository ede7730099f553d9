from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.runtime.kafka import roles
from services.runtime.kafka.watchdog import Watchdog
from services.runtime.kafka.worker import Worker

PATIENCE = 0.2
WITHIN_SECONDS = 5.0


class HangingApp:
    def __init__(self) -> None:
        self.stopped = False

    async def start(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        self.stopped = True


class HangingWorker:
    name = "alerts"
    at_work = False

    def __init__(self) -> None:
        self.app = HangingApp()

    def quiet_seconds(self) -> float:
        return 2 * PATIENCE

    def is_behind(self, _patience: timedelta) -> bool:
        return True


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Return an event that the watchdog sets instead of ending the process."""
    told = Event()
    watch: Callable[..., Watchdog] = Watchdog
    monkeypatch.setattr(roles, "Watchdog", lambda *arguments: watch(*arguments, end=told.set))
    return told


def test_a_start_that_hangs_ends_the_process(ended: Event) -> None:
    worker = HangingWorker()
    parts: Any = SimpleNamespace(settings=SimpleNamespace(canary_seconds=PATIENCE, stalled_seconds=PATIENCE))

    async def work() -> bool:
        stop = Event()
        working = asyncio.ensure_future(roles._work(parts, cast("Worker", worker), stop))
        found = await asyncio.to_thread(ended.wait, WITHIN_SECONDS)
        stop.set()
        await working
        return found

    assert asyncio.run(work())
    assert worker.app.stopped
