"""Notices when the clock jumps, and holds back what would be sent by a wrong one; never for long.

A clock that is wrong must silence nobody for ever: after the pause its time counts, whatever the others say. What it
did is undone by the reviews once it is right again.
"""

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

from services.core.clock import SystemClock
from services.storage.dialect import time_of_database
from services.storage.store import Store

log = structlog.get_logger()

JUMPS = Counter("pullcord_clock_jumps_total", "Times that the clock was found to have jumped, or to differ.")

# Seconds for which sending is held back at most while the clock is checked (policy of the deployment).
PAUSE: Final = 120.0

# By how much two clocks may differ.
TOLERANCE: Final = timedelta(seconds=60)

# Seconds between two looks at the database's clock, while nothing is doubted.
ASKED_EVERY: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Sight:
    """When the clock was right: its time, the monotonic clock's seconds, and how far it is from the database's."""

    at: datetime
    elapsed: float
    apart: timedelta

    def off(self, now: datetime, elapsed: float, theirs: datetime | None) -> timedelta:
        """Return how far the clock is off since, by the other clock that disagrees more."""
        # The monotonic clock cannot jump, but may drift or stop while the machine sleeps.
        by_monotonic = now - self.at - timedelta(seconds=elapsed - self.elapsed)
        # The difference that was there from the start counts as right.
        by_database = timedelta() if theirs is None else now - theirs - self.apart
        # One clock that agrees is no proof: the machine may have slept.
        return max(by_monotonic, by_database, key=abs)


class ClockGuard:
    """Compares a clock with the monotonic one, and with the database's if that has one of its own (`database`)."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        database: Callable[[], datetime | None] = lambda: None,
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        self._clock, self._database, self._elapsed = clock, database, elapsed
        # Several loops ask at the same time.
        self._lock = Lock()
        self._right = _Sight(clock(), elapsed(), timedelta())
        # Where the clock was before a jump that was accepted: back there it needs no second pause.
        self._before = self._right
        self._asked_at: float | None = None
        self._doubted_since: float | None = None

    def holding(self, work: Callable[[], int]) -> Callable[[], int]:
        """Return the work of a loop; it does nothing while the clock is doubted."""
        return lambda: work() if self.is_trusted() else 0

    def is_trusted(self) -> bool:
        """Return True if what is due by the clock may be done now."""
        with self._lock:
            now, elapsed = self._clock(), self._elapsed()
            theirs = self._asked(elapsed)
            sights = {sight.off(now, elapsed, theirs): sight for sight in (self._before, self._right)}
            # A clock that jumped and came back is right again at once.
            off = min(sights, key=abs)
            if abs(off) <= TOLERANCE:
                self._trust(sights[off], now, elapsed)
                return True
            if self._doubted_since is None:
                self._doubted_since = elapsed
                JUMPS.inc()
                log.warning("clock_doubted", seconds=round(off.total_seconds()))
            # Counted by the monotonic clock, which the jump has not touched.
            if elapsed - self._doubted_since < PAUSE:
                return False
            log.warning("clock_taken_as_right", seconds=round(off.total_seconds()))
            self._accept(now, elapsed)
            return True

    def _asked(self, elapsed: float) -> datetime | None:
        # At each look only while the clock is doubted: a query for each step would cost more than the step.
        recently = self._asked_at is not None and elapsed - self._asked_at < ASKED_EVERY
        if recently and self._doubted_since is None:
            return None
        self._asked_at = elapsed
        return self._database()

    def _trust(self, sight: _Sight, now: datetime, elapsed: float) -> None:
        if self._doubted_since is not None:
            log.info("clock_right_again")
            self._doubted_since = None
        # Back where it was before: both sights are the same again.
        if sight is self._before:
            self._before = self._right = _Sight(now, elapsed, sight.apart)
        else:
            self._right = _Sight(now, elapsed, sight.apart)

    def _accept(self, now: datetime, elapsed: float) -> None:
        # Asked anew: the time from the last look may be seconds old.
        theirs = self._database()
        self._before = self._right
        self._right = _Sight(now, elapsed, timedelta() if theirs is None else now - theirs)
        self._doubted_since = None


def guard_of(store: Store) -> ClockGuard | None:
    """Return the guard of a store that uses the clock of the machine; None for any other clock."""
    return ClockGuard(store.now, lambda: _time_of_database(store)) if isinstance(store.clock, SystemClock) else None


def _time_of_database(store: Store) -> datetime | None:
    # None for SQLite, which has the clock of this machine, and for a database that does not answer now.
    # A database that is away says nothing about the clock.
    with suppress(SQLAlchemyError), store.reading() as connection:
        return time_of_database(connection)
    return None
