"""Makes the topics of `schemas/topics.yaml`, and says what is wrong with those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import yaml
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import InvalidReplicationFactorError, TopicAlreadyExistsError
from pydantic import BaseModel, ConfigDict

from services.core.errors import PullcordError
from services.runtime.consumers import consumers_of
from services.runtime.kafka.admin_client import BrokersError, administering
from services.runtime.kafka.kafka_settings import KafkaSettings

MILLISECONDS_A_DAY = 24 * 60 * 60 * 1000


class TopicsError(PullcordError):
    """The topics on the broker are not those this version needs."""


class Topic(BaseModel):
    """A topic as `topics.yaml` has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    events: tuple[str, ...]
    produced_by: str
    partitions: int
    replication: int
    retention_days: int

    @property
    def consumed_by(self) -> tuple[str, ...]:
        return consumers_of(self.name)


def read_topics() -> Sequence[Topic]:
    raw: Any = yaml.safe_load(files("schemas").joinpath("topics.yaml").read_text("utf-8"))
    return [Topic.model_validate(topic) for topic in raw["topics"]]


def make_topics(settings: KafkaSettings) -> None:
    """Make the topics that are missing, and check the others.

    Raises TopicsError for one with too few partitions, BrokersError when the brokers are not reached or too few.
    """
    with administering(settings) as admin:
        present = {described["name"]: len(described["partitions"]) for described in admin.describe_topics()}
        for topic in read_topics():
            partitions = settings.partitions or topic.partitions
            # A topic that is there is left as it is: its settings may have been changed on purpose.
            if topic.name not in present:
                _make(admin, topic, partitions, settings.replication or topic.replication)
            # More than needed is fine: a key keeps its partition only while the number stays.
            elif present[topic.name] < partitions:
                raise TopicsError(
                    f"the topic {topic.name} has {present[topic.name]} partitions and needs {partitions}: add them, "
                    "or set PULLCORD_KAFKA_PARTITIONS"
                )


def _make(admin: KafkaAdminClient, topic: Topic, partitions: int, replication: int) -> None:
    config = {"retention.ms": str(topic.retention_days * MILLISECONDS_A_DAY)}
    try:
        admin.create_topics([NewTopic(topic.name, partitions, replication, topic_configs=config)])
    # Another process of ours was faster.
    except TopicAlreadyExistsError:
        return
    except InvalidReplicationFactorError as error:
        raise BrokersError(
            f"there are fewer than {replication} brokers for the copies of {topic.name}: start more, "
            "or set PULLCORD_KAFKA_REPLICATION"
        ) from error
