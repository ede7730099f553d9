from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.claiming import claim
from services.alerts.delivery.delivery import DeliveryState
from services.core.audit import AuditAction
from services.runtime.embedded.event_dispatcher import deliver
from services.runtime.maintenance.backups import back_up, restore, settle_in_place
from services.storage.events.outbox import StoredEvent
from services.storage.tables import (
    alert_cases,
    alerts,
    deliveries,
    delivery_attempts,
    outbox,
    quarantine,
    register_entries,
)
from tests.support.checks.backups import ENTRIES, NOTICES, copy, put_back, rows_in, told
from tests.support.clock import START
from tests.support.deployment import Deployment
from tests.support.ledger import rows, said
from tests.support.people import acknowledge_last

__all__ = ["copy", "told"]

BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
RESTORED = "Pullcord was restored from a copy"


def references(deployment: Deployment) -> list[tuple[str, ...]]:
    # Each tuple has the cases of one mail.
    return [
        tuple(sorted({word for word in mail.message.text.split() if word[:2] == "C-"})) for mail in deployment.mails()
    ]


def alertable(deployment: Deployment) -> list[tuple[int, int]]:
    with deployment.store.reading() as connection:
        query = select(alert_cases.c.case_pk, alert_cases.c.threshold).join(alerts).order_by(alerts.c.pk)
        return [tuple(row) for row in connection.execute(query)]


class TestAfterARestore:
    def test_what_was_there_before_is_moved_aside_whole(self, told: Deployment, copy: Path) -> None:
        told.put_entries(ENTRIES[3])
        told.store.engine.dispose()
        done = restore(told.store, copy, replacing=True)
        assert done.aside is not None
        assert rows_in(done.aside, "register_entries") == 4
        assert len(rows(told, register_entries)) == 3

    def test_what_was_told_before_the_copy_is_told_to_nobody_again(self, told: Deployment, copy: Path) -> None:
        told.tick(hours=1)
        put_back(told, copy)
        told.tick(minutes=30)
        assert told.mails() == []

    def test_what_fell_due_since_is_told_once_in_one_message_that_says_so(self, told: Deployment, copy: Path) -> None:
        before = alertable(told)
        told.tick(days=1)
        told.tick(days=3)
        assert len(told.mails()) == 4
        put_back(told, copy)
        told.tick(minutes=1)
        told.tick(minutes=30)
        # Nobody has answered for days, so the operator is asked beside the desk.
        desk, operator = told.mails()
        for words in (desk.message.text, desk.message.html, operator.message.text):
            said_of_it = " ".join(words.split())
            assert f"{RESTORED} on Friday 27 November 2026 at 10:00am" in said_of_it
            assert "Its records end on Monday 23 November 2026 at 10:00am" in said_of_it
        assert len(references(told)[0]) == 3
        assert set(alertable(told)[len(before) :]).isdisjoint(before)

    def test_after_the_first_message_since_the_next_says_nothing_of_it(self, told: Deployment, copy: Path) -> None:
        told.tick(days=1)
        put_back(told, copy)
        told.tick(minutes=1)
        told.tick(days=2)
        first, *others = told.mails()
        assert RESTORED in first.message.text
        assert others
        assert not any(RESTORED in other.message.text for other in others)

    def test_days_later_a_first_message_says_nothing_of_it(self, told: Deployment, copy: Path) -> None:
        put_back(told, copy)
        told.tick(days=1)
        told.tick(days=2)
        told.put_entries(ENTRIES[3])
        told.post_notices(NOTICES[3])
        told.tick(minutes=1)
        assert RESTORED not in told.mails()[-1].message.text

    def test_what_is_sent_again_is_taken_in_once_and_told_once(self, told: Deployment, copy: Path) -> None:
        told.put_entries(ENTRIES[3])
        told.post_notices(NOTICES[3])
        told.tick(minutes=1)
        put_back(told, copy)
        for _ in range(2):
            told.put_entries(*ENTRIES)
            told.post_notices(*NOTICES)
            told.tick(minutes=1)
        (mail,) = told.mails()
        assert RESTORED in " ".join(mail.message.text.split())
        assert len(references(told)[0]) == 1
        assert len(told.cases()) == 4

    def test_an_acknowledgement_before_the_copy_still_pauses(self, told: Deployment, tmp_path: Path) -> None:
        acknowledge_last(told)
        back_up(told.store, tmp_path / "paused.db")
        told.tick(days=1)
        put_back(told, tmp_path / "paused.db")
        told.tick(minutes=1)
        assert told.mails() == []

    def test_an_acknowledgement_since_is_lost_and_asked_for_again(self, told: Deployment, copy: Path) -> None:
        acknowledge_last(told)
        told.tick(days=1, hours=1)
        put_back(told, copy)
        told.tick(minutes=1)
        (mail,) = told.mails()
        assert "please record it again" in " ".join(mail.message.text.split())

    def test_settled_twice_it_is_written_down_once(self, told: Deployment, copy: Path) -> None:
        put_back(told, copy)
        told.clock.advance(minutes=1)
        assert settle_in_place(told.store) == START + timedelta(seconds=31)
        assert len(said(told, AuditAction.DATABASE_RESTORED)) == 1

    def test_a_backup_made_right_after_a_restore_is_one_more_when_it_is_put_back(
        self, told: Deployment, copy: Path, tmp_path: Path
    ) -> None:
        put_back(told, copy)
        back_up(told.store, tmp_path / "second.db")
        told.tick(days=1)
        put_back(told, tmp_path / "second.db")
        told.tick(minutes=1)
        assert len(said(told, AuditAction.DATABASE_RESTORED)) == 2
        assert f"{RESTORED} on Tuesday 24 November 2026" in " ".join(told.mails()[0].message.text.split())


class TestWhatWasOnItsWay:
    @pytest.fixture
    def waiting(self, deployment: Deployment, tmp_path: Path) -> Path:
        # When the backup was made, the first attempt had failed. The alert was sent a minute later.
        deployment.put_entries(ENTRIES[0])
        deployment.post_notices(NOTICES[0])
        deployment.channel.results.append(BUSY)
        deployment.tick(seconds=31)
        back_up(deployment.store, tmp_path / "waiting.db")
        deployment.tick(minutes=1)
        assert len(deployment.mails()) == 1
        return tmp_path / "waiting.db"

    def test_it_goes_out_with_its_own_reference_and_says_that_it_may_be_a_repeat(
        self, deployment: Deployment, waiting: Path
    ) -> None:
        before = deployment.mails()[0].reference
        put_back(deployment, waiting)
        deployment.tick(minutes=1)
        (mail,) = deployment.mails()
        assert mail.reference == before
        assert RESTORED in " ".join(mail.message.text.split())

    def test_one_that_was_being_sent_goes_out_with_its_own_reference(self, told: Deployment, tmp_path: Path) -> None:
        told.clock.advance(days=1)
        assert told.engine.run_due() > 0
        (sending,) = claim(told.store, told.dispatcher.pool, ())
        back_up(told.store, tmp_path / "sending.db")
        put_back(told, tmp_path / "sending.db")
        told.tick(minutes=1)
        assert [mail.reference for mail in told.mails()] == [f"{sending.alert}.{sending.pk}"]

    def test_one_that_was_being_sent_is_ended_where_something_newer_is_owed(
        self, told: Deployment, tmp_path: Path
    ) -> None:
        told.clock.advance(days=1)
        assert told.engine.run_due() > 0
        claim(told.store, told.dispatcher.pool, ())
        back_up(told.store, tmp_path / "sending.db")
        told.clock.advance(days=1)
        put_back(told, tmp_path / "sending.db")
        told.tick(minutes=1)
        assert "in_doubt" in [row.outcome for row in rows(told, delivery_attempts)]
        assert told.mails()

    def test_it_is_not_sent_where_something_newer_is_owed(self, deployment: Deployment, waiting: Path) -> None:
        deployment.tick(days=2)
        put_back(deployment, waiting)
        deployment.tick(minutes=1)
        assert len(deployment.mails()) == 1
        states = [row.state for row in rows(deployment, deliveries)]
        assert states == [DeliveryState.NOT_NEEDED, DeliveryState.SENT]

    def test_at_night_it_is_sent_as_nothing_newer_is_owed_before_the_morning(
        self, deployment: Deployment, waiting: Path
    ) -> None:
        deployment.tick(days=1, hours=13)
        put_back(deployment, waiting)
        deployment.tick(minutes=1)
        # It has reached nobody for more than a day, so the operator is asked too.
        assert sorted(mail.route for mail in deployment.mails()) == [
            "mailto://desk.example",
            "mailto://operator.example",
        ]


class TestEventsOfWhatIsNoLongerOnRecord:
    def test_they_change_nothing_and_are_not_set_aside(self, told: Deployment, copy: Path) -> None:
        told.put_entries(ENTRIES[3])
        told.post_notices(NOTICES[3])
        told.settle()
        events = told_since(told)
        assert {event.topic for event in events} >= {"pullcord.notices", "pullcord.entries", "pullcord.matches"}
        put_back(told, copy)
        before = told.matches(), [(case.reference, case.revision) for case in told.cases()]
        hear(told, events)
        assert (told.matches(), [(case.reference, case.revision) for case in told.cases()]) == before
        assert rows(told, quarantine) == []

    def test_nor_where_their_numbers_have_been_given_to_others(self, told: Deployment, copy: Path) -> None:
        told.put_entries(ENTRIES[3])
        told.post_notices(NOTICES[3])
        told.settle()
        events = told_since(told)
        put_back(told, copy)
        told.post_notices({**NOTICES[3], "id": "another", "cli": "01632 960199"})
        told.put_entries({**ENTRIES[3], "entry_id": "another", "cli": "01632 960198"})
        hear(told, events)
        told.settle()
        assert len(told.matches()) == len(told.cases()) == 3
        told.put_entries(ENTRIES[3])
        told.post_notices(NOTICES[3])
        told.settle()
        assert len(told.matches()) == len(told.cases()) == 4


def told_since(deployment: Deployment) -> list[StoredEvent]:
    # The records were submitted after the backup.
    with deployment.store.reading() as connection:
        query = select(outbox.c.event_id, outbox.c.topic, outbox.c.body).order_by(outbox.c.pk.desc()).limit(3)
        return [StoredEvent(*row) for row in connection.execute(query.where(outbox.c.topic != "pullcord.cases"))]


def hear(deployment: Deployment, events: list[StoredEvent]) -> None:
    # The brokers may deliver an event again.
    for consumer in deployment.consumers:
        deliver(deployment.store, consumer, [event for event in events if event.topic in consumer.topics])
