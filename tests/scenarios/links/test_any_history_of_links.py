from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from justhtml import JustHTML

from services.alerts.case.links import revoke_link, revoke_links_of
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.message.message import Message
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.console.link_problems import PROBLEM_TEXTS, LinkProblem
from tests.support.deployment import BLACKPOOL
from tests.support.http import ENTRY, NOTICE, Api, links_of

LASTS = timedelta(hours=72)
ROUTES = {"duty desk": "mailto://desk.example", "deputy": "mailto://deputy.example", "night": "mailto://night.example"}
OPERATOR = "operator"
LABELS = {route: label for label, route in ROUTES.items()} | {"mailto://operator.example": OPERATOR}
RESULTS = [
    ACCEPTED,
    ACCEPTED,
    ACCEPTED,
    SendResult(SendOutcome.IN_DOUBT, "timed_out"),
    SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451"),
    SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550"),
]


@dataclass
class Sent:
    link: str
    contact: str
    alert: str
    delivery: int
    at: datetime
    accepted: bool


@dataclass
class Model:
    contacts: set[str] = field(default_factory=lambda: set(ROUTES))
    sent: list[Sent] = field(default_factory=list)
    revoked: set[tuple[str, str]] = field(default_factory=set)  # alert and contact

    def problem(self, one: Sent, now: datetime) -> LinkProblem | None:
        if (one.alert, one.contact) in self.revoked:
            return LinkProblem.REVOKED
        if one.contact != OPERATOR and one.contact not in self.contacts:
            return LinkProblem.REMOVED
        if now - one.at >= LASTS:
            return LinkProblem.EXPIRED
        later = (
            other.accepted and other.contact == one.contact and other.alert != one.alert
            for other in self.sent
            if other.delivery > one.delivery and other.at >= one.at
        )
        return LinkProblem.REPLACED if any(later) else None


@dataclass
class History:
    api: Api
    drawn: random.Random
    model: Model = field(default_factory=Model)
    lines: int = 0
    seen: set[LinkProblem | None] = field(default_factory=set)

    def listen(self) -> None:
        deployment, send = self.api.deployment, self.api.deployment.channel.send

        def noted(route: str, message: Message, reference: str) -> SendResult:
            # Messages leave on several threads. Drawn in this way, the results do not depend on the order.
            result = random.Random(f"{reference} {deployment.clock.now()}").choice(RESULTS)
            alert, _, delivery = reference.partition(".")
            copy = Sent(
                links_of(message.text)[0],
                LABELS[route],
                alert,
                int(delivery),
                deployment.clock.now(),
                result is ACCEPTED,
            )
            self.model.sent.append(copy)
            return send(route, message, reference) if result is ACCEPTED else result

        deployment.channel.send = noted  # type: ignore[method-assign]

    def step(self) -> None:
        acts: list[Callable[[], None]] = [self.put_at_risk, self.wait, self.wait, self.wait, self.change_contacts]
        acts += [self.revoke_one, self.revoke_of_contact] if self.model.sent else []
        self.drawn.choice(acts)()

    def put_at_risk(self) -> None:
        self.lines += 1
        number = f"01632 960{100 + self.lines}"
        deployment = self.api.deployment
        deployment.put_entries({**ENTRY, "entry_id": f"e{self.lines}", "cli": number})
        deployment.post_notices({**NOTICE, "id": f"n{self.lines}", "cli": number})
        deployment.tick(seconds=31)

    def wait(self) -> None:
        self.api.deployment.tick(hours=self.drawn.choice([0.01, 0.5, 3, 20, 48, 71]))

    def change_contacts(self) -> None:
        kept = self.drawn.sample(sorted(ROUTES), self.drawn.randint(1, len(ROUTES)))
        contacts = tuple(Contact(person=label, channel="route", address=ROUTES[label]) for label in kept)
        policy = CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=contacts),))
        set_policy(self.api.deployment.store, BLACKPOOL, policy, by="Test Setup")
        self.model.contacts = set(kept)

    def revoke_one(self) -> None:
        one = self.drawn.choice(self.model.sent)
        revoke_link(self.api.deployment.store, one.alert, "Asha Patel")
        # Also those of its contacts whose message has not gone out yet.
        self.model.revoked |= {(one.alert, contact) for contact in (*ROUTES, OPERATOR)}

    def revoke_of_contact(self) -> None:
        one = self.drawn.choice(self.model.sent)
        if self.drawn.random() < 0.5:
            revoke_link(self.api.deployment.store, one.alert, "Asha Patel", contact=one.contact)
            self.model.revoked.add((one.alert, one.contact))
            return
        revoke_links_of(self.api.deployment.store, BLACKPOOL, "Asha Patel", one.contact)
        self.model.revoked |= {(each.alert, one.contact) for each in self.model.sent if each.contact == one.contact}

    def visit_all(self) -> None:
        now = self.api.deployment.clock.now()
        for one in self.model.sent:
            page = self.api.ask(None, "GET", one.link)
            expected = self.model.problem(one, now)
            self.seen.add(expected)
            title = JustHTML(page.text).query("h1")[0].to_text()
            if expected is None:
                assert page.status_code in {200, 409}, (title, one)
            else:
                assert (page.status_code, title) == (410, PROBLEM_TEXTS[expected][0]), one


@pytest.mark.parametrize("seed", range(12))
def test_a_link_works_exactly_while_the_rules_say_so(api: Api, seed: int) -> None:
    history = History(api, random.Random(seed))
    history.change_contacts()
    history.listen()
    history.put_at_risk()
    for _ in range(9):
        history.step()
        history.visit_all()
    # A history in which nothing ever ends would judge nothing.
    assert history.seen - {None}
