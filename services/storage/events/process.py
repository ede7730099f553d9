"""Lets consumers handle events. A second delivery of the same event changes nothing."""
# The inbox, the state, new events and the audit are written in one transaction.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, insert, select

from schemas.envelope import Envelope, UnknownEventError, decode
from services.core.audit import AuditAction
from services.core.errors import PullcordError
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement, StoredEvent
from services.storage.store import Store
from services.storage.tables import inbox, quarantine
from services.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Effects:
    # The consumer itself writes all other rows.
    announcements: Sequence[Announcement] = ()
    audit: Sequence[AuditRow] = ()


class Consumer(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def topics(self) -> tuple[str, ...]: ...

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        """Handle events that are all new to this consumer."""
        ...


class PoisonError(PullcordError):
    """An event that can never be handled."""

    def __init__(self, event: StoredEvent, cause: Exception) -> None:
        super().__init__(f"event {event.event_id} on {event.topic} cannot be handled: {type(cause).__name__}")
        self.event = event
        self.cause = cause


class NotUnderstoodError(PullcordError):
    """Only a newer version of Pullcord knows the event."""

    # The event must not go to quarantine.

    def __init__(self, event: StoredEvent) -> None:
        super().__init__(f"event {event.event_id} on {event.topic} is of a kind that this version does not know")
        self.event = event


def process(store: Store, consumer: Consumer, deliveries: Sequence[StoredEvent]) -> int:
    """Let the consumer handle the events that it has not handled before. Return the number of these events.

    Raises PoisonError or NotUnderstoodError before anything is written.
    """
    now = store.now()
    decoded = [(delivery, _decode(delivery)) for delivery in deliveries]
    with store.processing() as connection:
        seen = _already_handled(connection, consumer.name, [delivery.event_id for delivery in deliveries])
        fresh = {event.event_id: envelope for event, envelope in decoded if event.event_id not in seen}
        work = UnitOfWork(connection, store, now)
        work.record_audit(*(_suppressed(consumer.name, event_id) for event_id in sorted(seen)))
        if fresh:
            write_effects(work, consumer.handle(work, tuple(fresh.values())))
            connection.execute(
                insert(inbox), [{"consumer": consumer.name, "event_id": event, "at": now} for event in fresh]
            )
        return len(fresh)


def write_effects(work: UnitOfWork, effects: Effects) -> None:
    work.announce(effects.announcements)
    work.record_audit(*effects.audit)


def put_in_quarantine(store: Store, consumer: Consumer, poison: PoisonError) -> None:
    set_aside(store, consumer.name, poison.event, type(poison.cause).__name__)


def set_aside(store: Store, consumer: str, event: StoredEvent, error: str) -> None:
    """Put an event into quarantine for a consumer, unless the consumer has handled the event."""
    now = store.now()
    fields = {"event": event.event_id, "consumer": consumer, "topic": event.topic}
    with store.writing() as connection:
        if _already_handled(connection, consumer, [event.event_id]):
            return
        connection.execute(
            insert(quarantine).values(
                consumer=consumer, event_id=event.event_id, topic=event.topic, body=event.body, error=error, at=now
            )
        )
        connection.execute(insert(inbox).values(consumer=consumer, event_id=event.event_id, at=now))
        row = AuditRow(AuditAction.EVENT_QUARANTINED, fields, subject=event.event_id)
        UnitOfWork(connection, store, now).record_audit(row)


def _suppressed(consumer: str, event_id: str) -> AuditRow:
    fields = {"event": event_id, "consumer": consumer}
    return AuditRow(AuditAction.DUPLICATE_SUPPRESSED, fields, subject=event_id)


def _decode(event: StoredEvent) -> Envelope:
    try:
        return decode(event.body)
    except UnknownEventError as error:
        raise NotUnderstoodError(event) from error
    except ValueError as error:
        raise PoisonError(event, error) from error


def _already_handled(connection: Connection, consumer: str, event_ids: Sequence[str]) -> frozenset[str]:
    query = select(inbox.c.event_id).where(inbox.c.consumer == consumer, inbox.c.event_id.in_(event_ids))
    return frozenset(connection.scalars(query))
