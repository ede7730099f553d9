"""Holds the limits on times and counts that the judge checks, and the judge's calendar.

Moments are in UTC, so that sums are right when the clocks change. Days and times of day are in London time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from tests.simulation.judging.resident import LONDON
from tests.simulation.surroundings.rules import Numbers


class Urgency(StrEnum):
    URGENT = "urgent"  # overdue, restricted, or moved before it was safe
    CLOSE = "close"  # at most two days before the harmful day: night and weekend no longer count
    NEAR = "near"  # at most 14 days before it, or moved as planned
    FAR = "far"


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# The longest time until somebody else is asked when a message fails: if it cannot wait for the next working day, as
# fewer than two working days would then be left, and if it may.
STEP_URGENT, STEP = 5 * MINUTE, HOUR
# The shortest time between two urgent messages to a person. Of what may wait, a person hears once a working day.
URGENT_APART = 15 * MINUTE
# The longest silence until the next level is asked, by urgency. Where there is none, working days or messages count.
SILENCE: Mapping[Urgency, timedelta] = {Urgency.URGENT: 30 * MINUTE}
SILENT_WORKING_DAYS = 1
# A message that reached nobody, as everybody refused it for good, is written anew after this time.
TRIED_FOR = 24 * HOUR
# An undisturbed message takes at most so long, and so long once a fault is over.
USUAL, RECOVERY = timedelta(minutes=6), timedelta(minutes=30)
# A message that was being sent when its case changed.
ON_ITS_WAY = MINUTE
# A pause that is this much too long is left as it is, since the clocks of two machines may differ by this much.
CLOCKS_DIFFER = 5 * MINUTE
# What a clock that ran ahead has put off stays put off for as long, and until the next working day has begun.
CLOCK_PUT_OFF = 1
# Days before the harmful day from which on a case is close, and near.
CLOSE, NEAR = 2, 14
# Unanswered messages after which the next level is asked when the day is far.
UNANSWERED = 2
# After so many messages without an answer, reminders may come half as often.
RARER_AFTER = 6
# A message waits for a working day, unless fewer would then be left.
LEAST_WORKING_DAYS = 2
# Whoever acknowledges so often without recording a step is not the only one to hear the next time.
NOTHING_MOVED = 2
# The days of 2026 from March to December on which nobody works in England.
BANK_HOLIDAYS = frozenset(
    {
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 5, 4),
        date(2026, 5, 25),
        date(2026, 8, 31),
        date(2026, 12, 25),
        date(2026, 12, 28),
    }
)
_SATURDAY = 5


def works(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in BANK_HOLIDAYS


def working_days_after(day: date, count: int) -> date:
    """A negative `count` counts backwards."""
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not works(day):
            day += step
    return day


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=LONDON).astimezone(UTC)


def same_time_on(day: date, moment: datetime) -> datetime:
    """Return the moment on `day` at which clocks in London show the same time as at `moment`."""
    return datetime.combine(day, moment.astimezone(LONDON).time(), tzinfo=LONDON).astimezone(UTC)


def day_of(moment: datetime) -> date:
    return moment.astimezone(LONDON).date()


def quiet(numbers: Numbers, moment: datetime) -> bool:
    return not numbers.quiet_until <= moment.astimezone(LONDON).hour < numbers.quiet_from


def office(numbers: Numbers, moment: datetime) -> bool:
    begun = moment.astimezone(LONDON).hour >= numbers.day_starts
    return begun and works(day_of(moment)) and not quiet(numbers, moment)


def next_start(numbers: Numbers, moment: datetime) -> datetime:
    today = day_of(moment)
    start = at(today, numbers.day_starts)
    return start if works(today) and start >= moment else at(working_days_after(today, 1), numbers.day_starts)


def last_start(numbers: Numbers, moment: datetime) -> datetime:
    today = day_of(moment)
    start = at(today, numbers.day_starts)
    return start if works(today) and start <= moment else at(working_days_after(today, -1), numbers.day_starts)


def end_of_quiet(numbers: Numbers, moment: datetime) -> datetime:
    if not quiet(numbers, moment):
        return moment
    late = moment.astimezone(LONDON).hour >= numbers.quiet_from
    return at(day_of(moment) + timedelta(days=late), numbers.quiet_until)
