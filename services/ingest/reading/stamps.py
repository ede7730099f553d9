"""All functions are pure."""
# Of two tied versions, the version received later counts.

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from services.core.clock import LONDON, london_day, london_midnight

# A row whose stamp is further ahead of our clock than this is refused. Our own choice.
AHEAD: Final = timedelta(days=1)
# Largest difference between two clocks. A stamp further in the future is not believed. Our own choice.
SLACK: Final = timedelta(minutes=5)

_START, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
_OPEN_END: Final = 9000  # a year between any plausible one and that of `_END`
_A_TICK, _A_SECOND, _A_MINUTE = timedelta(microseconds=1), timedelta(seconds=1), timedelta(minutes=1)


class Stamp(NamedTuple):
    # The true time lies between `earliest` and `latest`.
    # This time is stored and shown.
    at: datetime
    earliest: datetime
    latest: datetime

    @property
    def is_open(self) -> bool:
        # True if the sender gave no usable time: none at all, or one from a wrong clock.
        return self.latest.year >= _OPEN_END

    @property
    def width(self) -> timedelta:
        return self.latest - self.earliest

    def before(self, other: Stamp) -> bool:
        # True only if it holds for every moment that the two may mean.
        return self.latest < other.earliest

    def followed_by(self, later: Stamp) -> bool:
        """Return True if `later` is surely the newer stamp.

        `later` must belong to the version that was received second.
        """
        # Of two versions without a stamp, the order of receipt is taken as the sender's own order.
        if self.is_open and later.is_open:
            return self.at < later.at
        # A version without a stamp was issued no later than it was received.
        return (self.at if self.is_open else self.latest) < later.earliest


def exact(at: datetime) -> Stamp:
    # Exact to the second, or to the microsecond if the time has a fraction.
    return Stamp(at, at, at if at.microsecond else at + _A_SECOND - _A_TICK)


def of_the_day(day: date, at: datetime | None = None) -> Stamp:
    """Return a stamp that spans the day in Europe/London."""
    midnight = london_midnight(day)
    return Stamp(at or midnight, midnight, london_midnight(day + timedelta(days=1)) - _A_TICK)


def unknown(received: datetime) -> Stamp:
    # Spans all time, so that no other stamp is before it or after it.
    return Stamp(received, _START, _END)


def read_stamp(given: datetime | None, now: datetime, *, typed: bool) -> Stamp:
    """`now` is the time of receipt."""
    if given is None:
        return unknown(now)
    # Systems that know only the date send midnight.
    if _is_midnight(given):
        return of_the_day(london_day(given), given)
    # People who type a time into a cell leave out the seconds.
    if typed and not (given.second or given.microsecond):
        return Stamp(given, given, given + _A_MINUTE - _A_TICK)
    return exact(given)


def trusted(recorded: Stamp, now: datetime) -> Stamp:
    """Return `recorded`, or an unknown stamp if `recorded` lies in the future by more than `SLACK`."""
    start = recorded.at if recorded.is_open else recorded.earliest
    # A version dated tomorrow would otherwise block every correction until then. One tick before now, so that the
    # version received now follows it.
    return recorded if start <= now + SLACK else unknown(now - _A_TICK)


def tells_more(new: Stamp, recorded: Stamp) -> bool:
    """Return True if `new` should replace `recorded`.

    Both stamps must belong to versions with the same content.
    """
    if recorded.before(new):
        return True
    # The narrower stamp counts. If both have the same width, the later stamp counts. So the result does not depend on
    # the order of arrival.
    return not new.before(recorded) and (new.width, -new.at.timestamp()) < (recorded.width, -recorded.at.timestamp())


def in_words(stamp: Stamp) -> str:
    # A stamp wider than a minute comes from a date alone. A time of day would be invented.
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
    # In UTC or in UK time: in summer the two are an hour apart, and systems send either.
    return any(at.astimezone(zone).time() == time.min for zone in (UTC, LONDON))
