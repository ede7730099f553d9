from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.destinations.destination import (
    FIRST_AT_ONCE,
    LONGEST_ASKED,
    LONGEST_PROBE,
    MOST_AT_ONCE,
    OPENS_AFTER,
    BreakerState,
    Destination,
)

REFUSED = SendResult(SendOutcome.FAILED_TEMPORARY, "connection_refused")
TIMED_OUT = SendResult(SendOutcome.IN_DOUBT, "timed_out")
NO_SUCH_PERSON = SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")
FULL_MAILBOX = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_452", only_this_message=True)
BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "http_429", retry_after=60.0)


def after(*results: SendResult, now: float = 0.0, jitter: float = 0.0) -> Destination:
    destination = Destination()
    for result in results:
        destination.learn(result, now, jitter)
    return destination


def opened() -> Destination:
    return after(*[REFUSED] * OPENS_AFTER)


@pytest.mark.parametrize("fault", [REFUSED, TIMED_OUT], ids=["refused", "doubt"])
def test_it_opens_after_failures_in_a_row(fault: SendResult) -> None:
    almost = after(*[fault] * (OPENS_AFTER - 1))
    assert (almost.breaker(0.0), almost.places(0, 0, 0.0)) == (BreakerState.CLOSED, FIRST_AT_ONCE)
    almost.learn(fault, 0.0, 0.0)
    assert (almost.breaker(0.0), almost.places(0, 0, 0.0), almost.holds(0.0)) == (BreakerState.OPEN, 0, True)


def test_a_success_between_failures_begins_the_count_anew() -> None:
    failing = [REFUSED] * (OPENS_AFTER - 1)
    assert after(*failing, ACCEPTED, *failing).breaker(0.0) is BreakerState.CLOSED


@pytest.mark.parametrize("fault", [NO_SUCH_PERSON, FULL_MAILBOX], ids=["for good", "for now"])
def test_refusals_of_single_messages_never_open_it(fault: SendResult) -> None:
    assert after(*[fault] * 100).breaker(0.0) is BreakerState.CLOSED


def test_an_answer_about_one_message_shows_that_the_service_works() -> None:
    destination = opened()
    destination.learn(FULL_MAILBOX, LONGEST_PROBE, 0.0)
    assert destination.breaker(LONGEST_PROBE) is BreakerState.CLOSED


def test_it_sends_one_probe_at_a_time() -> None:
    destination = opened()
    assert destination.breaker(LONGEST_PROBE) is BreakerState.HALF_OPEN
    assert destination.places(running=0, stuck=0, now=LONGEST_PROBE) == 1
    assert destination.places(running=1, stuck=0, now=LONGEST_PROBE) == 0
    assert destination.places(running=0, stuck=1, now=LONGEST_PROBE) == 1, "what is stuck is no probe"
    assert destination.places(running=0, stuck=FIRST_AT_ONCE, now=LONGEST_PROBE) == 0


def test_a_probe_that_fails_puts_off_the_next_and_one_that_succeeds_closes() -> None:
    destination = opened()
    destination.learn(TIMED_OUT, LONGEST_PROBE, 0.0)
    assert destination.breaker(LONGEST_PROBE) is BreakerState.OPEN
    destination.learn(ACCEPTED, 2 * LONGEST_PROBE, 0.0)
    assert (destination.breaker(2 * LONGEST_PROBE), destination.places(0, 0, 2 * LONGEST_PROBE)) == (
        BreakerState.CLOSED,
        FIRST_AT_ONCE + 1,
    )


def test_a_probe_whose_recipient_is_wrong_lets_the_next_go_at_once() -> None:
    destination = opened()
    destination.learn(NO_SUCH_PERSON, LONGEST_PROBE, 0.0)
    assert destination.places(0, 0, LONGEST_PROBE) == 1


@given(failures=st.integers(OPENS_AFTER, 10_000), jitter=st.floats(0, 1))
def test_however_long_it_fails_a_probe_comes_within_twenty_five_seconds(failures: int, jitter: float) -> None:
    destination = after(*[TIMED_OUT] * failures, jitter=jitter)
    assert destination.places(0, 0, LONGEST_PROBE) == 1
    assert destination.resumes_at > 0


def test_probes_of_several_processes_do_not_come_together() -> None:
    moments = {after(*[REFUSED] * OPENS_AFTER, jitter=jitter / 10).resumes_at for jitter in range(10)}
    assert len(moments) == 10


@pytest.mark.parametrize("asked", [1.0, 60.0, LONGEST_ASKED])
def test_a_service_that_asks_to_wait_gets_no_message_for_so_long(asked: float) -> None:
    destination = after(ACCEPTED, SendResult(SendOutcome.FAILED_TEMPORARY, "http_429", retry_after=asked), now=10.0)
    assert (destination.places(0, 0, 9.9 + asked), destination.holds(9.9 + asked)) == (0, True)
    assert (destination.places(0, 0, 10.0 + asked), destination.holds(10.0 + asked)) == (FIRST_AT_ONCE, False)
    assert destination.breaker(10.0) is BreakerState.CLOSED


@pytest.mark.parametrize("asked", [301.0, 86_400.0, float("inf")])
def test_no_service_pauses_for_longer_than_five_minutes(asked: float) -> None:
    destination = after(SendResult(SendOutcome.FAILED_TEMPORARY, "http_503", retry_after=asked))
    assert destination.places(0, 0, LONGEST_ASKED) == FIRST_AT_ONCE


def test_a_short_wait_asked_for_later_does_not_end_a_long_one() -> None:
    destination = after(BUSY, SendResult(SendOutcome.FAILED_TEMPORARY, "http_429", retry_after=1.0))
    assert destination.places(0, 0, 59.0) == 0


def test_a_message_that_succeeds_meanwhile_ends_the_pause() -> None:
    assert after(BUSY, ACCEPTED).places(0, 0, 0.0) == FIRST_AT_ONCE + 1


def test_successes_raise_the_limit_to_its_end() -> None:
    assert after(*[ACCEPTED] * 100).places(0, 0, 0.0) == MOST_AT_ONCE
