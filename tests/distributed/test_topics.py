from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import active_count
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import KafkaError

from scripts.servers.kafka import Broker
from services.core.errors import PullcordError
from services.runtime.kafka.brokers.admin_client import BrokersError
from services.runtime.kafka.brokers.publishing import make_producer
from services.runtime.kafka.brokers.topics import TopicsError, make_topics, read_topics
from services.runtime.kafka.kafka_settings import KafkaSettings
from tests.distributed.stream import tapped
from tests.distributed.working import LITTER
from tests.support.servers.killing import until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket, LITTER]

NAMES = {topic.name for topic in read_topics()}
NOTICES = "pullcord.notices"
A_DAY = 24 * 60 * 60 * 1000
PATIENCE = 20.0


@pytest.fixture
def admin(broker: Broker) -> Iterator[KafkaAdminClient]:
    # Before and after the test, the broker has none of our topics.
    made = KafkaAdminClient(bootstrap_servers=broker.address)
    remove_topics(made)
    yield made
    remove_topics(made)
    made.close()


def remove_topics(admin: KafkaAdminClient) -> None:
    ours = sorted(NAMES & set(admin.list_topics()))
    if ours:
        admin.delete_topics(ours)
    assert until(lambda: NAMES.isdisjoint(admin.list_topics()), PATIENCE)


def described(admin: KafkaAdminClient) -> dict[str, Mapping[str, Any]]:
    return {topic["name"]: topic for topic in admin.describe_topics() if topic["name"] in NAMES}


def partitions(admin: KafkaAdminClient) -> dict[str, int]:
    return {name: len(topic["partitions"]) for name, topic in described(admin).items()}


def all_there(admin: KafkaAdminClient) -> bool:
    return described(admin).keys() == NAMES


def reached(broker: Broker, wanted: int | None = None) -> KafkaSettings:
    return KafkaSettings(_env_file=None, brokers=broker.address, replication=1, partitions=wanted)


def test_they_are_made_with_the_partitions_the_copies_and_the_retention_asked_for(
    admin: KafkaAdminClient, broker: Broker
) -> None:
    make_topics(reached(broker))
    assert until(lambda: all_there(admin), PATIENCE)
    assert partitions(admin) == {topic.name: topic.partitions for topic in read_topics()}
    copies = {len(part["replica_nodes"]) for topic in described(admin).values() for part in topic["partitions"]}
    assert copies == {1}
    assert retention(admin) == {topic.name: topic.retention_days * A_DAY for topic in read_topics()}


def retention(admin: KafkaAdminClient) -> dict[str, int]:
    # The times are in milliseconds.
    kept = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in sorted(NAMES)])["topic"]
    return {name: int(config["retention.ms"]["value"]) for name, config in kept.items()}


def test_a_second_time_changes_nothing_and_what_was_told_stays(admin: KafkaAdminClient, broker: Broker) -> None:
    settings = reached(broker, 2)
    make_topics(settings)
    assert until(lambda: all_there(admin), PATIENCE)
    before = described(admin)
    with tapped(settings, NOTICES) as tap:
        producer = make_producer(settings)
        producer.send(NOTICES, key=b"provider:RAVN:1", value=b"{}").get(PATIENCE)
        producer.close(1)
        make_topics(settings)
        assert described(admin) == before
        assert [record.value for record in tap.read()] == [b"{}"]


def test_processes_that_start_at_once_make_them_together(admin: KafkaAdminClient, broker: Broker) -> None:
    settings = reached(broker, 2)
    with ThreadPoolExecutor(4) as threads:
        for made in [threads.submit(make_topics, settings) for _ in range(4)]:
            made.result(PATIENCE)
    assert until(lambda: all_there(admin), PATIENCE)
    assert set(partitions(admin).values()) == {2}


def test_a_topic_with_too_few_partitions_is_refused_with_a_remedy(admin: KafkaAdminClient, broker: Broker) -> None:
    admin.create_topics([NewTopic(NOTICES, 2, 1)])
    with pytest.raises(TopicsError) as raised:
        make_topics(reached(broker, 4))
    assert str(raised.value) == (
        "the topic pullcord.notices has 2 partitions and needs 4: add them, or set PULLCORD_KAFKA_PARTITIONS"
    )


def test_more_partitions_than_asked_for_are_left_as_they_are(admin: KafkaAdminClient, broker: Broker) -> None:
    admin.create_topics([NewTopic(NOTICES, 8, 1)])
    make_topics(reached(broker, 4))
    assert until(lambda: all_there(admin), PATIENCE)
    assert partitions(admin) == {name: 8 if name == NOTICES else 4 for name in NAMES}


@pytest.mark.usefixtures("admin")
def test_more_copies_than_there_are_brokers_are_refused_with_a_remedy(broker: Broker) -> None:
    settings = KafkaSettings(_env_file=None, brokers=broker.address, replication=3)
    with pytest.raises(BrokersError) as raised:
        make_topics(settings)
    assert "fewer than 3 brokers" in str(raised.value)
    assert "PULLCORD_KAFKA_REPLICATION" in str(raised.value)


NOBODY_THERE = KafkaSettings(_env_file=None, brokers="127.0.0.1:9")


def open_files() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.usefixtures("giving_up_soon")
def test_looking_for_brokers_that_are_away_leaves_nothing_behind() -> None:
    files, threads = open_files(), active_count()
    for _ in range(2):
        with pytest.raises((KafkaError, PullcordError)):
            make_topics(NOBODY_THERE)
    assert (open_files(), active_count()) == (files, threads)
