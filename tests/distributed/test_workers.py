from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from sqlalchemy import Engine, create_engine, select, text

from schemas.envelope import Envelope, encode
from schemas.events import NoticesReconsidered, RecordRef
from services.core.audit import AuditAction
from services.core.ids import event_id
from services.runtime.kafka.brokers.publishing import ID_HEADER, make_producer
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.worker import BATCH
from services.storage.events.process import Effects
from services.storage.store import Store
from services.storage.tables import audit, quarantine
from services.storage.unit_of_work import UnitOfWork
from tests.distributed.working import LITTER, Listener, Working, acknowledged, handled, working
from tests.support.clock import START
from tests.support.servers.killing import until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket, LITTER]

KEY = "provider:RAVN:3"
PATIENCE = 30.0
# Seconds in which a worker would commit at least twice what it has acknowledged.
SOME_COMMITS = 2.5
UNPARSEABLE = (b"\xff\xfe not JSON", b'"a string"', b"{}", b"")


@pytest.fixture
def topic(settings: KafkaSettings) -> str:
    name = f"pullcord.{uuid4().hex}"
    admin = KafkaAdminClient(**settings.client())
    admin.create_topics([NewTopic(name, 1, 1)])
    admin.close()
    return name


@pytest.fixture
def listener(topic: str) -> Listener:
    return Listener(f"c-{uuid4().hex[:16]}", (topic,))


def events(store: Store, count: int) -> list[Envelope]:
    said = NoticesReconsidered(
        feed="provider:RAVN", submission="withdrawal", records=(RecordRef(record=1, revision=1),)
    )
    return [
        Envelope(
            id=event_id(START, store.random),
            source="/pullcord/ingest",
            type="uk.pullcord.notices_reconsidered.v1",
            time=START,
            partitionkey=KEY,
            data=said,
        )
        for _ in range(count)
    ]


def put(settings: KafkaSettings, topic: str, *told: Envelope | bytes) -> None:
    # Bytes are published as they are.
    producer = make_producer(settings)
    for one in told:
        if isinstance(one, bytes):
            producer.send(topic, key=KEY.encode(), value=one)
        else:
            producer.send(topic, key=KEY.encode(), value=encode(one), headers=[(ID_HEADER, one.id.encode())])
    producer.flush(PATIENCE)
    producer.close(1)


def test_what_cannot_be_parsed_is_set_aside_once_and_the_rest_is_handled(
    store: Store, settings: KafkaSettings, topic: str, listener: Listener, tmp_path: Path
) -> None:
    first, *others = good = events(store, 5)
    told: list[Envelope | bytes] = [first, *UNPARSEABLE, *others, *UNPARSEABLE]
    put(settings, topic, *told)
    with working(store, listener, settings, tmp_path):
        assert until(lambda: acknowledged(settings, listener) == len(told), PATIENCE)
    assert listener.heard == [event.id for event in good]
    with store.reading() as connection:
        kept = connection.execute(select(quarantine.c.consumer, quarantine.c.topic, quarantine.c.body)).all()
        said = connection.scalars(select(audit.c.action).where(audit.c.action == AuditAction.EVENT_QUARANTINED)).all()
    assert sorted(kept) == sorted((listener.name, topic, body) for body in UNPARSEABLE)
    assert len(said) == len(UNPARSEABLE)


class Database:
    def __init__(self, engine: Engine) -> None:
        self._name = engine.url.database
        self._admin = create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")

    def shut_out(self) -> None:
        self._run(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS false')
        self._run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'")

    def let_in(self) -> None:
        self._run(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS true')

    def close(self) -> None:
        self._admin.dispose()

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


class Refused(Listener):
    refused: frozenset[str] = frozenset()

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        if any(event.id in self.refused for event in events):
            work.connection.execute(text("SELECT CAST('a date that is none' AS date)"))
        return super().handle(work, events)


def test_what_the_database_refuses_to_hold_is_set_aside_and_the_rest_is_handled(
    store: Store, settings: KafkaSettings, topic: str, tmp_path: Path
) -> None:
    sent = events(store, 6)
    refusing = Refused(f"c-{uuid4().hex[:16]}", (topic,))
    refusing.refused = frozenset([sent[2].id])
    put(settings, topic, *sent)
    with working(store, refusing, settings, tmp_path):
        assert until(lambda: acknowledged(settings, refusing) == len(sent), PATIENCE)
    assert refusing.heard == [event.id for event in sent if event is not sent[2]]
    with store.reading() as connection:
        kept = connection.execute(select(quarantine.c.event_id, quarantine.c.error)).all()
    assert kept == [(sent[2].id, "DataError")]


@pytest.fixture
def database(engine: Engine) -> Iterator[Database]:
    made = Database(engine)
    yield made
    made.let_in()
    made.close()


def test_a_database_that_is_away_is_waited_for_and_nothing_is_acknowledged_meanwhile(
    store: Store, settings: KafkaSettings, topic: str, listener: Listener, database: Database, tmp_path: Path
) -> None:
    before, meanwhile = events(store, 2), events(store, 3 * BATCH)
    put(settings, topic, *before)
    with working(store, listener, settings, tmp_path) as at_work:
        assert until(lambda: acknowledged(settings, listener) == 2, PATIENCE)
        database.shut_out()
        put(settings, topic, *meanwhile)
        # The fifth try comes after a second and a half, and offsets are committed every second.
        assert until(lambda: at_work.worker.failing >= 5, PATIENCE)
        assert acknowledged(settings, listener) == 2
        database.let_in()
        assert until(lambda: acknowledged(settings, listener) == 2 + len(meanwhile), PATIENCE)
        assert at_work.worker.failing == 0
    assert listener.heard == [event.id for event in [*before, *meanwhile]]
    assert handled(store, listener) == set(listener.heard)


class Gate:
    def __init__(self) -> None:
        self.reached, self.opened = Event(), Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.opened.wait(PATIENCE)


def test_a_worker_stopped_in_the_middle_of_a_batch_acknowledges_that_batch_and_no_more(
    store: Store, settings: KafkaSettings, topic: str, listener: Listener, tmp_path: Path
) -> None:
    sent = events(store, 4 * BATCH)
    told = [event.id for event in sent]
    put(settings, topic, *sent)
    gate = listener.first = Gate()
    with working(store, listener, settings, tmp_path) as at_work:
        try:
            assert gate.reached.wait(PATIENCE)
            stop_begins(at_work)
            assert not until(lambda: acknowledged(settings, listener) > 0, SOME_COMMITS)
        finally:
            gate.opened.set()
    finished = len(listener.heard)
    assert 0 < finished <= BATCH
    assert acknowledged(settings, listener) == finished
    assert handled(store, listener) == set(told[:finished])

    with working(store, listener, settings, tmp_path):
        assert until(lambda: acknowledged(settings, listener) == len(told), PATIENCE)
    assert listener.heard == told


def stop_begins(at_work: Working) -> None:
    at_work.stop()
    assert until(lambda: at_work.worker.app.should_stop, PATIENCE)


def test_a_worker_stopped_while_the_database_is_away_ends_and_acknowledges_nothing(
    store: Store, settings: KafkaSettings, topic: str, listener: Listener, database: Database, tmp_path: Path
) -> None:
    sent = events(store, 3)
    put(settings, topic, *sent)
    database.shut_out()
    with working(store, listener, settings, tmp_path) as at_work:
        assert until(lambda: at_work.worker.failing >= 4, PATIENCE)
    assert acknowledged(settings, listener) == 0
    database.let_in()
    with working(store, listener, settings, tmp_path):
        assert until(lambda: acknowledged(settings, listener) == len(sent), PATIENCE)
    assert listener.heard == [event.id for event in sent]
