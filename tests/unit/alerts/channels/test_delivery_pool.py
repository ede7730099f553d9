"""Many sends at once; the clock and the alarm that ends the waiting are moved by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from services.alerts.delivery.channels.pool import (
    CHANNEL_ERROR,
    FIRST_AT_ONCE,
    MOST_AT_ONCE,
    MOST_UNDER_WAY,
    POOL_CLOSED,
    QUICK,
    TIMED_OUT,
    DeliveryPool,
    SendJob,
    timer,
)
from services.alerts.delivery.channels.port import ACCEPTED, Channel, SendOutcome, SendResult
from services.alerts.message.message import Message

MESSAGE = Message("subject", "text", "<p>html</p>")
PATIENCE = 20
HERE, THERE = "mail.example:25", "other.example:25"


class Alarms:
    """Rings when told to: `ring(n)` is the deadline of the n-th send begun."""

    def __init__(self) -> None:
        self.armed: list[tuple[float, Callable[[], None]]] = []
        self.called_off: list[int] = []

    def __call__(self, seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
        self.armed.append((seconds, ring))
        number = len(self.armed) - 1
        return lambda: self.called_off.append(number)

    def ring(self, number: int) -> None:
        self.armed[number][1]()


class Script:
    """A channel that does what the route says: `ok`, `no`, `busy`, `fault`, or `stuck` until released."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.threads: list[threading.Thread] = []
        self.under_way = threading.Semaphore(0)
        self.release = threading.Event()
        self.all_arrived = threading.Barrier(3)

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        self.sent.append((route, reference))
        self.threads.append(threading.current_thread())
        self.under_way.release()
        answer: Callable[[], SendResult] = getattr(self, route)
        return answer()

    def ok(self) -> SendResult:
        return ACCEPTED

    def no(self) -> SendResult:
        return SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")

    def busy(self) -> SendResult:
        return SendResult(SendOutcome.FAILED_TEMPORARY, "connection_refused")

    def fault(self) -> SendResult:
        raise RuntimeError

    def stuck(self) -> SendResult:
        assert self.release.wait(PATIENCE)
        return ACCEPTED

    def together(self) -> SendResult:
        self.all_arrived.wait(PATIENCE)
        return ACCEPTED


class Sending:
    """A pool with its clock and alarms, and the results it tells."""

    def __init__(self, channel: Channel, **more: int) -> None:
        self.now = 0.0
        self.alarms = Alarms()
        self.results: SimpleQueue[tuple[int, SendResult]] = SimpleQueue()
        self.begun = 0
        self.pool = DeliveryPool(channel, alarm=self.alarms, time=lambda: self.now, **more)

    def begin(self, *routes: str, to: str = HERE) -> None:
        for route in routes:
            self.begun += 1
            job = SendJob(self.begun, to, route, MESSAGE, f"A-{self.begun}")
            self.pool.begin(job, lambda job, result: self.results.put((job.delivery, result)))

    def result(self) -> SendResult:
        return self.results.get(timeout=PATIENCE)[1]

    def sent(self, *routes: str, to: str = HERE) -> list[SendResult]:
        """Begin each when the last has ended; their results."""
        found = []
        for route in routes:
            self.begin(route, to=to)
            found.append(self.result())
        return found

    def stick(self, channel: Script, count: int, to: str = HERE) -> None:
        """Begin so many that hang, and let their deadlines pass."""
        first = len(self.alarms.armed)
        self.begin(*["stuck"] * count, to=to)
        for number in range(count):
            assert channel.under_way.acquire(timeout=PATIENCE)
            self.alarms.ring(first + number)
            assert self.result() == TIMED_OUT


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
