from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from pydantic import SecretStr

from services.alerts.policy.contacts import Contact, ContactChannel
from services.alerts.policy.policy_settings import CouncilPolicy, Tier


@dataclass(frozen=True, slots=True)
class Numbers:
    # `thresholds` are days before the harmful day. Times and pauses are in hours.
    thresholds: tuple[int, ...] = (56, 28, 14, 7, 2, 0)
    # Working days between reminders, by the threshold that the case has reached.
    repeats: Mapping[int, int] = field(default_factory=lambda: {56: 5, 28: 5, 14: 3, 7: 2, 2: 1, 0: 1})
    quiet_from: int = 22
    quiet_until: int = 7
    day_starts: int = 9
    pause: int = 168
    urgent_pause: int = 24
    late_pause: int = 2
    shortest_pause: int = 4


CHOICES = (
    Numbers(),
    Numbers(thresholds=(90, 56, 28, 14, 7, 2, 0), repeats={90: 1, 56: 1, 28: 1, 14: 1, 7: 1, 2: 1, 0: 1}),
    Numbers(quiet_from=20, quiet_until=8, day_starts=10, pause=48),
    Numbers(thresholds=(28, 14, 7, 2, 0), repeats={28: 10, 14: 5, 7: 3, 2: 1, 0: 1}),
)
SETTINGS = {"relaxed_without_consent": 1_000, "grouping_seconds": 30}


def as_policy(numbers: Numbers, contacts: tuple[str, ...]) -> CouncilPolicy:
    first = tuple(contact_named(name) for name in contacts[:-1])
    manager = contact_named(contacts[-1])
    return CouncilPolicy.model_validate(
        {
            **SETTINGS,
            "thresholds": numbers.thresholds,
            "possible_thresholds": numbers.thresholds,
            "repeat_days": numbers.repeats,
            "quiet_from": time(numbers.quiet_from),
            "quiet_until": time(numbers.quiet_until),
            "day_starts": time(numbers.day_starts),
            "acknowledgement_hours": numbers.pause,
            "tiers": (
                Tier(label="duty", from_days=90, contacts=first),
                Tier(label="manager", from_days=7, contacts=(manager,)),
            ),
        }
    )


def contact_named(name: str) -> Contact:
    return Contact(person=name, channel=ContactChannel.ROUTE, address=SecretStr(f"mailto://{name}.example"))
