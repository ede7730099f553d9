"""Only this file reads the system's time, apart from the HTTP channels and the rate limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

# The zone of dates in notices, thresholds and messages. Stored times are in UTC.
LONDON = ZoneInfo("Europe/London")

# Stands for an unknown day, and is later than any other.
NO_DAY: Final = date.max

# The clocks of processes that run at the same time may differ by this much. A later time was written by a wrong clock.
CLOCKS_APART: Final = timedelta(minutes=5)


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class AcceleratedClock:
    # Only for demonstrations.
    def __init__(self, start: datetime, factor: float = 1.0) -> None:
        self._start = start
        self._origin = datetime.now(UTC)
        self._factor = factor

    def now(self) -> datetime:
        return self._start + (datetime.now(UTC) - self._origin) * self._factor

    def run_at(self, factor: float) -> None:
        # A change of speed continues from the time that this clock shows now, so that the time never jumps.
        self._start, self._origin, self._factor = self.now(), datetime.now(UTC), factor


def london_day(moment: datetime) -> date:
    return moment.astimezone(LONDON).date()


def london_midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=LONDON).astimezone(UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return the microseconds since the start of 1970 in UTC."""
    # Integer division: `timestamp()` is a float and loses microseconds.
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
