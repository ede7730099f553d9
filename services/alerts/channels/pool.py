"""Many sends at once, and never longer than the deadline: a service that does not answer holds up nobody else.

A thread cannot be stopped from outside. One that is stuck keeps its place until its send ends by itself, so that
there are never more threads than places; when all are stuck, nothing more is tried.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

from services.alerts.channels.port import Channel, Outcome, SendResult
from services.alerts.message import Message

TIMED_OUT = SendResult(Outcome.IN_DOUBT, "timed_out")
CHANNEL_ERROR = SendResult(Outcome.IN_DOUBT, "channel_error")
POOL_FULL = SendResult(Outcome.FAILED_TEMPORARY, "pool_full")
POOL_CLOSED = SendResult(Outcome.FAILED_TEMPORARY, "pool_closed")

Alarm = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls the second argument after so many seconds; what it returns calls that off."""


@dataclass(frozen=True, slots=True)
class Job:
    """One message to one target. `delivery` is the number of the delivery's row; `reference` as in `Channel.send`."""

    delivery: int
    route: str = field(repr=False)
    message: Message = field(repr=False)
    reference: str


@dataclass(slots=True)
class _Turn:
    """A job under way. `answered` once its result, or that there is none in time, has gone to the caller."""

    job: Job
    results: SimpleQueue[tuple[Job, SendResult]]
    answered: bool = False
    call_off: Callable[[], None] = lambda: None

    def answer(self, result: SendResult) -> None:
        self.answered = True
        self.results.put((self.job, result))


def timer(seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
    """An alarm by the monotonic clock, on a thread of its own that never keeps the process alive."""
    thread = threading.Timer(seconds, ring)
    thread.daemon = True
    thread.start()
    return thread.cancel


class DeliveryPool:
    """Sends jobs over `channel`, at most `workers` at once, each for at most `deadline_seconds`."""

    def __init__(
        self, channel: Channel, workers: int = 8, deadline_seconds: float = 30.0, alarm: Alarm = timer
    ) -> None:
        self._channel = channel
        self.places = workers
        """How many are sent at once."""
        self._deadline = deadline_seconds
        self._alarm = alarm
        self._changed = threading.Condition()
        self._waiting: deque[_Turn] = deque()
        self._sending = 0
        self._stuck = 0
        self._closed = False

    @property
    def stuck(self) -> int:
        """How many sends have passed their deadline and still not ended."""
        return self._stuck

    def send_all(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, SendResult]]:
        """Begin sending at once; yields every job once with its result, in the order in which they end.

        Results beside the channel's own: in doubt with `timed_out` (no answer by the deadline) or `channel_error` (the
        channel raised); and, not tried at all, failed for now with `pool_full` (all places stuck) or `pool_closed`.
        """
        results: SimpleQueue[tuple[Job, SendResult]] = SimpleQueue()
        with self._changed:
            self._waiting.extend(_Turn(job, results) for job in jobs)
            self._go_on()
        return (results.get() for _ in jobs)

    def close(self, timeout: float) -> bool:
        """Take no more jobs and give back those not begun; wait up to `timeout` seconds for those under way.

        Whether all of them ended or were given up as stuck. What is still under way then is cut off with the process.
        """
        with self._changed:
            self._closed = True
            self._go_on()
            return self._changed.wait_for(lambda: self._sending == self._stuck, timeout)

    def _go_on(self) -> None:
        """Begin what can begin and give back what cannot; the lock is held."""
        while self._waiting and not self._closed and self._sending < self.places:
            self._begin(self._waiting.popleft())
        if self._closed or self._stuck == self.places:
            self._give_back(POOL_CLOSED if self._closed else POOL_FULL)
        self._changed.notify_all()

    def _begin(self, turn: _Turn) -> None:
        self._sending += 1
        turn.call_off = self._alarm(self._deadline, lambda: self._overdue(turn))
        name = f"delivery-{turn.job.delivery}"
        threading.Thread(target=self._run, args=(turn,), name=name, daemon=True).start()

    def _give_back(self, result: SendResult) -> None:
        while self._waiting:
            self._waiting.popleft().answer(result)

    def _run(self, turn: _Turn) -> None:
        result = self._send(turn.job)
        with self._changed:
            self._sending -= 1
            if turn.answered:
                self._stuck -= 1
            else:
                turn.answer(result)
            turn.call_off()
            self._go_on()

    def _send(self, job: Job) -> SendResult:
        try:
            return self._channel.send(job.route, job.message, job.reference)
        except BaseException:  # noqa: BLE001 - a channel that breaks its word may not take the thread or the job with it
            return CHANNEL_ERROR

    def _overdue(self, turn: _Turn) -> None:
        with self._changed:
            if not turn.answered:
                self._stuck += 1
                turn.answer(TIMED_OUT)
                self._go_on()
