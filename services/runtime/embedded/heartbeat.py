from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from services.storage.events.loops import note_beat
from services.storage.store import Store

# Seconds between two heartbeats of a loop, even while the loop has no work.
BEAT_SECONDS: Final = 30.0

# The shortest time between two stored beats. A little less than BEAT_SECONDS, because waits are not exact.
APART: Final = timedelta(seconds=BEAT_SECONDS * 0.9)


class Heartbeat:
    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._written: datetime | None = None

    def __call__(self) -> None:
        now = self._store.now()
        # A clock that was set back must not stop the heartbeat.
        if self._written is not None and self._written <= now < self._written + APART:
            return
        with self._store.writing() as connection:
            note_beat(connection, self._name, now)
        # After the commit: a beat that was not written is tried again at the next call.
        self._written = now


@dataclass(frozen=True, kw_only=True)
class HeartbeatStore(Store):
    """Sends a heartbeat after each commit, because one step of a loop may take a long time."""

    made_progress: Callable[[], None]

    @classmethod
    def over(cls, store: Store, made_progress: Callable[[], None]) -> HeartbeatStore:
        # Every member, so that what the operator has set holds in the loops too.
        members = {member.name: getattr(store, member.name) for member in fields(Store)}
        return cls(**members, made_progress=made_progress)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with super().writing() as connection:
            yield connection
        # After the commit: a transaction that is rolled back is no progress.
        self.made_progress()

    @contextmanager
    def processing(self) -> Iterator[Connection]:
        with super().processing() as connection:
            yield connection
        self.made_progress()
