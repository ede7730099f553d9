from __future__ import annotations

from datetime import UTC, datetime, timedelta

# A Monday morning, outside quiet hours.
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class FrozenClock:
    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._passed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        # Like the clock of the machine that is never put back.
        return self._passed

    def advance(self, **by: float) -> None:
        # The arguments are those of `timedelta`: `advance(days=2, hours=1)`.
        self.set(self._now + timedelta(**by))

    def set(self, moment: datetime) -> None:
        self._passed += max(0.0, (moment - self._now).total_seconds())
        self._now = moment
