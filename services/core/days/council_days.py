from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from services.core.clock import LONDON, london_day
from services.core.days.closures import Closures
from services.core.days.working_days import Nation, add_working_days, is_working_day

_NOON: Final = time(12)


@dataclass(frozen=True, slots=True)
class CouncilDays:
    nation: Nation = Nation.ENGLAND
    closures: Closures = field(default_factory=Closures)
    # The local time at which a working day of the council starts.
    day_starts: time = time(9)
    every_day: bool = False  # the council works at weekends and on bank holidays too
    # Answers of `working_day_by`: each review of a case asks for the same few days.
    _known: dict[date, date] = field(default_factory=dict, compare=False, repr=False)

    def is_working(self, day: date) -> bool:
        return day not in self.closures if self.every_day else is_working_day(day, self.nation, self.closures)

    def plus(self, day: date, n: int) -> date:
        """Return the day that is `n` working days after `day`. A negative `n` counts backwards."""
        if not self.every_day:
            return add_working_days(day, n, self.nation, self.closures)
        step = timedelta(days=1 if n > 0 else -1)
        for _ in range(abs(n)):
            day += step
            while day in self.closures:
                day += step
        return day

    def working_day_by(self, day: date) -> date:
        """Return `day` if it is a working day, otherwise the last working day before `day`."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = day if self.is_working(day) else self.plus(day, -1)
        return known

    def noon_before(self, day: date) -> datetime:
        """Return noon on the nearest working day before `day`."""
        return london_time(self.plus(day, -1), _NOON)

    def start_before(self, day: date, n: int) -> datetime:
        return london_time(self.plus(day, -n), self.day_starts)

    def next_start(self, moment: datetime) -> datetime:
        start = london_time(today := london_day(moment), self.day_starts)
        if self.is_working(today) and start >= moment:
            return start
        return london_time(self.plus(today, 1), self.day_starts)

    def last_start(self, moment: datetime) -> datetime:
        start = london_time(today := london_day(moment), self.day_starts)
        if self.is_working(today) and start <= moment:
            return start
        return self.start_before(today, 1)

    def fewer_left(self, n: int, now: datetime, before: datetime) -> bool:
        """Return True if fewer than `n` working days start between `now` and `before`."""
        start = now
        for _ in range(n):
            start = self.next_start(start)
            if start >= before:
                return True
            # The day after, so that the same start is not found again.
            start = london_time(self.plus(london_day(start), 1), self.day_starts)
        return False


def same_time_on(day: date, moment: datetime) -> datetime:
    return london_time(day, moment.astimezone(LONDON).time())


# Each review of a case asks for the starts of the same few days.
@lru_cache(maxsize=4096)
def london_time(day: date, at: time) -> datetime:
    """Return the moment, in UTC, at which clocks in London show the time `at` on this day."""
    # A time skipped in March gives the moment of the clock change.
    local = datetime.combine(day, at.replace(fold=0), LONDON)
    moment = local.astimezone(UTC)
    # A skipped time does not come back the same. The clocks of the UK change at a full hour of UTC.
    skipped = moment.astimezone(LONDON).time() != local.time()
    return moment.replace(minute=0, second=0, microsecond=0) if skipped else moment
