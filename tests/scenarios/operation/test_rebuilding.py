from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import delete, update

from schemas.envelope import Envelope
from services.alerts.case.consumer import CaseConsumer
from services.core.errors import NotFoundError, RefusedError
from services.matcher.consumer import Matcher
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.runtime.maintenance.rebuild import rebuild
from services.storage.events.process import Effects
from services.storage.events.quarantine import drop, list_quarantine, requeue, show_quarantined
from services.storage.tables import outbox
from services.storage.unit_of_work import UnitOfWork
from tests.support.deployment import Deployment

ENTRIES = [{"entry_id": f"e{n}", "cli": f"01632 960{n:03d}"} for n in range(12)]
NOTICES = [{"id": f"n{n}", "cli": f"01632 960{n:03d}", "planned_migration_date": "2026-12-03"} for n in range(0, 12, 2)]


class Broken:
    name, topics = Matcher.name, Matcher.topics

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        raise KeyError("a fault of this version")


def rebuilt(deployment: Deployment) -> None:
    for _ in rebuild(deployment.store, deployment.consumers):
        pass


def test_after_the_loss_of_every_event_the_records_bring_matches_and_cases_back(deployment: Deployment) -> None:
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    with deployment.store.writing() as connection:
        connection.execute(delete(outbox))
    deployment.settle()
    assert deployment.cases() == []
    rebuilt(deployment)
    assert len(deployment.matches()) == len(deployment.cases()) == len(NOTICES)
    deployment.tick(seconds=31)
    assert len(deployment.mails()) == 1


def test_what_stands_already_is_left_as_it_is_and_nobody_is_paged_again(deployment: Deployment) -> None:
    deployment.put_entries(*ENTRIES)
    deployment.post_notices(*NOTICES)
    deployment.tick(seconds=31)
    before = deployment.matches(), [case.reference for case in deployment.cases()]
    rebuilt(deployment)
    deployment.tick(seconds=60)
    assert (deployment.matches(), [case.reference for case in deployment.cases()]) == before
    assert len(deployment.mails()) == 1


def set_aside(deployment: Deployment) -> str:
    deployment.put_entries(ENTRIES[0])
    deployment.post_notices(NOTICES[0])
    dispatcher = EventDispatcher(deployment.store, (Broken(), CaseConsumer(deployment.ruleset)))
    while dispatcher.run_once():
        pass
    with deployment.store.reading() as connection:
        events = list_quarantine(connection)
    assert {event.error for event in events} == {"KeyError"}
    return events[-1].event_id


def test_an_event_set_aside_is_handled_again_once_the_fault_is_mended(deployment: Deployment) -> None:
    event = set_aside(deployment)
    deployment.settle()
    assert deployment.matches() == []
    assert requeue(deployment.store, event, "Asha Patel") == 1
    deployment.settle()
    assert len(deployment.matches()) == 1
    with pytest.raises(NotFoundError):
        requeue(deployment.store, event, "Asha Patel")


def test_an_event_set_aside_can_be_looked_at_and_dropped(deployment: Deployment) -> None:
    event = set_aside(deployment)
    with deployment.store.reading() as connection:
        said: Any = show_quarantined(connection, event)
    assert said["type"] == "uk.pullcord.notices_accepted.v1"
    assert drop(deployment.store, event, "Asha Patel") == 1
    with deployment.store.reading() as connection, pytest.raises(NotFoundError):
        show_quarantined(connection, event)


def test_an_event_that_is_in_no_outbox_cannot_be_handled_again(deployment: Deployment) -> None:
    event = set_aside(deployment)
    with deployment.store.writing() as connection:
        connection.execute(update(outbox).where(outbox.c.event_id == event).values(event_id="0" * 32))
    with pytest.raises(RefusedError, match="rebuild"):
        requeue(deployment.store, event, "Asha Patel")
