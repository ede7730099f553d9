"""How close together things happen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """What decides how often two transactions meet, and what a meeting costs."""

    wave: int
    """Pairs under way at a time."""
    batch: tuple[int, int]
    """The fewest and the most records of a submission; the last of a wave may have fewer."""
    backlog: int
    """Events that may wait for a matcher before writers wait too: a matcher far behind meets nobody."""
    seen: int
    """Of the events that wait, how many a matcher chooses from: the newest or the oldest."""
    at_once: tuple[int, ...]
    """How many events a matcher may take for one transaction, each number as likely.

    A transaction that meets another is undone as a whole, so small ones come through beside others.
    """
    held_up: float
    """Of a matcher's transactions, the share that is held up when it has read what it needs and is about to write."""


MANY = Pace(wave=600, batch=(5, 60), backlog=80, seen=60, at_once=(1, 2, 4, 12, 40), held_up=0.1)
"""Many pairs in little time."""
CLOSE = Pace(wave=12, batch=(1, 4), backlog=10, seen=8, at_once=(1, 1, 2), held_up=0.5)
"""Few pairs, whose records change again while they are being matched."""
