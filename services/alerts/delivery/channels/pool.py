"""Sends many messages at once, each with a deadline, so that a slow service delays no other service.

A job takes two places. One is a place at its destination. The other is one of the places that all destinations share.
The job gives the shared place back after a moment, and the place at the destination when the job ends. A thread cannot
be stopped from outside, so a job may be stuck past its deadline. A stuck job keeps its place at the destination.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from services.alerts.delivery.channels.port import Channel, SendOutcome, SendResult
from services.alerts.message.message import Message

TIMED_OUT = SendResult(SendOutcome.IN_DOUBT, "timed_out")
NO_THREAD = SendResult(SendOutcome.FAILED_TEMPORARY, "no_thread")
CHANNEL_ERROR = SendResult(SendOutcome.IN_DOUBT, "channel_error")
POOL_CLOSED = SendResult(SendOutcome.FAILED_TEMPORARY, "pool_closed")

# Seconds after which a job no longer uses one of the places that all destinations share.
QUICK = 0.25

# The limit of jobs to one destination that run at the same time: the first number at the start and after a failure, the
# second number at most. Each success raises the limit by one.
FIRST_AT_ONCE, MOST_AT_ONCE = 2, 8

# The most jobs that may run in all. Slow and stuck jobs count too, because each job has a thread.
MOST_UNDER_WAY = 400

# Seconds after the deadline in which a channel may still end a job itself, with a more exact reason.
GRACE = 1.0

# A function that calls its second argument after a number of seconds. It returns a function that cancels the call.
Alarm = Callable[[float, Callable[[], None]], Callable[[], None]]


@dataclass(frozen=True, slots=True)
class SendJob:
    """One message to one target. A job may be logged: its `repr` shows no route, text or destination."""

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
    """Runs jobs over `channel`, each for at most `deadline_seconds`.

    `workers` is the number of places that all destinations share. A job keeps such a place for QUICK seconds, or less
    if the job ends sooner.
    """

    def __init__(
        self,
        channel: Channel,
        workers: int = 32,
        deadline_seconds: float = 30.0,
        alarm: Alarm = timer,
        time: Callable[[], float] = monotonic,
    ) -> None:
        self._channel, self._workers, self._deadline = channel, workers, deadline_seconds
        self._alarm, self._time = alarm, time
        self._changed = threading.Condition()
        self._under_way: set[_Turn] = set()
        self._at_once: dict[str, int] = {}
        self._closed = False

    @property
    def stuck(self) -> int:
        """Return the number of running jobs that have passed their deadline."""
        with self._changed:
            return sum(turn.answered for turn in self._under_way)

    @property
    def under_way(self) -> int:
        with self._changed:
            return len(self._under_way)

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
            busy = sum(turn.job.destination == destination for turn in self._under_way)
            return max(0, self._at_once.get(destination, FIRST_AT_ONCE) - busy)

    def begin(self, job: SendJob, on_result: OnResult) -> None:
        """Start a job and return at once. This method does not check `places` and `places_at`: the caller must.

        `on_result` gets the result of the channel, or one of these results. IN_DOUBT with `timed_out` means that the
        job passed its deadline. IN_DOUBT with `channel_error` means that the channel raised an error. FAILED_TEMPORARY
        with `pool_closed` or `no_thread` means that nothing was sent.
        """
        turn = _Turn(job, on_result, self._time())
        with self._changed:
            refused = self._closed
            if not refused:
                self._under_way.add(turn)
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

        Return True if each job ended or was reported as stuck. Otherwise the remaining jobs end with the process.
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
            self._learn(turn.job.destination, result)
            self._answer(turn, result)

    def _send(self, job: SendJob) -> SendResult:
        try:
            return self._channel.send(job.route, job.message, job.reference)
        except BaseException:  # noqa: BLE001 - a channel should never raise; if it does, the job still gets a result
            return CHANNEL_ERROR

    def _overdue(self, turn: _Turn) -> None:
        with self._changed:
            if turn in self._under_way:
                self._learn(turn.job.destination, TIMED_OUT)
                self._answer(turn, TIMED_OUT)

    def _answer(self, turn: _Turn, result: SendResult) -> None:
        # The lock is held, so the first result wins: a late result and the alarm cannot both be passed on.
        if not turn.answered:
            turn.answered = True
            turn.on_result(turn.job, result)
        self._changed.notify_all()

    def _learn(self, destination: str, result: SendResult) -> None:
        # A permanent failure is about one route and not about the destination, so the limit does not change.
        if result.outcome is SendOutcome.SENT:
            self._at_once[destination] = min(self._at_once.get(destination, FIRST_AT_ONCE) + 1, MOST_AT_ONCE)
        elif result.outcome is not SendOutcome.FAILED_PERMANENT:
            self._at_once.pop(destination, None)
