from __future__ import annotations

import sys
from collections import Counter
from types import FrameType

from sqlalchemy import Connection, Engine, event

# The functions below these folders open transactions for others.
_BELOW = ("services/storage/store.py", "services/storage/database")


class KilledError(BaseException):
    """Simulates the end of a process. Only the simulator catches this error."""


class Crashes:
    def __init__(self, engine: Engine) -> None:
        self.armed: str | None = None
        self.met: Counter[str] = Counter()
        event.listen(engine, "commit", self._commit)

    def reach(self, name: str) -> None:
        self.met[name] += 1
        if self.armed == name:
            self.armed = None
            raise KilledError(name)

    def _commit(self, connection: Connection) -> None:
        if not connection.get_execution_options().get("pullcord_read_only", False):
            self.reach(_committing(sys._getframe()))


def _committing(frame: FrameType | None) -> str:
    while frame is not None:
        path = frame.f_code.co_filename.replace("\\", "/")
        if "/services/" in path and not any(below in path for below in _BELOW):
            return frame.f_code.co_name
        frame = frame.f_back
    return "unknown"
