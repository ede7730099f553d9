from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from scripts.servers.kafka import Broker
from services.core.errors import RefusedError
from services.runtime.kafka.brokers.publishing import Publisher
from services.runtime.kafka.brokers.topics import make_topics, read_topics
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.relay import Relay
from services.storage.database.deployment import claim_database
from services.storage.store import Store
from tests.distributed.stream import unpublished_events, write_events
from tests.distributed.working import LITTER, Listener, handled, working
from tests.support.clock import FrozenClock
from tests.support.deployment import make_store
from tests.support.servers.distributed import Databases
from tests.support.servers.killing import until
from tests.support.servers.roles import PATIENCE, role

pytestmark = [pytest.mark.network, pytest.mark.enable_socket, LITTER]

NOTICES = "pullcord.notices"
EACH = 40


def named(settings: KafkaSettings, name: str) -> KafkaSettings:
    made = settings.of_deployment(name)
    make_topics(made)
    return made


@pytest.fixture
def other(databases: Databases) -> Iterator[Engine]:
    made = databases.fresh()
    yield made
    made.dispose()


def publish(store: Store, settings: KafkaSettings, sender: str | None = None) -> set[str]:
    write_events(store, [(f"provider:RAVN:{number}", number) for number in range(1, EACH + 1)])
    written = set(unpublished_events(store))
    publisher = Publisher(settings, sender)
    Relay(store, publisher).run_once()
    publisher.close()
    return written


@contextmanager
def opening(*engines: Engine) -> Iterator[list[Store]]:
    yield [make_store(engine, FrozenClock(), seed=seed) for seed, engine in enumerate(engines)]


def test_each_hears_all_of_its_own_events_and_none_of_the_other(
    engine: Engine, other: Engine, settings: KafkaSettings, tmp_path: Path
) -> None:
    with opening(engine, other) as stores:
        ways = [named(settings, "north-west"), named(settings, "wales")]
        listeners = [Listener("matcher", (NOTICES,)) for _ in stores]
        with (
            working(stores[0], listeners[0], ways[0], tmp_path / "0"),
            working(stores[1], listeners[1], ways[1], tmp_path / "1"),
        ):
            written = [publish(store, way) for store, way in zip(stores, ways, strict=True)]
            for store, listener, own in zip(stores, listeners, written, strict=True):
                assert until(lambda s=store, one=listener, own=own: handled(s, one) == own, PATIENCE)  # type: ignore[misc]


def test_the_topics_have_the_name_of_the_deployment_in_front(settings: KafkaSettings) -> None:
    listed = [topic.name for topic in read_topics()]
    assert [settings.broker_topic(name) for name in listed] == listed
    wales = settings.of_deployment("wales")
    assert wales.broker_topic("pullcord.notices") == "wales.notices"
    assert [wales.listed_topic(wales.broker_topic(name)) for name in listed] == listed


def test_a_worker_refuses_the_events_of_another_database_and_acknowledges_none(
    engine: Engine, other: Engine, settings: KafkaSettings, tmp_path: Path
) -> None:
    with opening(engine, other) as (ours, theirs):
        way, listener = named(settings, "shared"), Listener("matcher", (NOTICES,))
        claim_database(ours.engine, "shared")
        stranger = claim_database(theirs.engine, "shared")
        with working(ours, listener, way, tmp_path) as at_work:
            publish(theirs, way, stranger.id)
            assert until(lambda: at_work.worker.refused is not None, PATIENCE)
        assert "PULLCORD_DEPLOYMENT" in str(at_work.worker.refused)
        assert listener.heard == []


def test_a_role_that_hears_another_deployment_ends_with_a_sentence(
    engine: Engine, other: Engine, broker: Broker, settings: KafkaSettings, tmp_path: Path
) -> None:
    with opening(engine, other) as (ours, theirs):
        claim_database(ours.engine, "twins")
        stranger = claim_database(theirs.engine, "twins")
        publish(theirs, named(settings, "twins"), stranger.id)
    url = engine.url.render_as_string(hide_password=False)
    wanted = {"KAFKA_BROKERS": broker.address, "KAFKA_PARTITIONS": "4", "DEPLOYMENT": "twins"}
    with role("matcher", tmp_path, url, **wanted) as running:
        assert running.process.wait(PATIENCE) == 2
        assert "PULLCORD_DEPLOYMENT of its own" in running.lines()[-1]["error"]


@pytest.mark.parametrize("name", ["ingest", "relay"])
def test_a_role_with_another_name_than_the_database_ends_with_a_sentence(
    name: str, engine: Engine, broker: Broker, tmp_path: Path
) -> None:
    with opening(engine) as (store,):
        claim_database(store.engine, "north-west")
    url = engine.url.render_as_string(hide_password=False)
    with role(name, tmp_path, url, KAFKA_BROKERS=broker.address, DEPLOYMENT="wales") as running:
        assert running.process.wait(PATIENCE) == 2
        said = running.lines()[-1]["error"]
        assert "belongs to the deployment `north-west`" in said
        assert "says `wales`" in said


def test_a_database_keeps_its_first_name_and_its_id(engine: Engine) -> None:
    with opening(engine) as (store,):
        first = claim_database(store.engine, "north-west")
        assert claim_database(store.engine, "north-west") == first
        with pytest.raises(RefusedError):
            claim_database(store.engine, "wales")
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM deployment")) == 1


def test_roles_that_start_at_once_agree_on_one_id(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        claims = list(threads.map(lambda _: claim_database(engine, "north-west"), range(24)))
    assert len(set(claims)) == 1
