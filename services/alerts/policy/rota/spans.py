"""A span includes its start, but not its end."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from services.core.clock import london_day
from services.core.days.council_days import london_time

_ONE_DAY: Final = timedelta(days=1)
EVERY_WEEKDAY: Final = frozenset(range(7))


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    start: datetime
    end: datetime

    def shares_time_with(self, other: "TimeSpan") -> bool:
        return self.start < other.end and other.start < self.end

    def within(self, other: "TimeSpan") -> "TimeSpan":
        # The spans must share time.
        return TimeSpan(max(self.start, other.start), min(self.end, other.end))

    def without(self, other: "TimeSpan") -> list["TimeSpan"]:
        if not self.shares_time_with(other):
            return [self]
        parts = [TimeSpan(self.start, other.start), TimeSpan(other.end, self.end)]
        return [part for part in parts if part.start < part.end]


def joined_spans(spans: Iterable[TimeSpan]) -> list[TimeSpan]:
    """Merge spans that overlap or touch. Return the merged spans in order of time."""
    found: list[TimeSpan] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = TimeSpan(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def uncovered(needed: Iterable[TimeSpan], covers: Iterable[TimeSpan]) -> list[TimeSpan]:
    left: list[TimeSpan] = []
    ahead = deque(joined_spans(covers))
    for span in joined_spans(needed):
        start = span.start
        while ahead and ahead[0].start < span.end:
            if start < ahead[0].start:
                left.append(TimeSpan(start, ahead[0].start))
            start = max(start, ahead[0].end)
            # A cover that lasts longer may also cover the next span.
            if ahead[0].end > span.end:
                break
            ahead.popleft()
        if start < span.end:
            left.append(TimeSpan(start, span.end))
    return left


def clipped(spans: Iterable[TimeSpan], to: TimeSpan) -> list[TimeSpan]:
    return [span.within(to) for span in spans if span.shares_time_with(to)]


def daily(begin: time, end: time, within: TimeSpan, weekdays: AbstractSet[int] = EVERY_WEEKDAY) -> Iterator[TimeSpan]:
    """Return the daily spans that share time with `within`.

    `begin` and `end` are local times. In `weekdays`, Monday is 0.
    """
    # A span of the day before may still last.
    day, last = london_day(within.start) - _ONE_DAY, london_day(within.end)
    while day <= last:
        if day.weekday() in weekdays:
            # If `end` is not after `begin`, the span ends on the next day.
            span = TimeSpan(
                london_time(day, begin), london_time(day + (_ONE_DAY if end <= begin else timedelta()), end)
            )
            # A span whose local times are all skipped in March is empty.
            if span.start < span.end and span.shares_time_with(within):
                yield span
        day += _ONE_DAY


def days_of(spans: Sequence[TimeSpan]) -> list[date]:
    found: dict[date, None] = {}
    for span in spans:
        day, last = london_day(span.start), london_day(span.end - timedelta(microseconds=1))
        while day <= last:
            found[day] = None
            day += _ONE_DAY
    return list(found)
