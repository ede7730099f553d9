from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.deployment.world import World
from tests.chaos.faults.schedule import Fault
from tests.support.servers.killing import until

# Seconds in which a fault must have an effect.
BITES_WITHIN = 60.0

# The broker logs this line after a rebalance.
REBALANCED = re.compile(r"Stabilized group (pullcord-\w+) generation (\d+) with (\d+) members")


# Brings a fault about, waits for its time and ends it. Returns a text that shows its effect. Raises NotShownError.
Bring = Callable[[World, Fault], str]


class NotShownError(Exception):
    """No evidence shows the effect of a fault."""


@dataclass(frozen=True, slots=True)
class Evidence:
    # `began` and `ended` count seconds from the start of the run.
    fault: Fault
    began: float
    ended: float
    shown: bool
    text: str


def unpublished(world: World) -> int:
    return world.one("SELECT count(*) FROM outbox WHERE published_at IS NULL")


def lag(world: World, consumer: str, topics: tuple[str, ...]) -> int:
    # The lag is the number of published events that the consumer has not handled yet.
    return world.one(
        """SELECT count(*) FROM outbox o WHERE o.published_at IS NOT NULL AND o.topic = ANY(%(topics)s)
           AND NOT EXISTS (SELECT FROM inbox i WHERE i.consumer = %(consumer)s AND i.event_id = o.event_id)""",
        topics=list(topics),
        consumer=consumer,
    )


def suppressed(world: World) -> int:
    # Consumers ignore duplicate events.
    return world.one("SELECT count(*) FROM audit WHERE action = 'duplicate_suppressed'")


def handled(world: World) -> int:
    return world.one("SELECT count(*) FROM inbox")


def rebalances(world: World, group: str) -> list[tuple[int, int]]:
    """Return the generation and the member count of each rebalance of the consumer group."""
    log = (world.broker.folder / "broker.log").read_text(errors="replace")
    return [(int(number), int(members)) for name, number, members in REBALANCED.findall(log) if name == group]


def shows(condition: Callable[[], bool], what: str) -> None:
    """Raises NotShownError if `condition` does not become true in time."""
    if not until(condition, BITES_WITHIN):
        raise NotShownError(f"not seen within {BITES_WITHIN:.0f} s: {what}")
