"""The pace of an interleavings test: how close together its transactions run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Numbers that decide how often two transactions meet, and how much work a meeting costs."""

    # Pairs under way at a time.
    wave: int
    # The fewest and the most records of a submission; the last of a wave may have fewer.
    batch: tuple[int, int]
    # Events that may wait for a matcher before writers wait too: a matcher far behind meets nobody.
    backlog: int
    # Of the events that wait, how many a matcher chooses from: the newest or the oldest.
    seen: int
    # Events that a matcher may take for one transaction, each number as likely. A transaction that meets another
    # is undone as a whole, so small ones come through beside others.
    at_once: tuple[int, ...]
    # Of a matcher's transactions, the share that is held up when it has read what it needs and is about to write.
    held_up: float


# Many pairs in little time.
MANY = Pace(wave=600, batch=(5, 60), backlog=80, seen=60, at_once=(1, 2, 4, 12, 40), held_up=0.1)
# Few pairs, whose records change again while they are being matched.
CLOSE = Pace(wave=12, batch=(1, 4), backlog=10, seen=8, at_once=(1, 1, 2), held_up=0.5)
