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
    def rebuild(self, work: UnitOfWork, entries: Collection[int]) -> Effects: ...


@dataclass(frozen=True, slots=True)
class ConsumerRole:
    name: str
    topics: tuple[str, ...]
    # The help text of the command.
    summary: str
    make: Callable[[Ruleset], DeployedConsumer]
    # True if the role's process also alerts councils and sends messages, and so must reach mail servers.
    delivers: bool = False


# Data flows in this order from a record to an alert. In a rebuild, each consumer needs the results of those before it.
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
