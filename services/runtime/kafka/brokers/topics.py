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
from services.runtime.kafka.brokers.admin_client import BrokersError, administering
from services.runtime.kafka.kafka_settings import KafkaSettings

MILLISECONDS_A_DAY = 24 * 60 * 60 * 1000


class TopicsError(PullcordError):
    """A topic on the brokers has too few partitions."""


class Topic(BaseModel):
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
    """Raises TopicsError if a topic has too few partitions. Raises BrokersError if there are too few brokers."""
    with administering(settings) as admin:
        present = {described["name"]: len(described["partitions"]) for described in admin.describe_topics()}
        for listed in read_topics():
            topic = listed.model_copy(update={"name": settings.broker_topic(listed.name)})
            partitions = settings.partitions or topic.partitions
            # A topic that exists is left as it is, because its settings may have been changed on purpose.
            if topic.name not in present:
                _make(admin, topic, partitions, settings.replication or topic.replication)
            # Extra partitions are kept: a change of their number would move keys to other partitions.
            elif present[topic.name] < partitions:
                raise TopicsError(
                    f"the topic {topic.name} has {present[topic.name]} partitions and needs {partitions}: add them, "
                    "or set PULLCORD_KAFKA_PARTITIONS"
                )


def _make(admin: KafkaAdminClient, topic: Topic, partitions: int, replication: int) -> None:
    config = {"retention.ms": str(topic.retention_days * MILLISECONDS_A_DAY)}
    try:
        admin.create_topics([NewTopic(topic.name, partitions, replication, topic_configs=config)])
    # Another Pullcord process created the topic first.
    except TopicAlreadyExistsError:
        return
    except InvalidReplicationFactorError as error:
        raise BrokersError(
            f"there are fewer than {replication} brokers for the copies of {topic.name}: start more, "
            "or set PULLCORD_KAFKA_REPLICATION"
        ) from error
