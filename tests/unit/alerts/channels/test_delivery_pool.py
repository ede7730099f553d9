"""Many sends at once; the alarm that ends the waiting is rung by hand."""

import threading

import pytest

from services.alerts.channels.pool import CHANNEL_ERROR, POOL_CLOSED, POOL_FULL, TIMED_OUT, DeliveryPool, Job, timer
from services.alerts.channels.port import ACCEPTED, Outcome, SendResult
from services.alerts.message import Message

MESSAGE = Message("subject", "text", "<p>html</p>")
PATIENCE = 20


def jobs(*routes):
    return [Job(number, route, MESSAGE, f"A-{number}") for number, route in enumerate(routes)]


class Alarms:
    """Rings when told to: `ring(n)` is the deadline of the n-th send begun."""

    def __init__(self):
        self.armed = []
        self.called_off = []

    def __call__(self, seconds, ring):
        self.armed.append((seconds, ring))
        number = len(self.armed) - 1
        return lambda: self.called_off.append(number)

    def ring(self, number):
        self.armed[number][1]()


class Script:
    """A channel that does what the route says: `ok`, `no`, `raise`, or `stuck` until released."""

    def __init__(self):
        self.sent = []
        self.threads = []
        self.under_way = threading.Semaphore(0)
        self.release = threading.Event()
        self.all_arrived = threading.Barrier(3)

    def send(self, route, message, reference):
        self.sent.append((route, reference))
        self.threads.append(threading.current_thread())
        self.under_way.release()
        return getattr(self, route)()

    def ok(self):
        return ACCEPTED

    def no(self):
        return SendResult(Outcome.FAILED_PERMANENT, "smtp_550")

    def stuck(self):
        assert self.release.wait(PATIENCE)
        return ACCEPTED

    def together(self):
        self.all_arrived.wait(PATIENCE)
        return ACCEPTED


@pytest.fixture
def channel():
    script = Script()
    yield script
    script.release.set()


@pytest.fixture
def alarms():
    return Alarms()


def started(channel, count):
    for _ in range(count):
        assert channel.under_way.acquire(timeout=PATIENCE)


def test_every_job_comes_back_once_with_its_own_result(channel, alarms):
    results = dict(DeliveryPool(channel, workers=2, alarm=alarms).send_all(jobs("ok", "no", "ok", "no")))
    assert {job.delivery: result.reason for job, result in results.items()} == {
        0: "accepted",
        1: "smtp_550",
        2: "accepted",
        3: "smtp_550",
    }


def test_the_channel_is_given_route_and_reference(channel, alarms):
    list(DeliveryPool(channel, alarm=alarms).send_all(jobs("ok")))
    assert channel.sent == [("ok", "A-0")]


def test_sends_run_side_by_side(channel, alarms):
    results = DeliveryPool(channel, workers=3, alarm=alarms).send_all(jobs("together", "together", "together"))
    assert [result for _job, result in results] == [ACCEPTED] * 3


def test_no_more_than_the_workers_send_at_once(channel, alarms):
    pool = DeliveryPool(channel, workers=2, alarm=alarms)
    results = pool.send_all(jobs("stuck", "stuck", "ok"))
    started(channel, 2)
    assert len(channel.sent) == len(alarms.armed) == 2
    channel.release.set()
    assert len(list(results)) == 3


def test_a_send_without_an_answer_by_the_deadline_is_in_doubt(channel, alarms):
    results = DeliveryPool(channel, deadline_seconds=30, alarm=alarms).send_all(jobs("stuck"))
    started(channel, 1)
    assert alarms.armed[0][0] == 30
    alarms.ring(0)
    assert [result for _job, result in results] == [TIMED_OUT]
    assert TIMED_OUT.outcome is Outcome.IN_DOUBT


def test_a_stuck_send_does_not_hold_up_the_others(channel, alarms):
    results = DeliveryPool(channel, workers=2, alarm=alarms).send_all(jobs("stuck", "ok", "ok", "ok"))
    assert [next(results)[0].delivery for _ in range(3)] == [1, 2, 3]


def test_when_every_place_is_stuck_nothing_more_is_tried(channel, alarms):
    pool = DeliveryPool(channel, workers=2, alarm=alarms)
    results = pool.send_all(jobs("stuck", "stuck", "ok", "ok"))
    started(channel, 2)
    alarms.ring(0)
    assert pool.stuck == 1
    alarms.ring(1)
    assert [result for _job, result in results] == [TIMED_OUT, TIMED_OUT, POOL_FULL, POOL_FULL]
    assert [result for _job, result in pool.send_all(jobs("ok"))] == [POOL_FULL]
    assert len(channel.sent) == pool.stuck == 2


def test_a_place_is_free_again_when_its_stuck_send_ends(channel, alarms):
    pool = DeliveryPool(channel, workers=1, alarm=alarms)
    given_up = pool.send_all(jobs("stuck"))
    started(channel, 1)
    alarms.ring(0)
    assert [result for _job, result in given_up] == [TIMED_OUT]
    channel.release.set()
    channel.threads[0].join(PATIENCE)
    assert pool.stuck == 0
    assert [result for _job, result in pool.send_all(jobs("ok"))] == [ACCEPTED]


def test_an_answer_calls_the_alarm_off_and_a_late_alarm_changes_nothing(channel, alarms):
    pool = DeliveryPool(channel, workers=1, alarm=alarms)
    results = list(pool.send_all(jobs("ok")))
    assert pool.close(PATIENCE)
    alarms.ring(0)
    assert [result for _job, result in results] == [ACCEPTED]
    assert (alarms.called_off, pool.stuck) == ([0], 0)


def test_a_channel_that_raises_leaves_its_job_in_doubt_and_takes_no_thread_with_it(channel, alarms):
    results = DeliveryPool(channel, workers=1, alarm=alarms).send_all(jobs("raise", "ok"))
    assert [result for _job, result in results] == [CHANNEL_ERROR, ACCEPTED]


def test_closing_waits_for_what_is_under_way_and_gives_back_the_rest(channel, alarms):
    pool = DeliveryPool(channel, workers=1, alarm=alarms)
    results = pool.send_all(jobs("stuck", "ok"))
    started(channel, 1)
    assert pool.close(timeout=0) is False
    assert next(results)[1] == POOL_CLOSED
    channel.release.set()
    assert pool.close(PATIENCE) is True
    assert next(results)[1] == ACCEPTED


def test_closing_does_not_wait_for_a_stuck_send(channel, alarms):
    pool = DeliveryPool(channel, workers=2, alarm=alarms)
    results = pool.send_all(jobs("stuck"))
    started(channel, 1)
    alarms.ring(0)
    assert next(results)[1] == TIMED_OUT
    assert pool.close(timeout=0) is True


def test_a_closed_pool_tries_nothing(channel, alarms):
    pool = DeliveryPool(channel, alarm=alarms)
    assert pool.close(timeout=0) is True
    assert [result for _job, result in pool.send_all(jobs("ok"))] == [POOL_CLOSED]
    assert channel.sent == []


def test_a_stuck_send_does_not_keep_the_process_alive(channel, alarms):
    DeliveryPool(channel, alarm=alarms).send_all(jobs("stuck"))
    started(channel, 1)
    assert channel.threads[0].daemon


def test_the_timer_rings_by_the_clock_and_can_be_called_off():
    rung, never = threading.Event(), threading.Event()
    timer(3600, never.set)()
    timer(0, rung.set)
    assert rung.wait(PATIENCE)
    assert not never.is_set()


def test_a_job_does_not_show_its_route():
    assert "council" not in repr(jobs("mailto://duty@council.example")[0])


@pytest.mark.parametrize("fault", [SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError])
def test_no_fault_of_a_channel_loses_a_place(alarms, fault):
    class Faulty:
        def send(self, route, message, reference):
            raise fault

    pool = DeliveryPool(Faulty(), workers=1, alarm=alarms)
    assert [result for _job, result in pool.send_all(jobs("first", "second"))] == [CHANNEL_ERROR, CHANNEL_ERROR]
    assert pool.close(PATIENCE)
    assert pool.stuck == 0
