"""What shows that a fault really happened, and how to look for it in what others wrote down."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.deployment.world import World
from tests.chaos.faults.schedule import Fault
from tests.support.servers.killing import until

# Seconds a fault is given to show that it bites.
BITES_WITHIN = 60.0

# What the broker writes when a group has come to an agreement on who reads what.
REBALANCED = re.compile(r"Stabilized group (pullcord-\w+) generation (\d+) with (\d+) members")


# Brings a fault about, holds it for its time and ends it; returns what shows that it happened. Raises NotShownError.
Bring = Callable[[World, Fault], str]


class NotShownError(Exception):
    """A fault was brought about and nothing shows that it did anything."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """That a fault happened: from when to when (seconds into the run), and what shows it."""

    fault: Fault
    began: float
    ended: float
    shown: bool
    text: str


def unpublished(world: World) -> int:
    """The number of events that wait in the outbox."""
    return world.one("SELECT count(*) FROM outbox WHERE published_at IS NULL")


def lag(world: World, consumer: str, topics: tuple[str, ...]) -> int:
    """The number of published events that a consumer has not handled."""
    return world.one(
        """SELECT count(*) FROM outbox o WHERE o.published_at IS NOT NULL AND o.topic = ANY(%(topics)s)
           AND NOT EXISTS (SELECT FROM inbox i WHERE i.consumer = %(consumer)s AND i.event_id = o.event_id)""",
        topics=list(topics),
        consumer=consumer,
    )


def suppressed(world: World) -> int:
    """The number of duplicates that consumers have left alone."""
    return world.one("SELECT count(*) FROM audit WHERE action = 'duplicate_suppressed'")


def handled(world: World) -> int:
    """The number of events that consumers have handled."""
    return world.one("SELECT count(*) FROM inbox")


def rebalances(world: World, group: str) -> list[tuple[int, int]]:
    """The rebalances of a consumer group, as the broker's log has them: generation, and how many took part."""
    log = (world.broker.folder / "broker.log").read_text(errors="replace")
    return [(int(number), int(members)) for name, number, members in REBALANCED.findall(log) if name == group]


def shows(condition: Callable[[], bool], what: str) -> None:
    """Wait until something can be seen.

    Raises NotShownError.
    """
    if not until(condition, BITES_WITHIN):
        raise NotShownError(f"not seen within {BITES_WITHIN:.0f} s: {what}")
