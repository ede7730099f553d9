"""Defines the time limits that the watchdog checks."""
# The limits are our own choice: no source prescribes them.

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Bound:
    # The time for the first message. None means an hour after the start of the next working day.
    first: timedelta | None
    # The number of working days after which another message must have been accepted.
    repeat: int


# The line has been moved or restricted, or its harmful day has come.
URGENT: Final = Bound(first=timedelta(minutes=15), repeat=4)
# The harmful day is at most two days away.
SOON: Final = Bound(first=timedelta(minutes=15), repeat=2)
# Every other case, also one that may be about another home.
ORDINARY: Final = Bound(first=None, repeat=12)

# A case is SOON from this many days before its harmful day on.
SOON_DAYS: Final = 2
# A message that is not urgent may wait for a working day, unless fewer would then be left before the harmful day.
WORKING_DAYS_LEFT: Final = 2

# Before this many days to the harmful day, nobody need be told of it.
FIRST_DAYS: Final = 56
FIRST_DAYS_IF_POSSIBLE: Final = 28

# The latest time of day at which the working day of a council starts, and the time that its first messages may take.
WORKING_DAY_STARTS: Final = time(10)
AFTER_THE_START: Final = timedelta(hours=1)

# The longest pause that a person's act may make.
LONGEST_PAUSE: Final = timedelta(days=7)
# The longest time until the next review of an open case, or until the next attempt of a delivery.
LONGEST_WAIT: Final = timedelta(days=7)
# A review or an attempt that is late by more than this is not made at all.
LATE: Final = timedelta(minutes=15)
# Changed records are matched, and a match has its case, within this time. A large register takes its time.
MATCHED_WITHIN: Final = timedelta(hours=1)

# For messages that are being sent, and for clocks that differ.
GRACE: Final = timedelta(minutes=5)
