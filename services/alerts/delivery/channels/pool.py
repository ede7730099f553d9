"""Runs many sends at once, each with a deadline, so that a service that does not answer delays no other.

A thread cannot be stopped from outside. A send that is stuck past its deadline keeps its place at its destination until
it ends by itself, but none of the places that all destinations share.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from services.alerts.delivery.channels.port import ACCEPTED, Channel, SendOutcome, SendResult
from services.alerts.message.message import Message

TIMED_OUT = SendResult(SendOutcome.IN_DOUBT, "timed_out")
NO_THREAD = SendResult(SendOutcome.FAILED_TEMPORARY, "no_thread")
CHANNEL_ERROR = SendResult(SendOutcome.IN_DOUBT, "channel_error")
POOL_CLOSED = SendResult(SendOutcome.FAILED_TEMPORARY, "pool_closed")

# Seconds after which a send no longer takes one of the places that all destinations share.
QUICK = 0.25

# Sends to one destination at the same time: at first and after a fault, and at most. Each success adds one.
FIRST_AT_ONCE, MOST_AT_ONCE = 2, 8

# The most sends under way in all, slow and stuck ones too: each has a thread.
MOST_UNDER_WAY = 400

# Seconds after the deadline in which a channel may still end a send by itself, with a better reason.
GRACE = 1.0

# Calls its second argument after a number of seconds. Returns a function that cancels the call.
Alarm = Callable[[float, Callable[[], None]], Callable[[], None]]


@dataclass(frozen=True, slots=True)
class SendJob:
    """One message to one target. Its representation shows no route, text or destination, so it may be logged."""

    delivery: int  # the delivery's row
    destination: str = field(repr=False)
    route: str = field(repr=False)
    message: Message = field(repr=False)
    reference: str  # as in `Channel.send`


# Takes the result of a job, once, on any thread. The pool's lock may be held, so it must not wait.
OnResult = Callable[[SendJob, SendResult], None]


@dataclass(slots=True, eq=False)
class _Turn:
    job: SendJob
    on_result: OnResult
    began_at: float  # seconds of the pool's clock
    answered: bool = False  # its result was passed on; the send itself may still be stuck
    call_off: Callable[[], None] = lambda: None


def timer(seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
    thread = threading.Timer(seconds, ring)
    thread.daemon = True  # a pending alarm must not keep the process alive
    thread.start()
    return thread.cancel


class DeliveryPool:
    """Sends jobs over `channel`, each for at most `deadline_seconds`; at most `workers` begin at the same moment."""

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
        """The number of sends that have passed their deadline and not ended."""
        with self._changed:
            return sum(turn.answered for turn in self._under_way)

    @property
    def under_way(self) -> int:
        """The number of sends that have not ended, stuck ones included."""
        with self._changed:
            return len(self._under_way)

    @property
    def full(self) -> bool:
        return self.under_way >= MOST_UNDER_WAY

    def places(self) -> int:
        # Sends that may begin now, to any destination. Slow ones count only towards the limit of threads.
        with self._changed:
            limit = self._time() - QUICK
            quick = sum(turn.began_at > limit for turn in self._under_way)
            return max(0, min(self._workers - quick, MOST_UNDER_WAY - len(self._under_way)))

    def places_at(self, destination: str) -> int:
        # Slow and stuck sends count here: a destination that hangs gets no more of them.
        with self._changed:
            busy = sum(turn.job.destination == destination for turn in self._under_way)
            return max(0, self._at_once.get(destination, FIRST_AT_ONCE) - busy)

    def begin(self, job: SendJob, on_result: OnResult) -> None:
        """Begin a send and return at once. The caller must keep to the places: they are not checked here.

        Results beside the channel's own: IN_DOUBT with `timed_out` (not ended by the deadline) or `channel_error` (the
        channel raised), and FAILED_TEMPORARY with `pool_closed` or `no_thread` (not tried).
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
        """Take no more jobs, and wait up to `timeout` seconds for those under way.

        Returns True if each of them ended or was reported as stuck. The others end with the process.
        """
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: all(turn.answered for turn in self._under_way), timeout)

    def _give_back(self, turn: _Turn) -> None:
        # Nothing was sent: the place is free again at once, and the alarm says nothing of it.
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
        except BaseException:  # noqa: BLE001 - a channel that breaks its word may not take the thread or the job with it
            return CHANNEL_ERROR

    def _overdue(self, turn: _Turn) -> None:
        with self._changed:
            if turn in self._under_way:
                self._learn(turn.job.destination, TIMED_OUT)
                self._answer(turn, TIMED_OUT)

    def _answer(self, turn: _Turn, result: SendResult) -> None:
        # The lock is held, so a late result and the alarm cannot both be first.
        if not turn.answered:
            turn.answered = True
            turn.on_result(turn.job, result)
        self._changed.notify_all()

    def _learn(self, destination: str, result: SendResult) -> None:
        # A permanent failure is about one route, not about the destination: it changes no places.
        if result == ACCEPTED:
            self._at_once[destination] = min(self._at_once.get(destination, FIRST_AT_ONCE) + 1, MOST_AT_ONCE)
        elif result.outcome is not SendOutcome.FAILED_PERMANENT:
            self._at_once.pop(destination, None)
