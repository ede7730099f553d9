from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest

from services.runtime.embedded.runner import Loop
from services.storage.events.loops import beats
from services.storage.store import Store
from tests.support.clock import FrozenClock


@dataclass
class Waits:
    clock: FrozenClock
    # Called after each wait.
    after: Callable[[], None] = lambda: None

    def wait(self, seconds: float) -> bool:
        # At least a millisecond, because the clock drops less than a microsecond, and the wait would never end.
        self.clock.advance(seconds=max(seconds, 0.001))
        self.after()
        return False

    def set(self) -> None: ...

    def clear(self) -> None: ...


def let_wait(
    loop: Loop, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, after: Callable[[], None] = lambda: None
) -> None:
    # Each wait of the loop moves the clock, instead of taking real time.
    monkeypatch.setattr("services.runtime.embedded.runner.monotonic", lambda: clock.now().timestamp())
    loop._wake = Waits(clock, after)  # type: ignore[assignment]


def beat_of(store: Store, name: str) -> datetime | None:
    with store.reading() as connection:
        return beats(connection).get(name)


def one_round(loop: Loop) -> bool:
    done = loop._survived(loop._step)
    if not done:
        loop._rest()
    return done
