from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from services.alerts.delivery.drills.running import DrillRunner
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.clock import london_day
from services.core.days.council_days import london_time
from services.storage.feeds import add_feed
from services.storage.tables import alerts, drills
from tests.support.contacts import set_verified_policy
from tests.support.deployment import BLACKPOOL, Deployment, SentMessage
from tests.support.http import Api
from tests.support.ledger import rows

CARDIFF = "council:W06000015"
DESK = Contact(person="duty desk", channel="route", address="mailto://desk.example")
HEAD = Contact(person="head of service", channel="route", address="mailto://head.example")
CARDIFF_DESK = Contact(person="cardiff desk", channel="route", address="mailto://cardiff.example")
OPERATOR = "mailto://operator.example"
LINKS_LAST = timedelta(hours=72)
# The first working day of December 2026 in England, two hours after the working day starts.
HOUR = datetime(2026, 12, 1, 11, tzinfo=UTC)

# The hours of a day at which a test looks, in London.
HOURS = (3, 9, 11, 14, 22)


def two_tiers(**settings: Any) -> CouncilPolicy:
    tiers = (Tier(label="duty", from_days=56, contacts=(DESK,)), Tier(label="head", from_days=7, contacts=(HEAD,)))
    return CouncilPolicy(**{"tiers": tiers, **settings})


def with_cardiff(deployment: Deployment) -> Deployment:
    add_feed(deployment.store, "council", "W06000015", "Cardiff")
    tiers = (Tier(label="duty", from_days=56, contacts=(CARDIFF_DESK,)),)
    set_verified_policy(deployment.store, CARDIFF, CouncilPolicy(tiers=tiers))
    return deployment


def set_policy_of_blackpool(deployment: Deployment, policy: CouncilPolicy) -> Deployment:
    set_verified_policy(deployment.store, BLACKPOOL, policy)
    return deployment


def run_drills(deployment: Deployment) -> int:
    runner, moved = DrillRunner(deployment.store, LINKS_LAST), 0
    while done := runner.run_once():
        moved += done
    deployment.tick()
    return moved


def go_on_to(deployment: Deployment, moment: datetime) -> None:
    day = london_day(deployment.clock.now())
    while day <= london_day(moment):
        for hour in HOURS:
            at = london_time(day, time(hour))
            if deployment.clock.now() < at < moment:
                _run_at(deployment, at)
        day += timedelta(days=1)
    _run_at(deployment, moment)


def _run_at(deployment: Deployment, moment: datetime) -> None:
    deployment.tick(seconds=(moment - deployment.clock.now()).total_seconds())
    run_drills(deployment)


def begin(deployment: Deployment) -> None:
    deployment.clock.set(HOUR)
    run_drills(deployment)


def drill_mails(deployment: Deployment) -> list[SentMessage]:
    return [mail for mail in deployment.mails() if mail.message.subject.startswith("DRILL")]


def routes(deployment: Deployment) -> list[str]:
    return [mail.route for mail in drill_mails(deployment)]


def told_operator(deployment: Deployment) -> list[SentMessage]:
    return [mail for mail in deployment.mails() if mail.route == OPERATOR]


def link_of(mail: SentMessage) -> str:
    words = (word.removeprefix("https://pullcord.example") for word in mail.message.text.split())
    return next(word for word in words if word.startswith("/d/"))


def states(deployment: Deployment) -> list[tuple[str, str | None, str]]:
    return [(row.feed_id, row.month, row.state) for row in rows(deployment, drills)]


def reference_of(deployment: Deployment) -> str:
    newest = rows(deployment, drills)[-1]
    return str(rows(deployment, alerts, alerts.c.pk == newest.alert_pk)[0].reference)


def answer(api: Api, mail: SentMessage, name: str = "Asha Patel") -> int:
    return api.send_form(link_of(mail), name=name).status_code
