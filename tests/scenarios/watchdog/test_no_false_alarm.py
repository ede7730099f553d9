from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from schemas.codes import CaseEvent
from services.alerts.case.acts import accept_changes
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.alerts.review.recording import ActRefusedError, RecordFaultyError
from services.alerts.states.records import HumanAct
from services.core.errors import NotFoundError
from services.ingest.recording.withdrawals import withdraw_one
from services.storage.feeds import add_feed
from tests.scenarios.watchdog.watching import found, run_for
from tests.support.deployment import BLACKPOOL, RAVEN, Deployment
from tests.support.ledger import cases_by_entry
from tests.support.people import OFFICER, acknowledge_last, confirm_hold, confirm_safe, record, reject

HARBOUR = "provider:HBRT"
HOMES = {f"e{one}": f"01632 9601{one:02}" for one in range(4)}
BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
TIERS = (
    Tier(
        label="duty",
        from_days=56,
        contacts=(Contact(person="duty desk", channel="route", address="mailto://desk.example"),),
    ),
    Tier(
        label="manager",
        from_days=7,
        contacts=(Contact(person="manager", channel="route", address="mailto://manager.example"),),
    ),
)


class LivedWeeks:
    def __init__(self, deployment: Deployment, seed: int) -> None:
        self.deployment, self.dice = deployment, Random(seed)
        add_feed(deployment.store, "provider", "HBRT", "Harbour Telecom")
        deployment.with_officers(CouncilPolicy(tiers=TIERS))
        for name in HOMES:
            self.put(name, status="active")
            self.post(name)

    def live(self) -> None:
        steps = (self.post, self.post, self.put, self.act, self.act, self.act, self.act, self.fail, self.leave)
        for _ in range(self.dice.randint(0, 3)):
            # The state of a case may refuse an act, and a first notice may not be handled yet.
            with suppress(ActRefusedError, RecordFaultyError, NotFoundError, KeyError, IndexError):
                self.dice.choice(steps)(self.dice.choice(list(HOMES)))
        self.deployment.settle()
        run_for(self.deployment, minutes=self.dice.choice((1, 30, 240, 700, 1500, 4000)))

    def stamp(self) -> str:
        return self.deployment.clock.now().isoformat()

    def day(self) -> str:
        return str(self.deployment.clock.now().date() + timedelta(days=self.dice.randint(-3, 70)))

    def post(self, name: str) -> None:
        row: dict[str, Any] = {
            "issued_at": self.stamp(),
            "status": self.dice.choice(("planned", "planned", "rescheduled", "completed", "withdrawn", "reverted")),
        }
        row |= {"planned_migration_date": self.day()} if self.dice.random() < 0.8 else {}
        row |= {"restriction_start_date": self.day()} if self.dice.random() < 0.3 else {}
        area = {"scope": "postcode", "area_codes": ["FY3 8"], "id": f"a{self.dice.randint(1, 3)}"}
        own = {"id": f"n{name}", "cli": HOMES[name]}
        row |= area if self.dice.random() < 0.2 else own
        row |= {"supersedes": f"n{name}", "id": f"m{name}"} if self.dice.random() < 0.1 else {}
        self.deployment.post_notices(row, feed=self.dice.choice((RAVEN, RAVEN, HARBOUR)))

    def put(self, name: str, status: str | None = None) -> None:
        row = {"entry_id": name, "cli": HOMES[name], "postcode": "FY3 8AA", "updated_at": self.stamp()}
        chosen = status or self.dice.choice(("active", "active", "suspended", "ended"))
        way = self.dice.choice(("analogue_line", "analogue_line", "unknown", "sim"))
        self.deployment.put_entries(row | {"service_status": chosen, "connection": way})

    def leave(self, name: str) -> None:
        withdraw_one(self.deployment.store, BLACKPOOL, name)

    def fail(self, _name: str) -> None:
        # Less than the time after which the watchdog asks.
        self.deployment.channel.results = [BUSY] * self.dice.randint(1, 4)

    def act(self, name: str) -> None:
        one, at = self.deployment, self.stamp()
        tested = {"arc_name": "Fylde ARC", "at": at, "tested_by": OFFICER}
        self.dice.choice(
            (
                lambda: acknowledge_last(one),
                lambda: record(one, CaseEvent.CONTACT_RESIDENT, name, method="call"),
                lambda: record(one, CaseEvent.BOOK_VISIT, name, visit_on=self.day()),
                lambda: record(one, CaseEvent.FIND_NO_ACCESS, name),
                lambda: record(one, CaseEvent.REQUEST_HOLD, name),
                lambda: record(one, CaseEvent.REFUSE_HOLD, name),
                lambda: confirm_hold(one, self.day(), name),
                lambda: record(one, CaseEvent.FIT_SOLUTION, name, kind="converter_interim", retest_on=self.day()),
                lambda: record(one, CaseEvent.PASS_TEST, name, **tested),
                lambda: record(one, CaseEvent.FAIL_TEST, name, **tested),
                lambda: record(one, CaseEvent.PASS_POST_CHECK, name, **tested),
                lambda: confirm_safe(one, name),
                lambda: record(one, CaseEvent.CLOSE, name),
                lambda: record(one, CaseEvent.PORT_LINE, name, from_provider=self.dice.choice(("RAVN", "HBRT"))),
                lambda: record(one, CaseEvent.REJECT_MATCH, name, reason="seen at the visit"),
                lambda: reject(one, f"n{name}", name),
                lambda: accept_changes(
                    one.store, BLACKPOOL, HumanAct(by=OFFICER), [cases_by_entry(one)[name].reference]
                ),
            )
        )()


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_in_weeks_of_a_service_that_runs(deployment: Deployment, seed: int) -> None:
    weeks = LivedWeeks(deployment, seed)
    end = deployment.clock.now() + timedelta(weeks=3)
    while deployment.clock.now() < end:
        weeks.live()
        assert found(deployment) == {}, deployment.clock.now()
    assert deployment.mails()
