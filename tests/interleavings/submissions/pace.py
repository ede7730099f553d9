from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    # The number of pairs whose histories run at the same time.
    wave: int
    # The fewest and the most records of a submission. The last submission of a wave may have fewer.
    batch: tuple[int, int]
    # The most events that may wait for a matcher. Beyond this number, writers wait too, because a matcher that is far
    # behind would change no record at the same time as a writer.
    backlog: int
    # A matcher chooses from this many waiting events: either the newest or the oldest.
    seen: int
    # The numbers of events that a matcher may take for one transaction. Each number is equally likely. A transaction
    # in conflict with another is undone as a whole, and small transactions are in conflict less often than large ones.
    at_once: tuple[int, ...]
    # The share of a matcher's transactions that are delayed between the last read and the first write.
    held_up: float


# For many pairs in a short time.
MANY = Pace(wave=600, batch=(5, 60), backlog=80, seen=60, at_once=(1, 2, 4, 12, 40), held_up=0.1)
# For few pairs, whose records change again during matching.
CLOSE = Pace(wave=12, batch=(1, 4), backlog=10, seen=8, at_once=(1, 1, 2), held_up=0.5)
