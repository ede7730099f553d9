"""The clock as a port: rules take `now`, shells take a `Clock`, only this file reads the time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
"""Dates in notices, thresholds and messages are dates in this zone; stored times are UTC."""


class Clock(Protocol):
    """Tells the time as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class AcceleratedClock:
    """A clock that starts at `start` and runs `factor` times as fast as the machine's, for demonstrations."""

    def __init__(self, start: datetime, factor: float = 1.0) -> None:
        self._start = start
        self._origin = datetime.now(UTC)
        self._factor = factor

    def now(self) -> datetime:
        return self._start + (datetime.now(UTC) - self._origin) * self._factor

    def run_at(self, factor: float) -> None:
        """Go on from the time it shows, `factor` times as fast as the machine's clock."""
        self._start, self._origin, self._factor = self.now(), datetime.now(UTC), factor


def london_day(moment: datetime) -> date:
    """The calendar day in Europe/London on which an aware moment falls."""
    return moment.astimezone(LONDON).date()


def london_midnight(day: date) -> datetime:
    """The moment, in UTC, at which a calendar day begins in Europe/London."""
    return datetime.combine(day, time(), tzinfo=LONDON).astimezone(UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Whole microseconds since 1970 in UTC, exact (no floating point)."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of `to_micros`."""
    return _EPOCH + timedelta(microseconds=micros)
