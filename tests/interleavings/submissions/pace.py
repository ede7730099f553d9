"""The pace of an interleavings test: it decides how often transactions run at the same time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Numbers that decide how often two transactions change the same records at the same time."""

    # Pairs under way at a time.
    wave: int
    # The fewest and the most records of a submission; the last of a wave may have fewer.
    batch: tuple[int, int]
    # The most events that may wait for a matcher. Beyond this number, writers wait too, because a matcher that is far
    # behind would change no record at the same time as a writer.
    backlog: int
    # Of the events that wait, how many a matcher chooses from: the newest or the oldest.
    seen: int
    # The numbers of events that a matcher may take for one transaction. Each number is equally likely. A transaction
    # in conflict with another is undone as a whole, and small transactions are in conflict less often than large ones.
    at_once: tuple[int, ...]
    # The share of a matcher's transactions that are delayed between the last read and the first write.
    held_up: float


# Many pairs in little time.
MANY = Pace(wave=600, batch=(5, 60), backlog=80, seen=60, at_once=(1, 2, 4, 12, 40), held_up=0.1)
# Few pairs, whose records change again while they are being matched.
CLOSE = Pace(wave=12, batch=(1, 4), backlog=10, seen=8, at_once=(1, 1, 2), held_up=0.5)
