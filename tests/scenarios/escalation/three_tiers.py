from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from services.alerts.delivery.channels.port import SendResult
from services.alerts.delivery.delivery import DeliveryState
from services.alerts.message.message import Message
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.storage.tables import alerts, deliveries
from tests.support.deployment import Deployment
from tests.support.ledger import rows
from tests.support.one_line import ENTRY

OPERATOR = "operator"


class SentTo(NamedTuple):
    contact: str
    at: datetime
    cases: int


def person(label: str) -> Contact:
    return Contact(person=label, channel="route", address=f"mailto://{label}.example")


def three_tiers(**more: Any) -> CouncilPolicy:
    named = (("officer", 56), ("manager", 7), ("head", 0))
    tiers = tuple(Tier(label=f"{who}s", from_days=days, contacts=(person(who),)) for who, days in named)
    return CouncilPolicy(tiers=tiers, **more)


def answers_of(deployment: Deployment) -> dict[str, SendResult]:
    """Return an empty dictionary, in which the test can set the channel's answer to messages for each person."""
    answers: dict[str, SendResult] = {}
    accept = deployment.channel.send

    def send(route: str, message: Message, reference: str) -> SendResult:
        label = route.partition("://")[2].removesuffix(".example")
        return answers[label] if label in answers else accept(route, message, reference)

    deployment.channel.send = send  # type: ignore[method-assign]
    return answers


def sent(deployment: Deployment) -> list[SentTo]:
    written = {alert.pk: alert for alert in rows(deployment, alerts)}
    return sorted(
        (
            SentTo(one.contact, one.settled_at, written[one.alert_pk].cases)
            for one in rows(deployment, deliveries)
            if one.state == DeliveryState.SENT and written[one.alert_pk].cases
        ),
        key=lambda one: one.at,
    )


def who(deployment: Deployment) -> list[str]:
    return [one.contact for one in sent(deployment)]


def lines(count: int) -> list[dict[str, Any]]:
    return [{**ENTRY, "entry_id": f"e{n}", "cli": f"01632 960{n:03}"} for n in range(count)]


def pass_time(deployment: Deployment, *, minutes: int, step: int = 10) -> None:
    # Time passes in small steps, because the service often looks at what is due.
    for _ in range(minutes // step):
        deployment.tick(minutes=step)
