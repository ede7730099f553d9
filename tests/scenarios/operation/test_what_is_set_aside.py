from __future__ import annotations

from dataclasses import replace

from sqlalchemy import update

from services.core.audit import AuditAction
from services.storage.events.quarantine import drop, requeue
from services.storage.tables import alerts, deliveries, outbox, quarantine
from tests.support.deployment import Deployment
from tests.support.ledger import count, pairs, rows, said

NOTICE = {"id": "n1", "cli": "01632 960123", "planned_migration_date": "2026-12-03"}
ENTRY = {"entry_id": "e1", "cli": "01632 960123"}
SPOILT = b'{"specversion": "1.0"'
OPERATOR = "mailto://operator.example"


def spoil_what_is_told(deployment: Deployment) -> str:
    """Damage the event of a new notice, so that Pullcord sets the event aside. Return the id of the event."""
    deployment.put_entries(ENTRY)
    deployment.settle()
    deployment.post_notices(NOTICE)
    (event,) = rows(deployment, outbox, outbox.c.published_at.is_(None))
    with deployment.store.writing() as connection:
        connection.execute(update(outbox).where(outbox.c.pk == event.pk).values(body=SPOILT))
    deployment.tick(seconds=1)
    return str(event.event_id)


def test_the_operator_is_told_at_once_what_was_set_aside_and_what_to_do(deployment: Deployment) -> None:
    event = spoil_what_is_told(deployment)
    (sent,) = deployment.mails()
    assert sent.route == OPERATOR
    assert sent.message.subject.startswith("Pullcord: 1 event was set aside, a line at risk may be unknown [A-")
    for form in (sent.message.text, sent.message.html):
        assert event in form
        assert "pullcord quarantine replay" in form
        assert "01632" not in form


def test_the_operator_is_told_once_and_again_after_a_day(deployment: Deployment) -> None:
    spoil_what_is_told(deployment)
    deployment.tick(hours=23)
    assert len(deployment.mails()) == 1
    deployment.tick(hours=2)
    assert len(deployment.mails()) == 2


def test_another_event_set_aside_is_told_without_waiting_for_the_day(deployment: Deployment) -> None:
    spoil_what_is_told(deployment)
    deployment.post_notices(NOTICE | {"id": "n2"})
    with deployment.store.writing() as connection:
        connection.execute(update(outbox).where(outbox.c.published_at.is_(None)).values(body=SPOILT))
    deployment.tick(seconds=1)
    assert [sent.message.subject.split(" set aside")[0] for sent in deployment.mails()] == [
        "Pullcord: 1 event was",
        "Pullcord: 2 events were",
    ]


def test_once_it_is_dropped_nobody_is_told_any_more(deployment: Deployment) -> None:
    event = spoil_what_is_told(deployment)
    drop(deployment.store, event, by="Asha Patel")
    deployment.tick(hours=25)
    assert len(deployment.mails()) == 1


def test_once_it_is_mended_and_given_back_its_line_is_found(deployment: Deployment) -> None:
    event = spoil_what_is_told(deployment)
    assert pairs(deployment) == {}
    deployment.post_notices(NOTICE | {"id": "n2", "cli": "01632 960999"})
    deployment.settle()
    (like,) = rows(deployment, outbox, outbox.c.event_id != event, outbox.c.topic == "pullcord.notices")
    mended = like.body.replace(like.event_id.encode(), event.encode()).replace(b'"notice":2', b'"notice":1')
    with deployment.store.writing() as connection:
        connection.execute(update(outbox).where(outbox.c.event_id == event).values(body=mended))
    requeue(deployment.store, event, by="Asha Patel")
    deployment.settle()
    assert set(pairs(deployment)) == {("n1", "e1")}
    assert count(deployment, quarantine) == 0


def test_a_deployment_without_an_operator_keeps_on_record_that_nobody_could_be_told(deployment: Deployment) -> None:
    deployment.engine = replace(deployment.engine, fallback=())
    spoil_what_is_told(deployment)
    assert deployment.mails() == []
    (alert,) = rows(deployment, alerts)
    assert said(deployment, AuditAction.NOBODY_COULD_BE_TOLD) == [{"alert": alert.reference, "cases": 0}]


def test_what_was_dealt_with_before_it_could_be_sent_is_not_sent(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    with deployment.store.writing() as connection:
        connection.execute(update(outbox).values(body=SPOILT))
    deployment.settle()
    deployment.engine.run_due()
    (event,) = rows(deployment, quarantine)
    drop(deployment.store, event.event_id, by="Asha Patel")
    deployment.dispatcher.run_due()
    assert deployment.mails() == []
    assert [row.state for row in rows(deployment, deliveries)] == ["not_needed"]
