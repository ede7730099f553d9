# The pause is short, because alerts must not stop for long.

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Final

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from services.alerts.case.put_back import recompute_all
from services.core.clock import SystemClock
from services.storage.dialect import time_of_database
from services.storage.store import Store

log = structlog.get_logger()

JUMPS = Counter("pullcord_clock_jumps_total", "Times that the clock was found to have jumped, or to differ.")

# The most seconds that sending pauses while the clock is doubted (our own choice).
PAUSE: Final = 120.0

# The largest difference between two clocks that still counts as right.
TOLERANCE: Final = timedelta(seconds=60)

# Seconds between two queries for the database's time while the clock is trusted.
ASKED_EVERY: Final = 10.0


@dataclass(frozen=True, slots=True)
class _ClockReading:
    at: datetime
    elapsed: float  # seconds of the monotonic clock
    apart: timedelta  # the time of the machine's clock minus the time of the database

    def off(self, now: datetime, elapsed: float, theirs: datetime | None) -> timedelta:
        # The jump is measured against the process and the database. The larger jump counts.
        # The monotonic clock cannot jump, but may drift or stop while the machine sleeps.
        by_monotonic = now - self.at - timedelta(seconds=elapsed - self.elapsed)
        # The difference between the clocks at this reading counts as right.
        by_database = timedelta() if theirs is None else now - theirs - self.apart
        # If only one clock agrees, this proves nothing: after the machine slept, both of its own clocks may be wrong.
        return max(by_monotonic, by_database, key=abs)


class ClockGuard:
    # `database` returns None if the database has no answer or no clock of its own.
    def __init__(
        self,
        clock: Callable[[], datetime],
        database: Callable[[], datetime | None] = lambda: None,
        elapsed: Callable[[], float] = monotonic,
        came_back: Callable[[], None] = lambda: None,
    ) -> None:
        self._came_back = came_back
        self._clock, self._database, self._elapsed = clock, database, elapsed
        # Several loops use this guard at the same time.
        self._lock = Lock()
        self._right = _ClockReading(clock(), elapsed(), timedelta())
        # The last reading before an accepted jump. A clock that returns to it needs no second pause.
        self._before = self._right
        self._asked_at: float | None = None
        self._doubted_since: float | None = None
        self._was_ahead = False  # at any time since the doubt began

    def holding(self, work: Callable[[], int]) -> Callable[[], int]:
        return lambda: work() if self.is_trusted() else 0

    def is_trusted(self) -> bool:
        with self._lock:
            now, elapsed = self._clock(), self._elapsed()
            theirs = self._asked(elapsed)
            readings = {reading.off(now, elapsed, theirs): reading for reading in (self._before, self._right)}
            # A clock that jumped counts as right again as soon as it has come back.
            off = min(readings, key=abs)
            if abs(off) <= TOLERANCE:
                self._trust(readings[off], now, elapsed)
                return True
            if self._doubted_since is None:
                self._doubted_since = elapsed
                JUMPS.inc()
                log.warning("clock_doubted", seconds=round(off.total_seconds()))
            self._was_ahead |= off > timedelta()
            # The pause is measured by the monotonic clock, which the jump did not change.
            if elapsed - self._doubted_since < PAUSE:
                return False
            log.warning("clock_taken_as_right", seconds=round(off.total_seconds()))
            self._accept(now, elapsed)
            return True

    def _asked(self, elapsed: float) -> datetime | None:
        # While the clock is trusted, ask only every ASKED_EVERY seconds: a query costs more than a step.
        recently = self._asked_at is not None and elapsed - self._asked_at < ASKED_EVERY
        if recently and self._doubted_since is None:
            return None
        self._asked_at = elapsed
        return self._database()

    def _trust(self, reading: _ClockReading, now: datetime, elapsed: float) -> None:
        if self._doubted_since is not None:
            # Before the doubt ends, so that it is called again if it fails.
            if self._was_ahead:
                self._came_back()
            log.info("clock_right_again")
            self._doubted_since, self._was_ahead = None, False
        # The clock is back where it was before the jump, so both readings become the same again.
        if reading is self._before:
            self._before = self._right = _ClockReading(now, elapsed, reading.apart)
        else:
            self._right = _ClockReading(now, elapsed, reading.apart)

    def _accept(self, now: datetime, elapsed: float) -> None:
        # Ask again: the time from the last query may be seconds old.
        theirs = self._database()
        self._before = self._right
        self._right = _ClockReading(now, elapsed, timedelta() if theirs is None else now - theirs)
        self._doubted_since, self._was_ahead = None, False


def guard_of(store: Store) -> ClockGuard | None:
    """Return None if the store does not use the machine's clock."""
    if not isinstance(store.clock, SystemClock):
        return None
    return ClockGuard(store.now, lambda: _time_of_database(store), came_back=lambda: recompute_all(store))


def _time_of_database(store: Store) -> datetime | None:
    # None for SQLite, which uses the clock of this machine, and for a database that does not answer now.
    # A database that cannot be reached says nothing about the clock.
    with suppress(SQLAlchemyError), store.reading() as connection:
        return time_of_database(connection)
    return None
