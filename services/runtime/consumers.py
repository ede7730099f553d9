"""Every consumer of events. Runners, gauges, topics, the command line and the chart are made from this tuple."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Protocol

from services.alerts.case.consumer import CaseConsumer
from services.alerts.states.rules import Ruleset
from services.matcher.consumer import Matcher
from services.storage.events.process import Consumer, Effects
from services.storage.unit_of_work import UnitOfWork


class DeployedConsumer(Consumer, Protocol):
    """A consumer whose results can also be brought back from the records, without any event."""

    def rebuild(self, work: UnitOfWork, entries: Collection[int]) -> Effects:
        """Handle these register entries as the records are now."""
        ...


@dataclass(frozen=True, slots=True)
class ConsumerRole:
    """A consumer as the role `pullcord run NAME` of a distributed deployment."""

    name: str
    topics: tuple[str, ...]
    # The help of its command.
    summary: str
    make: Callable[[Ruleset], DeployedConsumer]
    # Its process also alerts councils and sends messages, so it must reach mail servers.
    delivers: bool = False


# In the order of the way from a record to an alert: a rebuild relies on what the consumers before have written.
CONSUMERS: Final = (
    ConsumerRole(Matcher.name, Matcher.topics, "Find the lines at risk.", lambda _ruleset: Matcher()),
    ConsumerRole(
        CaseConsumer.name,
        CaseConsumer.topics,
        "Keep the cases, alert the councils, deliver the messages.",
        CaseConsumer,
        delivers=True,
    ),
)


def make_consumers(ruleset: Ruleset) -> tuple[DeployedConsumer, ...]:
    return tuple(role.make(ruleset) for role in CONSUMERS)


def consumers_of(topic: str) -> tuple[str, ...]:
    return tuple(role.name for role in CONSUMERS if topic in role.topics)
