"""The working days of one council, and the moments that are counted by them.

A working day is a day on which the council is at work: Monday to Friday, except the bank holidays of its nation and its
own closures. All moments have a time zone, and results are in UTC.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Final

from services.core.clock import LONDON, london_day
from services.core.days.closures import Closures
from services.core.days.working_days import Nation, add_working_days, is_working_day

_NOON: Final = time(12)


@dataclass(frozen=True, slots=True)
class CouncilDays:
    """The calendar of one council. `day_starts` is the local time of day at which its working day starts."""

    nation: Nation = Nation.ENGLAND
    closures: Closures = field(default_factory=Closures)
    day_starts: time = time(9)

    def is_working(self, day: date) -> bool:
        return is_working_day(day, self.nation, self.closures)

    def plus(self, day: date, n: int) -> date:
        """Return the `n`th working day after `day`: backwards for a negative `n`, `day` itself for 0."""
        return add_working_days(day, n, self.nation, self.closures)

    def noon_before(self, day: date) -> datetime:
        """Return noon of the last working day before `day`: the latest time that still allows a visit."""
        return london_time(self.plus(day, -1), _NOON)

    def start_before(self, day: date, n: int) -> datetime:
        """Return the start of the `n`th working day before `day`."""
        return london_time(self.plus(day, -n), self.day_starts)

    def next_start(self, moment: datetime) -> datetime:
        """Return the first start of a working day that is not before `moment`."""
        start = london_time(today := london_day(moment), self.day_starts)
        if self.is_working(today) and start >= moment:
            return start
        return london_time(self.plus(today, 1), self.day_starts)

    def fewer_left(self, n: int, now: datetime, before: datetime) -> bool:
        """Return True if fewer than `n` working days are left from `now` to `before`.

        A working day is left if it starts at `now` or later, and before `before`. So a day that has begun is not
        counted, and neither is the harmful day itself if `before` is its midnight.
        """
        start = now
        for _ in range(n):
            start = self.next_start(start)
            if start >= before:
                return True
            # The day after, so that the same start is not found again.
            start = london_time(self.plus(london_day(start), 1), self.day_starts)
        return False


def same_time_on(day: date, moment: datetime) -> datetime:
    """Return the same local time of day as `moment`, on `day`."""
    return london_time(day, moment.astimezone(LONDON).time())


def london_time(day: date, at: time) -> datetime:
    """Return a local time of Europe/London as a UTC time. A later local time never gives an earlier UTC time.

    A time that the clocks skip in March counts as the moment of the change. Of a time that comes twice in October, the
    first counts.
    """
    local = datetime.combine(day, at.replace(fold=0), LONDON)
    moment = local.astimezone(UTC)
    # A skipped time does not come back the same. The clocks of the UK change at a full hour of UTC.
    skipped = moment.astimezone(LONDON).time() != local.time()
    return moment.replace(minute=0, second=0, microsecond=0) if skipped else moment
