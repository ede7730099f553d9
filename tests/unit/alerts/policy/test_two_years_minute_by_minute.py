"""Compares the calendar of a policy with a calendar that the tests keep themselves, over two years."""
# The rules and the calendar share no code.

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise

import pytest

from schemas.codes import CaseState, MatchLevel
from services.alerts.policy.policy import CaseClock, CouncilPolicy, Escalation, Tier, next_escalation
from services.alerts.policy.policy_days import in_office_hours, in_quiet_hours
from services.core.clock import london_midnight
from services.core.days.closures import Closure
from services.core.days.working_days import Nation
from tests.scenarios.escalation.three_tiers import three_tiers
from tests.unit.alerts.policy.two_years import (
    CLOCK_CHANGES,
    DAY,
    FIRST,
    LAST,
    MINUTE,
    MINUTES,
    every_day,
    is_open,
    minutes_of,
    wall,
)

pytestmark = pytest.mark.slow

# Over Christmas, at Easter, and a single day.
CLOSURES = (
    Closure(label="Christmas", first=date(2026, 12, 24), last=date(2027, 1, 4)),
    Closure(label="Easter", first=date(2027, 3, 25), last=date(2027, 4, 2)),
    Closure(label="Moving", first=date(2026, 6, 17)),
)
CLOSED = frozenset(day for closure in CLOSURES for day in closure.days())
COUNCILS = [(nation, closures) for nation in Nation for closures in ((), CLOSURES)]
# At these times of the wall clock the answer may change; a minute before and after them too.
EDGES = [time(0), time(1), time(2), time(7), time(9), time(12), time(22)]


def policy_of(nation: Nation, closures: tuple[Closure, ...]) -> CouncilPolicy:
    return three_tiers(nation=nation, closures=closures)


def at_work(moment: datetime, nation: Nation, closed: frozenset[date]) -> bool:
    here = wall(moment)
    return time(9) <= here.time() < time(22) and is_open(here.date(), nation, closed)


def at_night(moment: datetime) -> bool:
    here = wall(moment).time()
    return here >= time(22) or here < time(7)


def minutes_to_ask(day: date, dice: random.Random) -> list[datetime]:
    start = datetime.combine(day, time(), UTC)
    return sorted({*_edges(day), start + dice.randrange(24 * 60) * MINUTE})


@cache
def _edges(day: date) -> frozenset[datetime]:
    every = list(minutes_of(day))
    night = every[:240] if day in CLOCK_CHANGES else []
    return frozenset([*night, *(one for one in every if _is_edge(one))])


def _is_edge(moment: datetime) -> bool:
    # Local times of the whole hour and the minutes beside it.
    return moment.minute in (0, 1, 59) and any((wall(moment) + n * MINUTE).time() in _AT for n in (-1, 0, 1))


_AT = frozenset(EDGES)


def test_every_minute_of_two_years_is_night_or_not_as_the_clock_on_the_wall_shows() -> None:
    policy, asked = CouncilPolicy(), 0
    for day in every_day():
        for moment in minutes_of(day):
            asked += 1
            if in_quiet_hours(policy, moment) is not at_night(moment):
                pytest.fail(f"{moment} is taken for {'day' if at_night(moment) else 'night'}")
    assert asked == MINUTES


def test_every_minute_of_two_years_is_at_work_or_not_as_the_calendar_of_the_council_says() -> None:
    policy = policy_of(Nation.SCOTLAND, CLOSURES)
    for day in every_day():
        for moment in minutes_of(day):
            if in_office_hours(policy, moment) is not at_work(moment, Nation.SCOTLAND, CLOSED):
                pytest.fail(f"{moment} is wrong")


@pytest.mark.parametrize(("nation", "closures"), COUNCILS)
def test_every_nation_is_at_work_by_its_own_holidays(nation: Nation, closures: tuple[Closure, ...]) -> None:
    policy, dice, closed = policy_of(nation, closures), random.Random(1), CLOSED if closures else frozenset()
    for day in every_day():
        for moment in minutes_to_ask(day, dice):
            assert in_office_hours(policy, moment) is at_work(moment, nation, closed), moment


@dataclass
class Walk:
    nation: Nation
    closed: frozenset[date]
    policy: CouncilPolicy
    case: CaseClock

    def open_days_before_harm(self, moment: datetime) -> int:
        assert self.case.harm_on is not None
        here = wall(moment)
        days = (here.date() + n * DAY for n in range((self.case.harm_on - here.date()).days))
        starts = [
            one for one in days if is_open(one, self.nation, self.closed) and datetime.combine(one, time(9)) > here
        ]
        return len(starts)

    def nth_open_day(self, since: date, n: int) -> date:
        day = since
        while n:
            day += DAY
            n -= is_open(day, self.nation, self.closed)
        return day

    def check_time(self, moment: datetime, found: Escalation) -> None:
        assert self.case.harm_on is not None
        left = (self.case.harm_on - wall(moment).date()).days
        if left <= self.policy.quiet_override_days:
            return
        assert not at_night(moment), (moment, found)
        if not at_work(moment, self.nation, self.closed):
            # The next working day does not count, as the message would go at its start only.
            assert self.open_days_before_harm(moment) <= self.policy.least_working_days, (moment, found)

    def check_lateness(self, moment: datetime) -> None:
        last = self.case.last_alert_at
        if last is None:
            return
        assert self.case.harm_on is not None
        left = (self.case.harm_on - wall(last).date()).days
        reached = min((days for days in self.policy.thresholds if left <= days), default=56)
        rarer = 2 if self.case.unanswered > self.policy.reminders_before_rarer else 1
        latest = self.nth_open_day(wall(last).date(), self.policy.repeat_days[reached] * rarer)
        assert wall(moment) <= datetime.combine(latest, time(9)), (last, moment, reached)
        for days in self.policy.thresholds:
            # A threshold between the two messages is told on its day, or on the open day before it.
            day = self.case.harm_on - days * DAY
            while not is_open(day, self.nation, self.closed):
                day -= DAY
            told_by = datetime.combine(day, time(9))
            assert not (wall(last).date() < day and told_by < wall(moment)), (last, moment, days)


def send(case: CaseClock, found: Escalation, moment: datetime) -> CaseClock:
    asked = max(case.asked, found.last_level)
    unanswered = case.unanswered + (found.first_level == 1)
    return replace(case, last_alert_at=moment, last_threshold=found.threshold, asked=asked, unanswered=unanswered)


def new_line(moment: datetime, dice: random.Random) -> CaseClock:
    harm_on = wall(moment).date() + dice.choice((1, 3, 5, 20, 45, 70)) * DAY
    return CaseClock(CaseState.OPEN, MatchLevel.CONFIRMED, harm_on, moment)


def walked(walk: Walk, dice: random.Random) -> Iterator[datetime]:
    due: datetime | None = None
    for day in every_day():
        minutes = minutes_to_ask(day, dice)
        while minutes:
            moment = minutes.pop(0)
            if walk.case.harm_on is not None and wall(moment).date() > walk.case.harm_on + 9 * DAY:
                walk.case, due = new_line(moment, dice), None
            found = next_escalation(walk.case, walk.policy, moment)
            assert found is not None, "an open case always has a next message"
            if due is not None and moment < due:
                # Nothing happened since: what is due later does not change by waiting, so no minute is left out.
                assert found.due_at == due, (moment, due, found)
            due = found.due_at
            if due > moment:
                if due < moment + DAY and due not in minutes:
                    minutes = sorted([*minutes, *([due] if due.date() == day else [])])
                continue
            walk.check_time(moment, found)
            walk.check_lateness(moment)
            walk.case, due = send(walk.case, found, moment), None
            yield moment


@pytest.mark.parametrize(("nation", "closures"), COUNCILS[1::2])
def test_no_message_is_due_at_night_or_on_a_closed_day_unless_urgent_and_none_is_late(
    nation: Nation, closures: tuple[Closure, ...]
) -> None:
    dice = random.Random(nation.value)
    policy = policy_of(nation, closures)
    opened = london_midnight(FIRST) + timedelta(hours=9)
    walk = Walk(nation, CLOSED, policy, new_line(opened, dice))
    times = list(walked(walk, dice))
    assert len(times) > 200
    # No message comes twice in the hour that comes twice in October.
    assert all(later - sooner >= timedelta(minutes=policy.silence_urgent_minutes) for sooner, later in pairwise(times))
    # Where a line is near, none of the days of a clock change is left out.
    assert max(later - sooner for sooner, later in pairwise(times)) < timedelta(days=64)
    assert times[-1].date() > LAST - 64 * DAY


@pytest.mark.parametrize("starts", [time(1), time(1, 30), time(2)], ids=str)
def test_a_working_day_that_starts_in_the_hour_of_the_change_starts_once_and_is_not_left_out(starts: time) -> None:
    tier = Tier(label="room", from_days=56, contacts=three_tiers().tiers[0].contacts)
    quiet = {"quiet_from": time(23), "quiet_until": time(0, 30), "day_starts": starts}
    policy = CouncilPolicy(tiers=(tier,), works_every_day=True, **quiet)
    for change in CLOCK_CHANGES:
        # An overdue line is told of once a day.
        case = CaseClock(CaseState.OPEN, MatchLevel.CONFIRMED, change - 30 * DAY, london_midnight(change - 40 * DAY))
        case = replace(
            case, last_alert_at=london_midnight(change - DAY) + timedelta(hours=12), last_threshold=0, asked=2
        )
        sent = []
        for day in (change - DAY, change, change + DAY):
            for moment in minutes_of(day):
                if case.last_alert_at is not None and moment <= case.last_alert_at:
                    continue
                found = next_escalation(case, policy, moment)
                assert found is not None
                if found.due_at <= moment:
                    case = replace(case, last_alert_at=moment)
                    sent.append(wall(moment))
        assert [one.date() for one in sent] == [change, change + DAY]
        skipped = change.month == 3 and starts < time(2)
        assert [one.time() for one in sent] == [time(2) if skipped else starts, starts]
