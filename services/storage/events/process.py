"""The one way an event is handled, whichever runner brings it.

Inbox mark, state, the events that follow and audit are written in one transaction, so a crash at any point either did
everything or nothing, and an event that comes twice changes nothing the second time.
"""

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
    """The events and audit rows that follow from handling a batch, besides the slice's own rows."""

    announcements: Sequence[Announcement] = ()
    audit: Sequence[AuditRow] = ()


class Consumer(Protocol):
    """A slice that listens. `handle` loads its state, calls its pure step and saves the outcome, in one transaction."""

    @property
    def name(self) -> str:
        """The name under which the inbox remembers what it has handled."""
        ...

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it listens to."""
        ...

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        """Handle events not handled before, in order."""
        ...


class PoisonError(PullcordError):
    """An event that can never be handled: it does not decode, or the consumer refuses it for good."""

    def __init__(self, event: StoredEvent, cause: Exception) -> None:
        super().__init__(f"event {event.event_id} on {event.topic} cannot be handled: {type(cause).__name__}")
        self.event = event
        self.cause = cause


class NotUnderstoodError(PullcordError):
    """An event of a kind that this version does not know: a newer one will, so nobody may put it in quarantine."""

    def __init__(self, event: StoredEvent) -> None:
        super().__init__(f"event {event.event_id} on {event.topic} is of a kind that this version does not know")
        self.event = event


def process(store: Store, consumer: Consumer, deliveries: Sequence[StoredEvent]) -> int:
    """Handle events in one transaction; events already in the inbox are left out. Returns how many were new.

    Raises PoisonError naming the event that does not decode, NotUnderstoodError naming one that is left to a newer
    version; nothing has been changed then, and the caller comes again with the rest.
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
    """Write what handling brought about, in the transaction of the slice's own rows."""
    work.announce(effects.announcements)
    work.record_audit(*effects.audit)


def put_in_quarantine(store: Store, consumer: Consumer, poison: PoisonError) -> None:
    """Keep an event that cannot be handled for a person, mark it as seen, and record it in the audit."""
    now, event = store.now(), poison.event
    fields = {"event": event.event_id, "consumer": consumer.name, "topic": event.topic}
    with store.writing() as connection:
        if _already_handled(connection, consumer.name, [event.event_id]):
            return
        error = type(poison.cause).__name__
        connection.execute(
            insert(quarantine).values(
                consumer=consumer.name, event_id=event.event_id, topic=event.topic, body=event.body, error=error, at=now
            )
        )
        connection.execute(insert(inbox).values(consumer=consumer.name, event_id=event.event_id, at=now))
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
