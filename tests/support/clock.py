from __future__ import annotations

from datetime import UTC, datetime, timedelta

# A Monday morning, outside quiet hours.
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class FrozenClock:
    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, **by: float) -> None:
        # The arguments are those of `timedelta`: `advance(days=2, hours=1)`.
        self._now += timedelta(**by)

    def set(self, moment: datetime) -> None:
        self._now = moment
