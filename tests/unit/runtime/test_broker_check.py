from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import KafkaTimeoutError

from services.runtime.kafka.brokers.admin_client import BrokersError
from services.runtime.kafka.brokers.broker_check import BrokerCheck
from services.runtime.kafka.brokers.topics import TopicsError

AWAY = BrokersError("nobody answers at PULLCORD_KAFKA_BROKERS")
# The possible outcomes of a check. None is success.
OUTCOMES = [None, AWAY, KafkaTimeoutError("broker-7.example:9092"), TopicsError("a topic is too small"), OSError("x")]


def checking(*outcomes: BaseException | None) -> BrokerCheck:
    """Return a check of the brokers. Each run of the check has the next outcome. None means success."""
    left: Iterator[BaseException | None] = iter(outcomes)

    def check() -> None:
        if (error := next(left)) is not None:
            raise error

    return BrokerCheck(check)


def test_before_the_first_check_a_role_is_not_ready() -> None:
    assert list(checking().faults()) == ["the brokers have not been reached yet"]


def test_the_reason_names_the_setting_and_no_host() -> None:
    check = checking(AWAY, OUTCOMES[2])
    check.run_once()
    assert list(check.faults()) == ["the brokers cannot be used now: nobody answers at PULLCORD_KAFKA_BROKERS"]
    check.run_once()
    assert list(check.faults()) == ["the brokers cannot be used now: KafkaTimeoutError"]


@given(st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=12))
def test_a_role_is_ready_exactly_while_its_last_check_succeeded(outcomes: list[BaseException | None]) -> None:
    check = checking(*outcomes)
    for outcome in outcomes:
        check.run_once()
        assert (list(check.faults()) == []) is (outcome is None)


@given(st.lists(st.sampled_from([AWAY, OUTCOMES[2]]), max_size=40))
def test_waits_grow_and_stay_within_their_limit(outcomes: list[BaseException]) -> None:
    check = checking(*outcomes)
    waits = [check.run_once() for _ in outcomes]
    assert all(0 < wait <= 10 for wait in waits)


def test_topics_that_cannot_be_used_end_a_start_and_later_only_its_readiness() -> None:
    never = checking(OUTCOMES[3])
    never.run_once()
    with pytest.raises(TopicsError):
        never.reached(Event())
    once = checking(None, OUTCOMES[3])
    once.run_once()
    once.run_once()
    assert once.reached(Event())
    assert list(once.faults()) == ["the brokers cannot be used now: a topic is too small"]


def test_a_check_that_hangs_is_a_check_that_failed() -> None:
    time = 0.0

    def hang() -> None:
        nonlocal time
        assert list(check.faults()) == []
        time += 60
        assert list(check.faults()) == ["the brokers cannot be used now: they do not answer"]

    checks: list[Callable[[], None]] = [hang, lambda: None]

    def check_once() -> None:
        checks.pop()()

    check = BrokerCheck(check_once, lambda: time)
    check.run_once()
    check.run_once()
    assert list(check.faults()) == []


def test_a_start_that_is_told_to_stop_waits_no_longer() -> None:
    stop = Event()
    stop.set()
    assert not checking(AWAY).reached(stop)
