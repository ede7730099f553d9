"""Sends many messages at once, so that a slow service delays no other service."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom
from time import monotonic

from services.alerts.delivery.channels.port import Channel, SendOutcome, SendResult
from services.alerts.delivery.destinations.destination import BreakerState, Destination
from services.alerts.delivery.destinations.token_bucket import TokenBucket
from services.alerts.message.message import Message

TIMED_OUT = SendResult(SendOutcome.IN_DOUBT, "timed_out")
NO_THREAD = SendResult(SendOutcome.FAILED_TEMPORARY, "no_thread")
CHANNEL_ERROR = SendResult(SendOutcome.IN_DOUBT, "channel_error")
POOL_CLOSED = SendResult(SendOutcome.FAILED_TEMPORARY, "pool_closed")

# Seconds after which a job no longer uses one of the places that all destinations share.
QUICK = 0.25

_DICE = SystemRandom()

# The most jobs that may run in all. Slow and stuck jobs count too, because each job has a thread.
MOST_UNDER_WAY = 400

# Seconds after the deadline in which a channel may still end a job itself, with a more exact reason.
GRACE = 1.0

# A function that calls its second argument after a number of seconds. It returns a function that cancels the call.
Alarm = Callable[[float, Callable[[], None]], Callable[[], None]]


@dataclass(frozen=True, slots=True)
class SendJob:
    # The `repr` of a job is safe to log.
    delivery: int  # the id of the delivery
    destination: str = field(repr=False)
    route: str = field(repr=False)
    message: Message = field(repr=False)
    reference: str  # as in `Channel.send`


# Called once with a job and its result, on any thread. It must not wait, because the lock of the pool may be held.
OnResult = Callable[[SendJob, SendResult], None]


@dataclass(slots=True, eq=False)
class _Turn:
    job: SendJob
    on_result: OnResult
    began_at: float  # in seconds of the pool's clock
    answered: bool = False  # the result was passed on; the job itself may still be stuck
    call_off: Callable[[], None] = lambda: None


def timer(seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
    thread = threading.Timer(seconds, ring)
    thread.daemon = True  # a pending alarm must not keep the process alive
    thread.start()
    return thread.cancel


class DeliveryPool:
    def __init__(
        self,
        channel: Channel,
        workers: int = 32,
        deadline_seconds: float = 30.0,
        alarm: Alarm = timer,
        time: Callable[[], float] = monotonic,
        random: Callable[[], float] = _DICE.random,
        most_a_minute: Callable[[str], int | None] = lambda _route: None,
    ) -> None:
        """`most_a_minute` returns the most messages a minute for the destination of a route. None means no limit."""
        self._channel, self._workers, self._deadline = channel, workers, deadline_seconds
        self._alarm, self._time, self._random, self._most_a_minute = alarm, time, random, most_a_minute
        self._changed = threading.Condition()
        self._under_way: set[_Turn] = set()
        self._destinations: dict[str, Destination] = {}
        self._closed = False

    @property
    def stuck(self) -> int:
        # A thread cannot be stopped from outside, so a job may go on past its deadline.
        with self._changed:
            return sum(turn.answered for turn in self._under_way)

    @property
    def under_way(self) -> int:
        with self._changed:
            return len(self._under_way)

    @property
    def open(self) -> int:
        with self._changed:
            now = self._time()
            return sum(one.breaker(now) is not BreakerState.CLOSED for one in self._destinations.values())

    @property
    def full(self) -> bool:
        return self.under_way >= MOST_UNDER_WAY

    def places(self) -> int:
        # The number of jobs that may begin now, to any destination. Slow jobs count only towards the limit of threads.
        with self._changed:
            limit = self._time() - QUICK
            quick = sum(turn.began_at > limit for turn in self._under_way)
            return max(0, min(self._workers - quick, MOST_UNDER_WAY - len(self._under_way)))

    def places_at(self, destination: str) -> int:
        # Slow and stuck jobs count here, so that a destination that hangs gets no more jobs.
        with self._changed:
            there = [turn for turn in self._under_way if turn.job.destination == destination]
            stuck = sum(turn.answered for turn in there)
            known = self._destinations.get(destination) or Destination()
            return known.places(len(there) - stuck, stuck, self._time())

    def holds(self, destination: str) -> bool:
        with self._changed:
            known = self._destinations.get(destination)
            return known is not None and known.holds(self._time())

    def begin(self, job: SendJob, on_result: OnResult) -> None:
        """Start the job, and return at once. The caller must first check that `places` and `places_at` are not 0."""
        turn = _Turn(job, on_result, self._time())
        with self._changed:
            refused = self._closed
            if not refused:
                self._under_way.add(turn)
                self._destination(job).note_begun(self._time())
        if refused:
            on_result(job, POOL_CLOSED)
            return
        try:
            turn.call_off = self._alarm(self._deadline + GRACE, lambda: self._overdue(turn))
            threading.Thread(target=self._run, args=(turn,), name=f"delivery-{job.delivery}", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            self._give_back(turn)

    def close(self, timeout: float) -> bool:
        """Accept no more jobs, and wait up to `timeout` seconds for the running jobs.

        Return False if a job within its deadline is still running.
        """
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: all(turn.answered for turn in self._under_way), timeout)

    def _give_back(self, turn: _Turn) -> None:
        # Nothing was sent, so the place is free at once and the alarm is cancelled.
        turn.call_off()
        with self._changed:
            self._under_way.discard(turn)
            self._answer(turn, NO_THREAD)

    def _run(self, turn: _Turn) -> None:
        result = self._send(turn.job)
        # If the alarm has rung already, `_answer` drops this second result.
        turn.call_off()
        with self._changed:
            self._under_way.discard(turn)
            self._learn(turn, result)
            self._answer(turn, result)

    def _send(self, job: SendJob) -> SendResult:
        try:
            return self._channel.send(job.route, job.message, job.reference)
        except BaseException:  # noqa: BLE001 - a channel should never raise; if it does, the job still gets a result
            return CHANNEL_ERROR

    def _overdue(self, turn: _Turn) -> None:
        with self._changed:
            if turn in self._under_way:
                self._learn(turn, TIMED_OUT)
                self._answer(turn, TIMED_OUT)

    def _answer(self, turn: _Turn, result: SendResult) -> None:
        # The lock is held, so the first result wins: a late result and the alarm cannot both be passed on.
        if not turn.answered:
            turn.answered = True
            turn.on_result(turn.job, result)
        self._changed.notify_all()

    def _learn(self, turn: _Turn, result: SendResult) -> None:
        # After the deadline only a success is news.
        if not turn.answered or result.outcome is SendOutcome.SENT:
            self._destination(turn.job).learn(result, self._time(), self._random())

    def _destination(self, job: SendJob) -> Destination:
        # The first job to a destination tells the channel, and so the rate.
        if job.destination not in self._destinations:
            most = self._most_a_minute(job.route)
            self._destinations[job.destination] = Destination(TokenBucket(most) if most else None)
        return self._destinations[job.destination]
