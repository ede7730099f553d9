from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata
from sqlalchemy import select

from scripts.servers.kafka import Broker
from services.matcher.consumer import Matcher
from services.runtime.kafka.brokers.publishing import Publisher
from services.runtime.kafka.brokers.topics import make_topics
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.relay import Relay
from services.storage.tables import inbox, outbox
from tests.distributed.working import working
from tests.support.deployment import Deployment
from tests.support.servers.distributed import postgres
from tests.support.servers.killing import until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

PARTITIONS = 2
# An offset that no topic of this test reaches.
FAR = 1_000
PATIENCE = 40.0


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[KafkaSettings]:
    broker = Broker(tmp_path / "kafka").start()
    made = KafkaSettings(_env_file=None, brokers=broker.address, replication=1, partitions=PARTITIONS)
    make_topics(made)
    yield made
    broker.stop(signal.SIGKILL)


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with postgres() as databases:
        engine = databases.fresh()
        yield Deployment(engine).with_officers()
        engine.dispose()


def write_down_place(settings: KafkaSettings, group: str, topics: tuple[str, ...]) -> None:
    # A worker does the same if it keeps running while the broker loses all records.
    consumer = KafkaConsumer(**settings.client(), group_id=group, enable_auto_commit=False)
    places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
    consumer.assign(places)
    consumer.commit({place: OffsetAndMetadata(FAR, "", -1) for place in places})
    consumer.close()


def test_a_group_whose_place_is_behind_the_end_hears_everything_from_the_beginning(
    deployment: Deployment, settings: KafkaSettings, tmp_path: Path
) -> None:
    deployment.post_notices(*({"id": f"n{number}", "cli": f"01632 960{number:03}"} for number in range(20)))
    producer = Publisher(settings)
    Relay(deployment.store, producer).run_once()
    producer.close()
    write_down_place(settings, f"pullcord-{Matcher.name}", Matcher.topics)
    with deployment.store.reading() as connection:
        told = set(connection.scalars(select(outbox.c.event_id)))

    def all_handled() -> bool:
        with deployment.store.reading() as connection:
            return told == set(connection.scalars(select(inbox.c.event_id)))

    with working(deployment.store, Matcher(), settings, tmp_path):
        assert until(all_handled, PATIENCE)
