from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from services.alerts.delivery.channels.pool import (
    CHANNEL_ERROR,
    MOST_UNDER_WAY,
    POOL_CLOSED,
    QUICK,
    TIMED_OUT,
    SendJob,
    timer,
)
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.destinations.destination import (
    FIRST_AT_ONCE,
    LONGEST_PROBE,
    MOST_AT_ONCE,
    OPENS_AFTER,
)
from services.alerts.message.message import Message
from tests.unit.alerts.channels.pools import HERE, MESSAGE, PATIENCE, THERE, Script, Sending


@pytest.fixture
def channel() -> Iterator[Script]:
    script = Script()
    yield script
    script.release.set()


@pytest.fixture
def sending(channel: Script) -> Sending:
    return Sending(channel)


def test_every_job_is_answered_once_with_its_own_result(sending: Sending) -> None:
    sending.begin("ok", "no", "busy", "fault")
    results = dict(sending.results.get(timeout=PATIENCE) for _ in range(4))
    assert {number: result.reason for number, result in results.items()} == {
        1: "accepted",
        2: "smtp_550",
        3: "connection_refused",
        4: "channel_error",
    }
    assert sending.results.empty()


def test_the_channel_is_given_route_and_reference(sending: Sending, channel: Script) -> None:
    sending.sent("ok")
    assert channel.sent == [("ok", "A-1")]


def test_sends_run_side_by_side(sending: Sending) -> None:
    sending.begin("together", "together", "together")
    assert [sending.result() for _ in range(3)] == [ACCEPTED] * 3


def test_a_destination_gets_two_places_at_first_and_one_more_with_each_success(sending: Sending) -> None:
    assert sending.pool.places_at(HERE) == FIRST_AT_ONCE == 2
    sending.begin("stuck")
    assert (sending.pool.places_at(HERE), sending.pool.places_at(THERE)) == (1, 2)
    sending.sent(*["ok"] * 20, to=THERE)
    assert sending.pool.places_at(THERE) == MOST_AT_ONCE


@pytest.mark.parametrize("fault", ["busy", "fault"])
def test_a_destination_that_may_be_in_trouble_gets_the_first_two_again(sending: Sending, fault: str) -> None:
    sending.sent("ok", "ok", "ok", fault)
    assert sending.pool.places_at(HERE) == FIRST_AT_ONCE


def test_a_message_refused_for_good_says_nothing_against_its_destination(sending: Sending) -> None:
    sending.sent("ok", "no")
    assert sending.pool.places_at(HERE) == FIRST_AT_ONCE + 1


def test_a_destination_that_keeps_failing_gets_one_probe_at_a_time_and_others_are_not_concerned(
    sending: Sending,
) -> None:
    sending.sent(*["busy"] * OPENS_AFTER)
    assert (sending.pool.open, sending.pool.places_at(HERE), sending.pool.holds(HERE)) == (1, 0, True)
    assert (sending.pool.places_at(THERE), sending.pool.holds(THERE)) == (FIRST_AT_ONCE, False)
    sending.now += LONGEST_PROBE
    assert sending.pool.places_at(HERE) == 1
    sending.sent("ok")
    assert (sending.pool.open, sending.pool.holds(HERE)) == (0, False)


def test_a_send_that_fails_after_its_deadline_counts_as_one_failure() -> None:
    class Late(Script):
        def stuck(self) -> SendResult:
            super().stuck()
            return self.busy()

    late = Late()
    sending = Sending(late)
    sending.sent(*["busy"] * (OPENS_AFTER - 2))
    sending.stick(late, 1)
    late.release.set()
    late.threads[-1].join(PATIENCE)
    assert sending.pool.open == 0
    sending.sent("busy")
    assert sending.pool.open == 1


def test_the_rate_of_a_destination_is_known_from_its_first_message(channel: Script) -> None:
    sending = Sending(channel, most_a_minute={"ok": 1}.get)
    assert sending.pool.places_at(HERE) == FIRST_AT_ONCE
    sending.sent("ok")
    assert sending.pool.places_at(HERE) == 0
    sending.now += 60
    assert sending.pool.places_at(HERE) == 1
    sending.sent("no", to=THERE)
    assert sending.pool.places_at(THERE) == FIRST_AT_ONCE


def test_a_send_that_is_slow_keeps_a_place_at_its_destination_and_none_that_others_could_use(channel: Script) -> None:
    sending = Sending(channel, workers=2)
    sending.begin("stuck", "stuck")
    assert sending.pool.places() == 0
    sending.now = QUICK
    assert (sending.pool.places(), sending.pool.places_at(HERE)) == (2, 0)


@pytest.mark.parametrize("destinations", [1, 8, 30])
def test_however_many_destinations_hang_another_has_a_place_after_a_moment(channel: Script, destinations: int) -> None:
    sending = Sending(channel)
    for number in range(destinations):
        sending.now += QUICK
        sending.begin("stuck", "stuck", to=f"{number}.example:25")
    sending.now += QUICK
    assert sending.pool.places() >= 1
    assert sending.sent("ok", to=THERE) == [ACCEPTED]


def test_a_send_without_an_answer_by_the_deadline_is_in_doubt(channel: Script) -> None:
    sending = Sending(channel, deadline_seconds=30)
    sending.stick(channel, 1)
    assert 30 < sending.alarms.armed[0][0] <= 32, "the channel has a moment to end it by itself"
    assert TIMED_OUT.outcome is SendOutcome.IN_DOUBT


def test_a_stuck_send_is_counted_until_it_ends_and_answers_no_second_time(sending: Sending, channel: Script) -> None:
    sending.stick(channel, 2)
    assert (sending.pool.stuck, sending.pool.under_way, sending.pool.places_at(HERE)) == (2, 2, 0)
    channel.release.set()
    for thread in channel.threads:
        thread.join(PATIENCE)
    assert (sending.pool.stuck, sending.pool.under_way) == (0, 0)
    assert sending.results.empty()
    assert sending.pool.places_at(HERE) >= FIRST_AT_ONCE


def test_it_is_full_when_as_many_hang_as_there_may_be_threads(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.alerts.delivery.channels.pool.MOST_UNDER_WAY", 3)
    assert MOST_UNDER_WAY > 100
    sending.begin("stuck", "stuck")
    sending.now += QUICK
    assert (sending.pool.places(), sending.pool.full) == (1, False)
    sending.begin("stuck", to=THERE)
    sending.now += QUICK
    assert (sending.pool.places(), sending.pool.full) == (0, True)


def test_an_answer_calls_the_alarm_off_and_a_late_alarm_changes_nothing(sending: Sending) -> None:
    assert sending.sent("ok") == [ACCEPTED]
    assert sending.pool.close(PATIENCE)
    sending.alarms.ring(0)
    assert sending.results.empty()
    assert (sending.alarms.called_off, sending.pool.stuck) == ([0], 0)


def test_closing_waits_for_what_is_under_way(sending: Sending, channel: Script) -> None:
    sending.begin("stuck")
    assert channel.under_way.acquire(timeout=PATIENCE)
    assert sending.pool.close(timeout=0) is False
    channel.release.set()
    assert sending.pool.close(PATIENCE) is True
    assert sending.result() == ACCEPTED


def test_closing_does_not_wait_for_a_stuck_send(sending: Sending, channel: Script) -> None:
    sending.stick(channel, 1)
    assert sending.pool.close(timeout=0) is True


def test_a_closed_pool_tries_nothing(sending: Sending, channel: Script) -> None:
    assert sending.pool.close(timeout=0) is True
    assert sending.sent("ok") == [POOL_CLOSED]
    assert channel.sent == []


def test_a_stuck_send_does_not_keep_the_process_alive(sending: Sending, channel: Script) -> None:
    sending.begin("stuck")
    assert channel.under_way.acquire(timeout=PATIENCE)
    assert channel.threads[0].daemon


def test_the_timer_rings_by_the_clock_and_can_be_called_off() -> None:
    rung, never = threading.Event(), threading.Event()
    timer(3600, never.set)()
    timer(0, rung.set)
    assert rung.wait(PATIENCE)
    assert not never.is_set()


def test_a_job_shows_neither_its_route_nor_its_message() -> None:
    shown = repr(SendJob(1, HERE, "mailto://duty@council.example", MESSAGE, "A-1"))
    assert "council" not in shown
    assert "subject" not in shown


@pytest.mark.parametrize("fault", [SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError])
def test_no_fault_of_a_channel_loses_a_place(fault: type[BaseException]) -> None:
    class Faulty:
        def send(self, route: str, message: Message, reference: str) -> SendResult:
            raise fault

    sending = Sending(Faulty())
    assert sending.sent("first", "second", "third") == [CHANNEL_ERROR] * 3
    assert sending.pool.close(PATIENCE)
    assert (sending.pool.under_way, sending.pool.places_at(HERE)) == (0, FIRST_AT_ONCE)
