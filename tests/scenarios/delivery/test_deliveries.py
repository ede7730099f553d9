from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Connection, update

from services.alerts.delivery.channels.pool import DeliveryPool
from services.alerts.delivery.channels.port import Channel, SendOutcome, SendResult
from services.alerts.delivery.claiming import claim
from services.alerts.delivery.dispatch import Dispatcher
from services.alerts.message.message import Message
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.audit import AuditAction
from services.storage.store import Store
from services.storage.tables import deliveries, delivery_attempts
from tests.support.deployment import Deployment
from tests.support.ledger import rows, said
from tests.support.people import confirm_safe

ENTRY = {"entry_id": "e1", "cli": "01632 960123", "updated_at": "2026-11-01T09:00:00Z"}
NOTICE = {
    "id": "n1",
    "cli": "01632 960123",
    "planned_migration_date": "2026-12-03",
    "issued_at": "2026-11-20T09:00:00Z",
}
BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
REFUSED = SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")
DOUBT = SendResult(SendOutcome.IN_DOUBT, "timed_out")
OPERATOR = "mailto://operator.example"
DESK = Contact(person="duty desk", channel="route", address="mailto://desk.example")
DEPUTY = Contact(person="deputy", channel="route", address="mailto://deputy.example")


@pytest.fixture
def at_risk(deployment: Deployment) -> Deployment:
    # The first alert is due in half a minute.
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.settle()
    return deployment


def attempts(deployment: Deployment) -> list[tuple[int, int, str | None]]:
    return [(row.delivery_pk, row.number, row.outcome) for row in rows(deployment, delivery_attempts)]


def states(deployment: Deployment) -> list[str]:
    return [row.state for row in rows(deployment, deliveries)]


def send_due(deployment: Deployment) -> None:
    while deployment.dispatcher.run_due():
        deployment.settle()


def test_a_message_that_fails_for_a_passing_reason_is_tried_again_with_the_same_reference(at_risk: Deployment) -> None:
    at_risk.channel.results = [BUSY, BUSY]
    at_risk.tick(seconds=31)
    assert (states(at_risk), at_risk.mails()) == (["waiting"], [])
    at_risk.tick(seconds=10)
    at_risk.tick(seconds=20)
    (mail,) = at_risk.mails()
    assert [outcome for _, _, outcome in attempts(at_risk)] == ["failed_temporary", "failed_temporary", "sent"]
    assert mail.reference.endswith(f".{rows(at_risk, deliveries)[0].pk}")


def test_a_message_that_was_sent_is_never_sent_again(at_risk: Deployment) -> None:
    at_risk.tick(seconds=31)
    for _ in range(5):
        at_risk.tick(minutes=10)
    assert len(at_risk.mails()) == 1


def test_a_message_in_doubt_is_sent_again_within_two_minutes_with_the_same_reference(at_risk: Deployment) -> None:
    at_risk.channel.results = [DOUBT] * 4
    at_risk.tick(seconds=31)
    for _ in range(30):
        at_risk.tick(seconds=10)
    begun = [row.started_at for row in rows(at_risk, delivery_attempts)]
    assert len(begun) == 5
    assert max(later - earlier for earlier, later in pairwise(begun)) <= timedelta(minutes=2)
    assert [row.outcome for row in rows(at_risk, delivery_attempts)] == ["in_doubt"] * 4 + ["sent"]
    assert len(said(at_risk, AuditAction.DELIVERY_IN_DOUBT)) == 4


def test_an_attempt_that_died_with_its_process_is_made_again_within_two_minutes(at_risk: Deployment) -> None:
    at_risk.clock.advance(seconds=31)
    at_risk.engine.run_due()
    (left,) = claim(at_risk.store, at_risk.dispatcher.pool, ())
    at_risk.clock.advance(seconds=30)
    send_due(at_risk)
    assert at_risk.mails() == []
    at_risk.clock.advance(seconds=30)
    send_due(at_risk)
    (mail,) = at_risk.mails()
    assert mail.reference == f"{left.alert}.{left.pk}"
    assert attempts(at_risk) == [(left.pk, 1, "in_doubt"), (left.pk, 2, "sent")]


def test_a_delivery_that_was_written_down_before_a_crash_is_made_after_it(at_risk: Deployment) -> None:
    at_risk.clock.advance(seconds=31)
    at_risk.engine.run_due()
    assert states(at_risk) == ["intended"]
    send_due(at_risk)
    assert (states(at_risk), len(at_risk.mails())) == (["sent"], 1)


def routes_of_warnings(deployment: Deployment) -> list[str]:
    return [mail.route for mail in deployment.mails() if "cannot be reached" not in mail.message.subject]


def test_when_nobody_of_the_council_can_be_reached_the_operator_is_told_and_it_is_recorded(at_risk: Deployment) -> None:
    at_risk.channel.results = [REFUSED]
    at_risk.tick(seconds=31)
    at_risk.tick(seconds=1)
    assert routes_of_warnings(at_risk) == [OPERATOR]
    (gone,) = said(at_risk, AuditAction.NOBODY_COULD_BE_TOLD)
    assert gone["cases"] == 1


def test_while_anybody_of_the_council_is_reached_the_operator_is_left_alone(at_risk: Deployment) -> None:
    at_risk.with_officers(CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=(DESK, DEPUTY)),)))
    at_risk.channel.results = [REFUSED]
    at_risk.tick(seconds=31)
    assert [mail.route for mail in at_risk.mails()] == ["mailto://deputy.example"]
    assert said(at_risk, AuditAction.NOBODY_COULD_BE_TOLD) == []


def test_a_council_without_contacts_is_recorded_and_the_operator_told_in_its_place(at_risk: Deployment) -> None:
    at_risk.with_officers(CouncilPolicy())
    at_risk.tick(seconds=31)
    assert [mail.route for mail in at_risk.mails()] == [OPERATOR]
    assert len(said(at_risk, AuditAction.NOBODY_COULD_BE_TOLD)) == 1


def test_without_an_operator_either_it_is_recorded_and_the_case_stays_due(at_risk: Deployment) -> None:
    at_risk.with_officers(CouncilPolicy())
    at_risk.engine = type(at_risk.engine)(at_risk.store, at_risk.ruleset, ())
    at_risk.tick(seconds=31)
    at_risk.tick(days=1)
    assert at_risk.mails() == []
    assert len(said(at_risk, AuditAction.NOBODY_COULD_BE_TOLD)) == 2


class PowerCutError(BaseException):
    """Simulates the end of a process. Only a test catches this error."""


class CutShort(Store):
    """Simulates a process that ends after `left` write transactions."""

    left = 0

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        if CutShort.left == 0:
            raise PowerCutError
        CutShort.left -= 1
        with super().writing() as connection:
            yield connection


class RefusingDesk:
    def __init__(self, others: Channel) -> None:
        self._others = others

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        return REFUSED if "desk" in route else self._others.send(route, message, reference)


@pytest.mark.parametrize("writes", range(6))
def test_wherever_a_crash_cuts_off_the_last_refusal_the_operator_is_told(at_risk: Deployment, writes: int) -> None:
    store, dispatcher = at_risk.store, at_risk.dispatcher
    at_risk.clock.advance(seconds=31)
    at_risk.engine.run_due()
    pool = DeliveryPool(RefusingDesk(at_risk.channel))
    at_risk.dispatcher = Dispatcher(store, pool, dispatcher.presentation)
    CutShort.left = writes
    cut = CutShort(store.engine, store.vault, store.tokeniser, store.clock, store.random)
    with suppress(PowerCutError):
        Dispatcher(cut, pool, dispatcher.presentation).run_due()
    at_risk.tick(minutes=2)
    at_risk.tick(seconds=1)
    assert routes_of_warnings(at_risk) == [OPERATOR]
    assert len(said(at_risk, AuditAction.NOBODY_COULD_BE_TOLD)) == 1


def test_a_message_that_keeps_failing_is_owed_until_somebody_has_it_and_the_operator_is_told(
    at_risk: Deployment,
) -> None:
    at_risk.channel.results = [BUSY] * 10_000
    for _ in range(25 * 6):
        at_risk.tick(minutes=10)
    assert said(at_risk, AuditAction.NOBODY_COULD_BE_TOLD) != []
    at_risk.channel.results.clear()
    at_risk.tick(minutes=1)
    assert sorted(mail.route for mail in at_risk.mails()) == ["mailto://desk.example", OPERATOR]
    at_risk.tick(hours=1, minutes=1)
    assert len(at_risk.mails()) == 2


def test_an_alert_of_which_nothing_is_open_any_more_is_not_sent(at_risk: Deployment) -> None:
    at_risk.clock.advance(seconds=31)
    at_risk.engine.run_due()
    confirm_safe(at_risk)
    send_due(at_risk)
    assert (states(at_risk), at_risk.mails()) == (["not_needed"], [])


def test_a_channel_that_breaks_its_word_leaves_the_delivery_in_doubt(at_risk: Deployment) -> None:
    class Broken:
        def send(self, route: str, message: Message, reference: str) -> SendResult:
            raise RuntimeError

    deployment = at_risk
    deployment.dispatcher = Dispatcher(deployment.store, DeliveryPool(Broken()), deployment.dispatcher.presentation)
    deployment.tick(seconds=31)
    assert [outcome for _, _, outcome in attempts(deployment)] == ["in_doubt"]
    assert states(deployment) == ["waiting"]


def test_an_attempt_is_on_record_before_the_message_leaves(at_risk: Deployment) -> None:
    seen: list[tuple[str | None, str]] = []

    class Looking:
        def __init__(self, store: Store) -> None:
            self.store = store

        def send(self, route: str, message: Message, reference: str) -> SendResult:
            (attempt,), (delivery,) = rows(at_risk, delivery_attempts), rows(at_risk, deliveries)
            seen.append((attempt.outcome, delivery.state))
            return SendResult(SendOutcome.SENT, "accepted")

    pool = DeliveryPool(Looking(at_risk.store))
    at_risk.dispatcher = Dispatcher(at_risk.store, pool, at_risk.dispatcher.presentation)
    at_risk.tick(seconds=31)
    assert seen == [(None, "sending")]


def two_at_the_desk(deployment: Deployment) -> None:
    # The first alert is due to the duty desk and to a deputy.
    desks = CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=(DESK, DEPUTY)),))
    deployment.with_officers(desks)
    deployment.clock.advance(seconds=31)
    deployment.engine.run_due()


def test_no_more_is_claimed_than_can_be_sent_at_once(at_risk: Deployment) -> None:
    two_at_the_desk(at_risk)
    narrow = DeliveryPool(at_risk.channel, workers=1)
    dispatcher = Dispatcher(at_risk.store, narrow, at_risk.dispatcher.presentation)
    dispatcher.run_due()
    assert sorted(states(at_risk)) == ["intended", "sent"]


def test_a_route_that_cannot_be_opened_holds_up_nobody_else(at_risk: Deployment) -> None:
    two_at_the_desk(at_risk)
    with at_risk.store.writing() as connection:
        first = rows(at_risk, deliveries)[0].pk
        spoilt = at_risk.store.vault.seal(b"another place", "mailto://desk.example")
        connection.execute(update(deliveries).where(deliveries.c.pk == first).values(address_sealed=spoilt))
    send_due(at_risk)
    assert [mail.route for mail in at_risk.mails()] == ["mailto://deputy.example"]
    assert sorted(states(at_risk)) == ["sent", "waiting"]
