from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event

# The functions below open transactions for others.
_BELOW = ("services/storage/store.py", "services/storage/database", "services/ingest/recording/turns.py")

# A commit that no service makes.
OF_THE_TEST = "the test"

# A message is handed to the channel between two commits. If a process ends there, the outcome is in doubt.
HAND_OVER = "a message is handed to the channel"


class Kill(NamedTuple):
    """A kill at the moment when the process first comes to `place` in a step of the story."""

    step: str
    place: str  # the name of a function that commits, or HAND_OVER
    after: bool  # True if the kill comes just after the commit or the hand-over, and not just before


@dataclass
class Commits:
    kill: Kill | None = None
    step: str = ""
    seen: dict[str, list[str]] = field(default_factory=dict)
    _pending: str | None = None

    def watch(self, engine: Engine) -> None:
        event.listen(engine, "commit", self._before)
        commit: Callable[[Any], None] = engine.dialect.do_commit

        def committed(connection: Any) -> None:
            commit(connection)
            pending, self._pending = self._pending, None
            if pending is not None:
                self.reach(pending, after=True)

        engine.dialect.do_commit = committed  # type: ignore[method-assign, assignment]

    def reach(self, place: str, *, after: bool) -> None:
        places = self.seen.setdefault(self.step, [])
        if place not in places:
            places.append(place)
        if self.kill == Kill(self.step, place, after):
            # Like a power cut of the process, SIGKILL gives it no chance to finish anything.
            os.kill(os.getpid(), signal.SIGKILL)

    def _before(self, connection: Connection) -> None:
        if self._has_changed(connection):
            self._pending = _committing(sys._getframe())
            self.reach(self._pending, after=False)

    @staticmethod
    def _has_changed(connection: Connection) -> bool:
        # Whoever looks for work and finds none commits nothing.
        driver: Any = connection.connection.driver_connection
        before = connection.info.get("changed", 0)
        connection.info["changed"] = driver.total_changes
        return bool(driver.total_changes != before)


def _committing(frame: FrameType | None) -> str:
    """Return the name of the function that commits, such as `alerts/delivery/claiming.claim`, or OF_THE_TEST."""
    while frame is not None:
        path = frame.f_code.co_filename.replace("\\", "/")
        if "/services/" in path and not any(below in path for below in _BELOW):
            consumer = frame.f_locals.get("consumer") if frame.f_code.co_name == "process" else None
            who = f" of {consumer.name}" if consumer else ""
            return f"{path.rpartition('/services/')[2].removesuffix('.py')}.{frame.f_code.co_name}{who}"
        frame = frame.f_back
    return OF_THE_TEST
