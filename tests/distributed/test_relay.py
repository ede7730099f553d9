from __future__ import annotations

import signal
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from kafka.record import MemoryRecords
from kafka.record.default_records import DefaultRecordBatch
from prometheus_client import REGISTRY
from sqlalchemy import Connection, Engine, event, select

from schemas.envelope import decode
from scripts.servers.kafka import Broker
from services.core.errors import PullcordError
from services.ingest.reading.outcomes import Outcome
from services.runtime.kafka.brokers import publishing
from services.runtime.kafka.brokers.publishing import Publisher, RelayError
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.relay import Relay
from services.runtime.kafka.relay_supervisor import RelaySupervisor
from services.storage.database.engine import make_engine
from services.storage.store import Store
from services.storage.tables import outbox
from tests.distributed.stream import tapped, unpublished_events, write_events
from tests.distributed.working import LITTER
from tests.support.clock import FrozenClock
from tests.support.deployment import Deployment, make_store
from tests.support.servers.killing import until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket, LITTER]

NOTICES = "pullcord.notices"
RELAYS = 4
WRITERS = 3
KEYS_A_WRITER = 8
BATCHES, A_BATCH = 40, 25
PATIENCE = 40.0
A_MOMENT = 0.01


class CrashError(PullcordError):
    pass


def numbered(record: Any) -> int:
    said: Any = decode(record.value).data
    return int(said.records[0].record)


def ids(records: list[Any]) -> list[str]:
    return [decode(record.value).id for record in records]


def write_batches(engine: Engine, writer: int) -> None:
    # No other writer uses the same keys.
    store = make_store(engine, FrozenClock(), seed=writer)
    for batch in range(BATCHES):
        numbers = range(1 + batch * A_BATCH, 1 + (batch + 1) * A_BATCH)
        write_events(store, [(f"provider:RAVN:{writer * KEYS_A_WRITER + one % KEYS_A_WRITER}", one) for one in numbers])


def relay_until(url: str, settings: KafkaSettings, enough: Event) -> int:
    """Publish events until `enough` is set. Return the number of published events."""
    engine, publisher, told = make_engine(url), Publisher(settings), 0
    relay = Relay(make_store(engine, FrozenClock()), publisher)
    while not enough.is_set():
        now = relay.run_once()
        told += now
        if not now:
            enough.wait(A_MOMENT)
    publisher.close(1)
    engine.dispose()
    return told


def test_several_relays_keep_the_order_of_each_key_and_tell_nothing_twice(
    engine: Engine, store: Store, settings: KafkaSettings
) -> None:
    url, enough = engine.url.render_as_string(hide_password=False), Event()
    with tapped(settings, NOTICES) as tap, ThreadPoolExecutor(RELAYS + WRITERS) as threads:
        relays = [threads.submit(relay_until, url, settings, enough) for _ in range(RELAYS)]
        writers = [threads.submit(write_batches, engine, writer) for writer in range(WRITERS)]
        try:
            for writer in writers:
                writer.result(PATIENCE)
            assert until(lambda: not unpublished_events(store), PATIENCE)
        finally:
            enough.set()
        told = [one.result(PATIENCE) for one in relays]
        records = tap.read()

    assert sum(told) == len(records) == WRITERS * BATCHES * A_BATCH
    assert sum(some > 0 for some in told) > 1, "the relays shared the work"
    with store.reading() as connection:
        assert sorted(ids(records)) == sorted(connection.scalars(select(outbox.c.event_id)))
    by_key = defaultdict(list)
    for record in records:
        by_key[record.key].append(numbered(record))
    assert len(by_key) == WRITERS * KEYS_A_WRITER
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


def test_events_are_compressed_and_keyed_by_feed_and_shard(
    deployment: Deployment, publisher: Publisher, settings: KafkaSettings, broker: Broker
) -> None:
    deployment.post_notices(
        *({"cli": f"01632 960{number:03}", "planned_migration_date": "2027-01-04"} for number in range(300))
    )
    with tapped(settings) as tap:
        told = Relay(deployment.store, publisher).run_once()
        records = tap.read()
    assert len(records) == told > 1
    for record in records:
        said: Any = decode(record.value)
        assert record.topic == said.data.topic == NOTICES
        feed, _, shard = record.key.decode().rpartition(":")
        assert (record.key.decode(), feed) == (said.partitionkey, "provider:RAVN")
        assert shard.isdecimal()
    assert len({record.key for record in records}) > 1
    assert len({record.partition for record in records}) > 1
    assert {batch.compression_type for batch in newest_batches(broker, records)} == {DefaultRecordBatch.CODEC_LZ4}


def newest_batches(broker: Broker, records: list[Any]) -> list[DefaultRecordBatch]:
    return [
        batch
        for record in records
        for file in sorted((broker.folder / "data" / f"{record.topic}-{record.partition}").glob("*.log"))
        for batch in batches_of(file.read_bytes())
        if batch.base_offset <= record.offset <= batch.base_offset + batch.last_offset_delta
    ]


def batches_of(segment: bytes) -> Iterator[DefaultRecordBatch]:
    kept = MemoryRecords(segment)
    while kept.has_next():
        yield kept.next_batch()


def test_what_was_told_before_a_crash_is_told_again_in_the_same_order(
    store: Store, engine: Engine, publisher: Publisher, settings: KafkaSettings
) -> None:
    write_events(store, [("provider:RAVN:7", number) for number in range(1, 6)])
    written = unpublished_events(store)

    def crash(connection: Connection) -> None:
        if not connection.get_execution_options().get("pullcord_read_only"):
            raise CrashError("before the commit")

    with tapped(settings, NOTICES) as tap:
        event.listen(engine, "commit", crash)
        with pytest.raises(CrashError):
            Relay(store, publisher).run_once()
        event.remove(engine, "commit", crash)
        assert ids(tap.read()) == unpublished_events(store) == written
        assert Relay(store, publisher).run_once() == 5
        assert ids(tap.read()) == written
        assert unpublished_events(store) == []
        assert Relay(store, publisher).run_once() == 0
        assert tap.read() == []


@pytest.fixture
def impatient(giving_up_soon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # A relay gives up within two seconds.
    for limit, milliseconds in {"request_timeout_ms": 1000, "delivery_timeout_ms": 1500}.items():
        monkeypatch.setitem(publishing.LIMITS, limit, milliseconds)


def failures() -> float:
    return REGISTRY.get_sample_value("pullcord_relay_failures_total") or 0.0


@pytest.mark.usefixtures("impatient")
def test_with_kafka_down_the_ingest_api_stays_open_and_everything_is_told_when_it_is_back(
    deployment: Deployment, settings: KafkaSettings, broker: Broker
) -> None:
    station = RelaySupervisor(deployment.store, settings, timedelta(days=1))
    deployment.post_notices({"id": "before", "cli": "01632 960001", "planned_migration_date": "2027-01-04"})
    with tapped(settings, NOTICES) as tap:
        assert station.run_once() == 1
        assert [record for record in tap.read() if record.key != b"canary"]
        broker.stop(signal.SIGKILL)
        try:
            _receipt, outcomes = deployment.post_notices(
                {"id": "meanwhile", "cli": "01632 960002", "planned_migration_date": "2027-01-04"}
            )
            assert [outcome.outcome for outcome in outcomes] == [Outcome.ACCEPTED]
            waiting, before = unpublished_events(deployment.store), failures()
            for _ in range(2):
                with pytest.raises(RelayError):
                    station.run_once()
            assert unpublished_events(deployment.store) == waiting != []
            assert failures() == before + 2
        finally:
            station.close()
            broker.start()
        assert until(lambda: told_again(station), PATIENCE)
        assert unpublished_events(deployment.store) == []
        assert ids([record for record in tap.read() if record.key != b"canary"]) == waiting
        station.close()


def told_again(station: RelaySupervisor) -> bool:
    try:
        return station.run_once() > 0
    except RelayError:
        return False
