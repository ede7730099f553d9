"""When a version was issued or changed, as exactly as its sender said. Pure.

A date alone may be any moment of its day, so it does not come before a time of the same day. Of two versions one is
earlier only where nothing that either may mean says otherwise; else they tie, and the one received later counts.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from services.core.clock import LONDON, london_day, london_midnight

AHEAD: Final = timedelta(days=1)
"""How far ahead of our clock a sender's may be: beyond, the row is refused. Policy of the deployment."""
SLACK: Final = timedelta(minutes=5)
"""How far clocks may differ before a stamp that is still to come is not believed. Policy of the deployment."""

_START, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
_OPEN_END: Final = 9000
_A_TICK, _A_SECOND, _A_MINUTE = timedelta(microseconds=1), timedelta(seconds=1), timedelta(minutes=1)


class Stamp(NamedTuple):
    """`at` is stored and shown; the moment that was meant lies from `earliest` to `latest`, both included."""

    at: datetime
    earliest: datetime
    latest: datetime

    @property
    def is_open(self) -> bool:
        """Whether the sender's time cannot decide, because there is none or its clock was wrong."""
        return self.latest.year >= _OPEN_END

    @property
    def width(self) -> timedelta:
        """How much may lie between what was meant and what was said."""
        return self.latest - self.earliest

    def before(self, other: Stamp) -> bool:
        """Whether it is earlier than the other, whatever either of them means."""
        return self.latest < other.earliest

    def followed_by(self, later: Stamp) -> bool:
        """Whether a version that came after this one was issued after it, too.

        A version without a stamp was issued no later than it was received. Of two without, the order in which they were
        received is the sender's own.
        """
        if self.is_open and later.is_open:
            return self.at < later.at
        return (self.at if self.is_open else self.latest) < later.earliest


def exact(at: datetime) -> Stamp:
    """A time to the second, or to its fraction where it has one."""
    return Stamp(at, at, at if at.microsecond else at + _A_SECOND - _A_TICK)


def of_the_day(day: date, at: datetime | None = None) -> Stamp:
    """A date alone: any moment of the day in Europe/London."""
    midnight = london_midnight(day)
    return Stamp(at or midnight, midnight, london_midnight(day + timedelta(days=1)) - _A_TICK)


def unknown(received: datetime) -> Stamp:
    """No stamp: what is received later counts."""
    return Stamp(received, _START, _END)


def read_stamp(given: datetime | None, now: datetime, *, typed: bool) -> Stamp:
    """The stamp of a version received now. `typed`: written in a sheet, where seconds are rarely meant."""
    if given is None:
        return unknown(now)
    if _is_midnight(given):
        return of_the_day(london_day(given), given)
    if typed and not (given.second or given.microsecond):
        return Stamp(given, given, given + _A_MINUTE - _A_TICK)
    return exact(given)


def trusted(recorded: Stamp, now: datetime) -> Stamp:
    """A stamp on record as it counts now: one that is still to come was a slip or a wrong clock's, and decides nothing.

    Else a version dated tomorrow would bar every honest correction until then. It counts as received before now.
    """
    said = recorded.at if recorded.is_open else recorded.earliest
    return recorded if said <= now + SLACK else unknown(now - _A_TICK)


def tells_more(new: Stamp, recorded: Stamp) -> bool:
    """Whether the same content with this stamp moves the stamp on record: it is later, or more exact."""
    if recorded.before(new):
        return True
    return not new.before(recorded) and (new.width, -new.at.timestamp()) < (recorded.width, -recorded.at.timestamp())


def in_words(stamp: Stamp) -> str:
    """The day, and the UK time where one was given."""
    local = stamp.at.astimezone(LONDON)
    if not stamp.is_open and stamp.width > _A_MINUTE:
        return _day(local)
    return f"{_day(local)} at {_clock(local)}"


def _day(local: datetime) -> str:
    return f"{local.day} {local:%B %Y}"


def _clock(local: datetime) -> str:
    if local.microsecond:
        return f"{local:%H:%M:%S.%f}".rstrip("0")
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def _is_midnight(at: datetime) -> bool:
    return any(at.astimezone(zone).time() == time.min for zone in (UTC, LONDON))
