"""Time for loops that wait: it passes when somebody waits, and at no other moment."""

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
    """Stands for the event by which a loop is woken: nobody wakes it, and its waits move the clock."""

    clock: FrozenClock
    # Called after each wait.
    after: Callable[[], None] = lambda: None

    def wait(self, seconds: float) -> bool:
        # At least a millisecond: what is less than its microseconds would never pass on this clock.
        self.clock.advance(seconds=max(seconds, 0.001))
        self.after()
        return False

    def set(self) -> None:
        """Nobody waits."""

    def clear(self) -> None:
        """Nobody woke."""


def let_wait(
    loop: Loop, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, after: Callable[[], None] = lambda: None
) -> None:
    """Have a loop wait on that clock."""
    monkeypatch.setattr("services.runtime.embedded.runner.monotonic", lambda: clock.now().timestamp())
    loop._wake = Waits(clock, after)  # type: ignore[assignment]


def beat_of(store: Store, name: str) -> datetime | None:
    """When a loop last gave a sign of life."""
    with store.reading() as connection:
        return beats(connection).get(name)


def one_round(loop: Loop) -> bool:
    """A step, and the rest after it if nothing was done. Whether something was."""
    done = loop._survived(loop._step)
    if not done:
        loop._rest()
    return done
