from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml

from schemas.envelope import UnknownEventError, decode
from schemas.events import EVENT_TYPES
from services.alerts.states.rules import load_ruleset
from services.runtime.consumers import CONSUMERS, make_consumers
from tests.support.checks.examples import EXAMPLES, SCHEMAS
from tests.support.deployment import RULESET

TOPICS: list[dict[str, Any]] = yaml.safe_load((SCHEMAS / "topics.yaml").read_text())["topics"]


def test_every_event_is_on_one_topic_and_on_the_one_it_says() -> None:
    named = Counter((event, topic["name"]) for topic in TOPICS for event in topic["events"])
    assert named == Counter((data.event_name, data.topic) for data in EVENT_TYPES.values())


def test_no_consumer_listens_to_a_topic_that_does_not_exist() -> None:
    assert {topic for one in CONSUMERS for topic in one.topics} <= {topic["name"] for topic in TOPICS}


def test_a_consumer_has_the_name_and_the_topics_of_its_role() -> None:
    made = make_consumers(load_ruleset(RULESET))
    assert [(one.name, one.topics) for one in made] == [(role.name, role.topics) for role in CONSUMERS]
    assert len({role.name for role in CONSUMERS}) == len(CONSUMERS)


def test_an_event_of_a_type_not_known_is_told_from_one_that_is_faulty() -> None:
    body = (EXAMPLES / "notices_accepted" / "invalid" / "a_type_nobody_knows.json").read_bytes()
    with pytest.raises(UnknownEventError) as refused:
        decode(body)
    assert "notices_eaten" not in str(refused.value)


def test_what_is_no_event_at_all_is_a_value_error() -> None:
    for body in (b"", b"{}", b"[]", b"\xff\xfe", b'{"type": 1}'):
        with pytest.raises(ValueError, match=r"."):
            decode(body)
