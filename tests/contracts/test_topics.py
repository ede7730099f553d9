"""topics.yaml, the events and their consumers say the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml

from schemas.envelope import UnknownEventError, decode
from schemas.events import EVENT_TYPES
from services.alerts.case.consumer import CaseConsumer
from services.matcher.consumer import Matcher
from tests.support.checks.examples import EXAMPLES, SCHEMAS

TOPICS: list[dict[str, Any]] = yaml.safe_load((SCHEMAS / "topics.yaml").read_text())["topics"]
CONSUMERS = {"matcher": Matcher.topics, "alerts": CaseConsumer.topics}


def test_every_event_is_on_one_topic_and_on_the_one_it_says() -> None:
    named = Counter((event, topic["name"]) for topic in TOPICS for event in topic["events"])
    assert named == Counter((data.event_name, data.topic) for data in EVENT_TYPES.values())


def test_every_topic_has_the_consumers_it_names_and_no_others() -> None:
    listening = {
        topic["name"]: sorted(name for name, topics in CONSUMERS.items() if topic["name"] in topics) for topic in TOPICS
    }
    assert listening == {topic["name"]: sorted(topic["consumed_by"]) for topic in TOPICS}


def test_no_consumer_listens_to_a_topic_that_does_not_exist() -> None:
    assert {topic for topics in CONSUMERS.values() for topic in topics} <= {topic["name"] for topic in TOPICS}


def test_the_names_of_consumers_are_those_the_inbox_knows() -> None:
    assert {Matcher.name, CaseConsumer.name} == set(CONSUMERS)


def test_an_event_of_a_type_not_known_is_told_from_one_that_is_faulty() -> None:
    body = (EXAMPLES / "notices_accepted" / "invalid" / "a_type_nobody_knows.json").read_bytes()
    with pytest.raises(UnknownEventError) as refused:
        decode(body)
    assert "notices_eaten" not in str(refused.value)


def test_what_is_no_event_at_all_is_a_value_error() -> None:
    for body in (b"", b"{}", b"[]", b"\xff\xfe", b'{"type": 1}'):
        with pytest.raises(ValueError, match=r"."):
            decode(body)
