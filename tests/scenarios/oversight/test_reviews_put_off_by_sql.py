from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from schemas.codes import CaseEvent
from services.alerts.case import due_check
from services.alerts.case.acts import accept_changes
from services.alerts.case.due_check import due_differences
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.alerts.review.case import Case
from services.alerts.review.recording import ActRefusedError, RecordFaultyError
from services.alerts.states.records import HumanAct
from services.audit.check import audit_differences
from services.core.errors import NotFoundError
from services.storage.feeds import add_feed
from services.storage.tables import cases
from tests.support.contacts import set_verified_policy
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import cases_by_entry
from tests.support.one_line import ENTRY, NUMBER, notice
from tests.support.people import OFFICER, acknowledge_last, confirm_hold, confirm_safe, pass_post_check, record, reject

REVIEW, HARM, PAUSE = "next review", "harmful day", "paused until"
HARBOUR = "provider:HBRT"
BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
DESK = Tier(
    label="duty",
    from_days=56,
    contacts=(Contact(person="duty desk", channel="route", address="mailto://desk.example"),),
)
POLICIES = (
    CouncilPolicy(tiers=(DESK,)),
    CouncilPolicy(tiers=(DESK,), relaxed_without_consent=0, relaxed_share_without_consent=0),
    CouncilPolicy(tiers=(DESK,), unreached_minutes=240, acknowledgement_hours=72, grouping_seconds=0),
    CouncilPolicy(),
)


@pytest.fixture
def one_case(deployment: Deployment) -> Deployment:
    deployment.with_officers()
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice("n1", issued=1, in_days=30))
    deployment.tick(seconds=61)
    return deployment


def found(deployment: Deployment) -> set[str]:
    # The reference of the case is left out.
    with deployment.store.reading() as connection:
        checks = (audit_differences, due_differences)
        every = [one for check in checks for one in check(connection, deployment.store)]
    return {one.what.split(" ", 2)[2] for one in every}


def by_sql(deployment: Deployment, **values: Any) -> None:
    with deployment.store.writing() as connection:
        connection.execute(update(cases).values(**values))


def the_case(deployment: Deployment) -> Case:
    return cases_by_entry(deployment)["e1"]


@pytest.mark.parametrize("ahead", [timedelta(days=3650), timedelta(days=6, hours=23), timedelta(hours=3)], ids=str)
def test_a_next_review_that_was_moved_ahead_is_found(one_case: Deployment, ahead: timedelta) -> None:
    # A second message is due in an hour, because the harmful day is near.
    one_case.post_notices(notice("n1", issued=2, in_days=1))
    one_case.tick(seconds=61)
    assert found(one_case) == set()
    due_at = the_case(one_case).due_at
    assert due_at is not None
    by_sql(one_case, due_at=due_at + ahead)
    assert found(one_case) == {REVIEW}


def test_a_review_that_is_late_because_nothing_runs_is_not_taken_for_one_that_was_moved(one_case: Deployment) -> None:
    one_case.clock.advance(days=40)
    assert found(one_case) == set()


# A clock that is five days ahead shows a closed day, on which the message waits for Monday.
@pytest.mark.parametrize("days", [1, 5, 9, 40])
def test_what_a_clock_that_ran_ahead_has_written_is_not_taken_for_a_change_by_hand(
    one_case: Deployment, days: int
) -> None:
    one_case.tick(days=days)
    one_case.clock.advance(days=-days)
    one_case.tick(minutes=1)
    assert found(one_case) == set()


def test_all_cases_of_a_council_are_reviewed_page_by_page(
    one_case: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in range(2, 6):
        number = f"01632 96020{one}"
        one_case.put_entries(ENTRY | {"entry_id": f"e{one}", "cli": number})
        one_case.post_notices(notice(f"n{one}", issued=1, in_days=30, cli=number))
    one_case.tick(seconds=61)
    by_sql(one_case, due_at=one_case.clock.now() + timedelta(days=100))
    monkeypatch.setattr(due_check, "PAGE", 2)
    with one_case.store.reading() as connection:
        assert len(list(due_differences(connection, one_case.store))) == 5


@pytest.mark.parametrize("act", [confirm_hold, confirm_safe], ids=["on hold", "safe"])
def test_the_review_of_a_case_that_gets_no_messages_cannot_be_put_off_either(
    one_case: Deployment, act: Callable[..., Case]
) -> None:
    act(one_case, *([str(one_case.clock.now().date() + timedelta(days=3))] if act is confirm_hold else []))
    assert found(one_case) == set()
    by_sql(one_case, due_at=one_case.clock.now() + timedelta(days=8))
    assert found(one_case) == {REVIEW}


def test_the_re_test_of_a_case_that_is_closed_cannot_be_put_off_either(one_case: Deployment) -> None:
    again = str(one_case.clock.now().date() + timedelta(days=90))
    record(one_case, CaseEvent.FIT_SOLUTION, kind="converter_interim", retest_on=again)
    confirm_safe(one_case)
    one_case.post_notices(notice("n1", issued=2, in_days=30, status="completed"))
    one_case.tick(hours=1)
    pass_post_check(one_case)
    assert the_case(one_case).ended
    assert found(one_case) == set()
    by_sql(one_case, due_at=None)
    assert found(one_case) == {REVIEW}


@pytest.mark.parametrize(
    "day", [date(2026, 12, 24), date(2031, 1, 1), None], ids=["a day later", "years later", "none"]
)
def test_a_harmful_day_that_was_moved_or_emptied_is_found(one_case: Deployment, day: date | None) -> None:
    assert str(the_case(one_case).harm_on) == "2026-12-23"
    by_sql(one_case, harm_on=day)
    assert HARM in found(one_case)


@pytest.mark.parametrize("by", [timedelta(minutes=1), timedelta(hours=-1), timedelta(days=300)], ids=str)
def test_a_pause_lasts_as_long_as_the_act_made_it(one_case: Deployment, by: timedelta) -> None:
    acknowledge_last(one_case)
    assert found(one_case) == set()
    until = the_case(one_case).paused_until
    assert until is not None
    by_sql(one_case, paused_until=until + by)
    assert PAUSE in found(one_case)


def test_a_pause_that_nobody_made_is_found(one_case: Deployment) -> None:
    by_sql(one_case, paused_until=one_case.clock.now() + timedelta(days=5))
    assert PAUSE in found(one_case)


class RandomHistory:
    def __init__(self, deployment: Deployment, seed: int) -> None:
        self.deployment, self.dice = deployment, Random(seed)
        add_feed(deployment.store, "provider", "HBRT", "Harbour Telecom")
        self.put()
        self.post()

    def step(self) -> None:
        steps = (self.post, self.put, self.act, self.act, self.wait, self.wait, self.wait, self.edit, self.fail)
        # The state of the case may refuse an act, and the first notice may not be handled yet.
        with suppress(ActRefusedError, RecordFaultyError, NotFoundError, KeyError, IndexError):
            self.dice.choice(steps)()

    def stamp(self) -> str:
        return self.deployment.clock.now().isoformat()

    def day(self) -> str:
        return str(self.deployment.clock.now().date() + timedelta(days=self.dice.randint(-2, 60)))

    def post(self) -> None:
        row: dict[str, Any] = {
            "issued_at": self.stamp(),
            "status": self.dice.choice(("planned", "planned", "completed", "withdrawn")),
        }
        row |= {"planned_migration_date": self.day()} if self.dice.random() < 0.8 else {}
        row |= {"restriction_start_date": self.day()} if self.dice.random() < 0.3 else {}
        own = {"id": "n1", "cli": NUMBER}
        area = {"scope": "postcode", "area_codes": ["FY3 8"], "id": f"a{self.dice.randint(1, 3)}"}
        row |= area if self.dice.random() < 0.3 else own
        self.deployment.post_notices(row, feed=self.dice.choice(("provider:RAVN", HARBOUR)))

    def put(self) -> None:
        status = self.dice.choice(("active", "active", "ended"))
        row = ENTRY | {"postcode": "FY3 8AA", "updated_at": self.stamp(), "service_status": status}
        self.deployment.put_entries(row)

    def wait(self) -> None:
        self.deployment.tick(minutes=self.dice.choice((1, 50, 300, 660, 1440, 4000, 12000)))

    def edit(self) -> None:
        set_verified_policy(self.deployment.store, BLACKPOOL, self.dice.choice(POLICIES))

    def fail(self) -> None:
        self.deployment.channel.results = [BUSY] * self.dice.randint(1, 4)

    def act(self) -> None:
        one, at = self.deployment, self.stamp()
        tested = {"arc_name": "Fylde ARC", "at": at, "tested_by": OFFICER}
        self.dice.choice(
            (
                lambda: acknowledge_last(one),
                lambda: record(one, CaseEvent.CONTACT_RESIDENT, method="call"),
                lambda: confirm_hold(one, self.day()),
                lambda: record(one, CaseEvent.FIT_SOLUTION, kind="converter_interim", retest_on=self.day()),
                lambda: record(one, CaseEvent.PASS_TEST, **tested),
                lambda: record(one, CaseEvent.PASS_POST_CHECK, **tested),
                lambda: confirm_safe(one),
                lambda: record(one, CaseEvent.CLOSE),
                lambda: record(one, CaseEvent.PORT_LINE, from_provider=self.dice.choice(("RAVN", "HBRT"))),
                lambda: reject(one),
                lambda: accept_changes(one.store, BLACKPOOL, HumanAct(by=OFFICER), [the_case(one).reference]),
            )
        )()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_to_a_case_only_a_change_by_sql_is_found(deployment: Deployment, seed: int) -> None:
    history = RandomHistory(deployment.with_officers(), seed)
    for _ in range(20):
        history.step()
        assert found(deployment) == set()
    history.wait()
    if not any(case.due_at for case in deployment.cases()):
        return
    by_sql(deployment, due_at=deployment.clock.now() + timedelta(days=history.dice.randint(8, 4000)))
    assert found(deployment) == {REVIEW}
