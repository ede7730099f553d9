from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from schemas.envelope import Envelope
from services.core.audit import AuditAction
from services.runtime.embedded.event_dispatcher import EventDispatcher, deliver
from services.storage.events.outbox import unpublished
from services.storage.events.process import Consumer, Effects, process
from services.storage.tables import alerts, cases, inbox, matches, outbox, quarantine
from services.storage.unit_of_work import UnitOfWork
from services.storage.vault import MissingKeyError, Vault
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, count, pairs, rows, said, state_of_record, tell_everything_again
from tests.support.people import acknowledge_last

NUMBERS = ("01632 960123", "01632 960124", "01632 960125")
ENTRIES = [{"entry_id": f"e{n}", "cli": cli, "updated_at": "2026-11-01T09:00:00Z"} for n, cli in enumerate(NUMBERS)]
NOTICES = [
    {"id": f"n{n}", "cli": cli, "planned_migration_date": "2026-12-03", "issued_at": "2026-11-20T09:00:00Z"}
    for n, cli in enumerate(NUMBERS)
]


class KilledError(BaseException):
    """Simulates the end of a process. Only a test catches this error."""


class Failing:
    def __init__(self, consumer: Consumer, *errors: BaseException) -> None:
        self.name, self.topics = consumer.name, consumer.topics
        self._consumer, self._errors = consumer, list(errors)

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        effects = self._consumer.handle(work, events)
        if self._errors:
            raise self._errors.pop(0)
        return effects


def consumers(deployment: Deployment) -> list[Consumer]:
    return list(deployment.event_dispatcher._consumers)


def settle_with(deployment: Deployment, made: Sequence[Consumer], batch: int = 12) -> None:
    dispatcher = EventDispatcher(deployment.store, made, batch)
    while dispatcher.run_once():
        pass


@pytest.fixture
def busy(deployment: Deployment) -> Deployment:
    # The alert on three lines is acknowledged, and later versions of two records have come.
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    deployment.tick(seconds=31)
    acknowledge_last(deployment)
    deployment.post_notices(NOTICES[0] | {"issued_at": "2026-11-21T09:00:00Z", "planned_migration_date": "2026-11-27"})
    deployment.put_entries(ENTRIES[1] | {"updated_at": "2026-11-02T09:00:00Z", "cli": "01632 960999"})
    deployment.tick(seconds=61)
    return deployment


@pytest.mark.parametrize("place", [0, 1])
def test_a_crash_before_the_commit_leaves_nothing_behind(deployment: Deployment, place: int) -> None:
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    made = consumers(deployment)
    made[place] = Failing(made[place], KilledError())
    with pytest.raises(KilledError):
        settle_with(deployment, made)
    assert count(deployment, inbox, inbox.c.consumer == made[place].name) == 0
    assert (count(deployment, matches), deployment.cases()) == (0 if place == 0 else 3, [])


@pytest.mark.parametrize("place", [0, 1])
def test_after_a_crash_the_events_are_handled_once(deployment: Deployment, place: int) -> None:
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    made = consumers(deployment)
    made[place] = Failing(made[place], KilledError())
    with pytest.raises(KilledError):
        settle_with(deployment, made)
    deployment.tick(seconds=31)
    assert len(pairs(deployment)) == 3
    assert len(said(deployment, AuditAction.CASE_OPENED)) == 3
    assert len(deployment.mails()) == 1


def test_a_crash_between_two_consumers_doubles_nothing(deployment: Deployment) -> None:
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    with deployment.store.reading() as connection:
        events = unpublished(connection, 100)
    process(deployment.store, consumers(deployment)[0], events)
    deployment.tick(seconds=31)
    assert (count(deployment, matches), len(deployment.cases()), len(deployment.mails())) == (3, 3, 1)


def test_an_event_delivered_twice_is_a_no_op_that_the_audit_names(deployment: Deployment) -> None:
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    with deployment.store.reading() as connection:
        events = [event for event in unpublished(connection, 100) if event.topic in consumers(deployment)[0].topics]
    assert process(deployment.store, consumers(deployment)[0], events) == len(events)
    told = count(deployment, outbox)
    before = state_of_record(deployment)
    assert process(deployment.store, consumers(deployment)[0], events) == 0
    assert process(deployment.store, consumers(deployment)[0], [*events, *events]) == 0
    assert (state_of_record(deployment), count(deployment, outbox)) == (before, told)
    assert {fields["event"] for fields in said(deployment, AuditAction.DUPLICATE_SUPPRESSED)} == {
        event.event_id for event in events
    }


def test_an_event_twice_in_one_batch_is_handled_once(deployment: Deployment) -> None:
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    with deployment.store.reading() as connection:
        events = unpublished(connection, 100)
    deliver(deployment.store, consumers(deployment)[0], [*events, *events])
    assert count(deployment, inbox) == len(events)


def test_an_event_that_does_not_decode_is_set_aside_and_the_rest_is_handled(deployment: Deployment) -> None:
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    deployment.put_entries({"entry_id": "lost"})
    poisoned = rows(deployment, outbox)[-1]
    with deployment.store.writing() as connection:
        connection.execute(update(outbox).where(outbox.c.pk == poisoned.pk).values(body=b'{"specversion": "1.0"'))
    deployment.tick(seconds=31)
    (aside,) = rows(deployment, quarantine)
    assert (aside.consumer, aside.event_id) == ("matcher", poisoned.event_id)
    assert len(said(deployment, AuditAction.EVENT_QUARANTINED)) == 1
    assert len(pairs(deployment)) == 3
    assert len([mail for mail in deployment.mails() if mail.route == "mailto://desk.example"]) == 1


def test_a_set_aside_event_is_not_tried_for_ever(deployment: Deployment) -> None:
    deployment.put_entries(ENTRIES[0])
    with deployment.store.writing() as connection:
        connection.execute(update(outbox).values(body=b"{}"))
    deployment.settle()
    tell_everything_again(deployment)
    deployment.settle()
    assert count(deployment, quarantine) == 1


def test_an_event_that_breaks_its_consumer_is_set_aside_and_the_rest_is_handled(deployment: Deployment) -> None:
    class Squeamish:
        def __init__(self, consumer: Consumer) -> None:
            self.name, self.topics, self._consumer = consumer.name, consumer.topics, consumer

        def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
            if any(event.id == poisoned.event_id for event in events):
                raise KeyError
            return self._consumer.handle(work, events)

    deployment.put_entries({"entry_id": "lost"})
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    poisoned = rows(deployment, outbox)[0]
    matcher, keeper = consumers(deployment)
    settle_with(deployment, [Squeamish(matcher), keeper])
    assert [row.event_id for row in rows(deployment, quarantine)] == [poisoned.event_id]
    assert len(pairs(deployment)) == 3


@pytest.mark.parametrize("passing", [NoConnectionFreeError(), OSError("disk full")])
def test_a_fault_that_may_pass_sets_nothing_aside(deployment: Deployment, passing: Exception) -> None:
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    matcher, keeper = consumers(deployment)
    with pytest.raises(type(passing)):
        settle_with(deployment, [Failing(matcher, passing), keeper])
    assert count(deployment, quarantine) == 0
    deployment.settle()
    assert len(pairs(deployment)) == 3


def test_a_vault_key_that_is_missing_for_a_while_sets_nothing_aside(deployment: Deployment) -> None:
    where = {"postcode": "FY3 8AB", "address_lines": ["18 High Street"]}
    deployment.put_entries({"entry_id": "e1", **where})
    deployment.post_notices({"id": "n1", **where})
    without = replace(deployment.store, vault=Vault({"k2": b"x" * 32}, "k2"))
    with pytest.raises(MissingKeyError):
        EventDispatcher(without, consumers(deployment)).run_once()
    assert count(deployment, quarantine) == 0
    deployment.settle()
    assert set(pairs(deployment)) == {("n1", "e1")}


@pytest.mark.parametrize("forgotten", [False, True])
@pytest.mark.parametrize("batch", [1, 12])
def test_replaying_the_whole_history_pages_no_one_and_changes_nothing(
    busy: Deployment, batch: int, *, forgotten: bool
) -> None:
    before, told = state_of_record(busy), count(busy, outbox)
    tell_everything_again(busy)
    if forgotten:
        with busy.store.writing() as connection:
            connection.execute(delete(inbox))
    settle_with(busy, consumers(busy), batch)
    busy.tick(seconds=61)
    assert state_of_record(busy) == before
    assert count(busy, outbox) == told


def test_replaying_the_history_in_reverse_changes_nothing_either(busy: Deployment) -> None:
    before = state_of_record(busy)
    tell_everything_again(busy)
    with busy.store.writing() as connection:
        connection.execute(delete(inbox))
        events = unpublished(connection, 1_000)
    for event in reversed(events):
        for consumer in consumers(busy):
            if event.topic in consumer.topics:
                deliver(busy.store, consumer, [event])
    assert state_of_record(busy) == before


def test_looking_at_every_case_again_pages_no_one(busy: Deployment) -> None:
    before = cases_by_entry(busy)
    with busy.store.writing() as connection:
        connection.execute(update(cases).where(cases.c.due_at.is_not(None)).values(due_at=busy.clock.now()))
    mails, told = len(busy.mails()), count(busy, alerts)
    busy.tick(seconds=0)
    assert (len(busy.mails()), count(busy, alerts)) == (mails, told)
    after: dict[str, Any] = cases_by_entry(busy)
    assert {name: (case.state, case.due_at) for name, case in after.items()} == {
        name: (case.state, case.due_at) for name, case in before.items()
    }
