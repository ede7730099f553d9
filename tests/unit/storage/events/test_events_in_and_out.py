from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from psycopg.errors import SerializationFailure
from sqlalchemy import Table, func, insert, select
from sqlalchemy.exc import OperationalError

from schemas.envelope import Envelope, decode
from schemas.events import EntriesWithdrawn, NoticesReconsidered, RecordRef
from services.core.audit import AuditAction
from services.runtime.embedded.event_dispatcher import EventDispatcher, deliver
from services.storage.audit import AuditRow
from services.storage.events.outbox import (
    LANES,
    Announcement,
    Lane,
    StoredEvent,
    announce,
    lanes_with_backlog,
    mark_published,
    oldest_unpublished,
    unpublished,
)
from services.storage.events.process import Effects, PoisonError, process, put_in_quarantine
from services.storage.store import Store
from services.storage.tables import audit, inbox, outbox, quarantine, sequences
from services.storage.unit_of_work import UnitOfWork
from tests.support.clock import FrozenClock

RAVEN = "provider:RAVN"


class Listener:
    name = "listener"
    topics = (NoticesReconsidered.topic,)

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.failing = False

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        assert work.now == work.store.now()
        for event in events:
            work.connection.execute(insert(sequences).values(name=f"made by {event.id[-8:]}", next_value=1))
        if self.failing:
            raise RuntimeError
        self.heard += [event.id for event in events]
        told = [Announcement("matcher", RAVEN, withdrawn(9, EntriesWithdrawn)) for _ in events]
        return Effects(told, [AuditRow(AuditAction.KEY_REVOKED, {"key": "x"})])


@dataclass
class Contended:
    listener: Listener
    most: int
    tried: list[int] = field(default_factory=list)

    name = Listener.name
    topics = Listener.topics

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        self.tried.append(len(events))
        if len(events) > self.most:
            raise OperationalError("", None, SerializationFailure())
        return self.listener.handle(work, events)


def withdrawn(
    record: int, kind: type[NoticesReconsidered | EntriesWithdrawn] = NoticesReconsidered
) -> NoticesReconsidered | EntriesWithdrawn:
    return kind(feed=RAVEN, submission="withdrawal", records=(RecordRef(record=record, revision=1),))


@pytest.fixture
def listener() -> Listener:
    return Listener()


def tell(store: Store, *records: int) -> list[StoredEvent]:
    with store.writing() as connection:
        announce(
            connection, [Announcement("ingest", RAVEN, withdrawn(one)) for one in records], store.now(), store.random
        )
    return unpublished_events(store)


def unpublished_events(store: Store, limit: int = 100) -> list[StoredEvent]:
    with store.reading() as connection:
        return unpublished(connection, limit)


def rows(store: Store, table: Table) -> int:
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def poison(number: int = 1) -> StoredEvent:
    return StoredEvent(f"{number:032x}", NoticesReconsidered.topic, b'{"type": "of another world"}')


def test_events_are_told_in_the_order_they_were_written(store: Store) -> None:
    tell(store, 1, 2)
    assert [decode(event.body).data for event in tell(store, 3)] == [withdrawn(1), withdrawn(2), withdrawn(3)]
    assert [event.pk for event in unpublished_events(store, limit=2)] == [1, 2]


def test_an_event_that_was_told_is_not_told_again(store: Store) -> None:
    first, second = tell(store, 1, 2)
    with store.writing() as connection:
        mark_published(connection, [first], store.now())
        mark_published(connection, [], store.now())
    assert unpublished_events(store) == [second]


def test_the_events_of_one_key_are_told_in_one_lane(store: Store) -> None:
    tell(store, 1, 2)
    with store.reading() as connection:
        (lane,) = lanes_with_backlog(connection)
        assert [event.pk for event in unpublished(connection, 10, lane)] == [
            event.pk for event in unpublished_events(store)
        ]
        assert unpublished(connection, 10, Lane((lane.number + 1) % LANES, lane.topic)) == []
        assert unpublished(connection, 10, Lane(lane.number, "pullcord.cases")) == []


def test_the_age_of_the_outbox_is_that_of_its_oldest_untold_event(store: Store, clock: FrozenClock) -> None:
    first, *_ = tell(store, 1)
    written = clock.now()
    clock.advance(minutes=5)
    tell(store, 2)
    with store.writing() as connection:
        assert oldest_unpublished(connection) == written
        mark_published(connection, [first], store.now())
        assert oldest_unpublished(connection) == written + timedelta(minutes=5)
        mark_published(connection, unpublished_events(store), store.now())
        assert oldest_unpublished(connection) is None


def test_an_event_and_its_cause_are_written_together_or_not_at_all(store: Store) -> None:
    with pytest.raises(RuntimeError):
        _announce_and_fail(store)
    assert unpublished_events(store) == []


def _announce_and_fail(store: Store) -> None:
    with store.writing() as connection:
        announce(connection, [Announcement("ingest", RAVEN, withdrawn(1))], store.now(), store.random)
        raise RuntimeError


def test_where_another_worker_was_first_a_batch_is_handled_in_halves_at_once(store: Store, listener: Listener) -> None:
    events = tell(store, 1, 2, 3, 4, 5)
    contended = Contended(listener, most=2)
    deliver(store, contended, events)
    assert listener.heard == [event.event_id for event in events]
    assert contended.tried == [5, 2, 3, 1, 2]


def test_one_event_that_meets_another_worker_is_tried_again_later(store: Store, listener: Listener) -> None:
    (event,) = tell(store, 1)
    with pytest.raises(OperationalError):
        deliver(store, Contended(listener, most=0), [event])
    assert rows(store, inbox) == rows(store, quarantine) == 0


def test_handling_leaves_state_mark_events_and_audit(store: Store, listener: Listener) -> None:
    (event,) = tell(store, 1)
    assert process(store, listener, [event]) == 1
    assert rows(store, inbox) == 1
    assert rows(store, outbox) == 2
    assert rows(store, audit) == 1
    with store.reading() as connection:
        assert connection.scalar(select(sequences.c.name).where(sequences.c.name.startswith("made")))


def test_an_event_that_comes_again_changes_nothing_and_the_audit_says_so(store: Store, listener: Listener) -> None:
    (event,) = tell(store, 1)
    process(store, listener, [event])
    assert process(store, listener, [event]) == 0
    assert listener.heard == [event.event_id]
    assert rows(store, outbox) == 2
    with store.reading() as connection:
        said = connection.execute(select(audit.c.action, audit.c.subject).order_by(audit.c.pk)).all()
    assert said == [("key_revoked", None), ("duplicate_suppressed", event.event_id)]


def test_an_event_that_comes_twice_in_one_batch_is_handled_once(store: Store, listener: Listener) -> None:
    (event,) = tell(store, 1)
    assert process(store, listener, [event, event]) == 1
    assert listener.heard == [event.event_id]


def test_of_a_batch_only_what_is_new_is_handled(store: Store, listener: Listener) -> None:
    first, second = tell(store, 1, 2)
    process(store, listener, [first])
    assert process(store, listener, [first, second]) == 1
    assert listener.heard == [first.event_id, second.event_id]


def test_each_consumer_remembers_for_itself(store: Store, listener: Listener) -> None:
    (event,) = tell(store, 1)
    process(store, listener, [event])
    other = Listener()
    other.name = "other"
    process_again = [StoredEvent(event.event_id, event.topic, event.body)]
    with store.writing() as connection:
        connection.execute(sequences.delete().where(sequences.c.name.startswith("made")))
    assert process(store, other, process_again) == 1


def test_a_consumer_that_fails_leaves_nothing_and_can_try_again(store: Store, listener: Listener) -> None:
    (event,) = tell(store, 1)
    listener.failing = True
    with pytest.raises(RuntimeError):
        process(store, listener, [event])
    assert [rows(store, table) for table in (inbox, audit)] == [0, 0]
    assert rows(store, outbox) == 1
    assert rows(store, sequences) == 1, "only the outbox has taken ids"
    listener.failing = False
    assert process(store, listener, [event]) == 1


def test_an_event_that_does_not_decode_is_named_and_nothing_is_changed(store: Store, listener: Listener) -> None:
    good, *_ = tell(store, 1)
    with pytest.raises(PoisonError) as raised:
        process(store, listener, [good, poison()])
    assert raised.value.event == poison()
    assert "another world" not in str(raised.value)
    assert rows(store, inbox) == 0


def test_poison_is_set_aside_once_with_its_body_and_said_in_the_audit(store: Store, listener: Listener) -> None:
    bad = PoisonError(poison(), ValueError("01632 960123"))
    put_in_quarantine(store, listener, bad)
    put_in_quarantine(store, listener, bad)
    with store.reading() as connection:
        (row,) = connection.execute(select(quarantine)).all()
        (said,) = connection.execute(select(audit.c.action, audit.c.fields)).all()
    assert (row.body, row.error) == (poison().body, "ValueError")
    assert said.action == "event_quarantined"
    assert said.fields == {"event": poison().event_id, "consumer": "listener", "topic": NoticesReconsidered.topic}


def test_what_is_beside_poison_is_handled(store: Store, listener: Listener) -> None:
    first, second = tell(store, 1, 2)
    deliver(store, listener, [poison(1), first, poison(2), second])
    assert listener.heard == [first.event_id, second.event_id]
    assert rows(store, quarantine) == 2
    deliver(store, listener, [poison(1), first])
    assert rows(store, quarantine) == 2


def test_each_event_goes_to_its_consumers_and_is_marked_as_published(store: Store, listener: Listener) -> None:
    tell(store, 1, 2, 3)
    dispatcher = EventDispatcher(store, (listener,), batch=2)
    assert [dispatcher.run_once() for _ in range(4)] == [2, 2, 2, 0], (
        "three events, and the three that these brought about"
    )
    assert len(listener.heard) == 3
    assert unpublished_events(store) == []


def test_what_a_crash_left_unmarked_is_told_again_and_handled_once(store: Store, listener: Listener) -> None:
    (event,) = tell(store, 1)
    process(store, listener, [event])
    assert EventDispatcher(store, (listener,)).run_once() == 2
    assert listener.heard == [event.event_id]
