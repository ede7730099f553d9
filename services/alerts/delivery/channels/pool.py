"""Many sends at once, none longer than the deadline: a service that does not answer holds up nobody else.

A thread cannot be stopped from outside. A send that is stuck past its deadline keeps its place at its destination until
it ends by itself; it keeps no place that another destination could use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from services.alerts.delivery.channels.port import ACCEPTED, Channel, SendOutcome, SendResult
from services.alerts.message.message import Message

TIMED_OUT = SendResult(SendOutcome.IN_DOUBT, "timed_out")
CHANNEL_ERROR = SendResult(SendOutcome.IN_DOUBT, "channel_error")
POOL_CLOSED = SendResult(SendOutcome.FAILED_TEMPORARY, "pool_closed")

QUICK = 0.25
"""Seconds after which a send no longer takes one of the places that all destinations share."""

FIRST_AT_ONCE, MOST_AT_ONCE = 2, 8
"""How many sends a destination gets at once: at first and after a fault, and at most. Each success adds one."""

MOST_UNDER_WAY = 400
"""The most sends under way at all, slow and stuck ones too: each has a thread."""

GRACE = 1.0
"""Seconds that a channel has to end a send by itself once the deadline is over."""

Alarm = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls the second argument after so many seconds; what it returns calls that off."""


@dataclass(frozen=True, slots=True)
class SendJob:
    """One message to one target. `delivery` is the number of the delivery's row; `reference` as in `Channel.send`."""

    delivery: int
    destination: str = field(repr=False)
    route: str = field(repr=False)
    message: Message = field(repr=False)
    reference: str


Tell = Callable[[SendJob, SendResult], None]
"""Takes the result of a job, once, on any thread."""


@dataclass(slots=True, eq=False)
class _Turn:
    """A job under way. `answered` once its result, or that there is none in time, has been told."""

    job: SendJob
    tell: Tell
    began_at: float
    answered: bool = False
    call_off: Callable[[], None] = lambda: None


def timer(seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
    """An alarm by the monotonic clock, on a thread of its own that never keeps the process alive."""
    thread = threading.Timer(seconds, ring)
    thread.daemon = True
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
        """How many sends have passed their deadline and still not ended."""
        with self._changed:
            return sum(turn.answered for turn in self._under_way)

    @property
    def under_way(self) -> int:
        """How many sends have not ended, with those that are stuck."""
        with self._changed:
            return len(self._under_way)

    @property
    def full(self) -> bool:
        """Whether nothing can be sent to anybody until a send ends."""
        return self.under_way >= MOST_UNDER_WAY

    def places(self) -> int:
        """How many sends may begin now, wherever they go."""
        with self._changed:
            limit = self._time() - QUICK
            quick = sum(turn.began_at > limit for turn in self._under_way)
            return max(0, min(self._workers - quick, MOST_UNDER_WAY - len(self._under_way)))

    def places_at(self, destination: str) -> int:
        """How many sends to this destination may begin now, if there are places at all."""
        with self._changed:
            busy = sum(turn.job.destination == destination for turn in self._under_way)
            return max(0, self._at_once.get(destination, FIRST_AT_ONCE) - busy)

    def begin(self, job: SendJob, tell: Tell) -> None:
        """Begin a send and return. Whoever calls keeps to the places.

        Results beside the channel's own: in doubt with `timed_out` (it did not end by the deadline) or `channel_error`
        (the channel raised); and, not tried at all, failed for now with `pool_closed`.
        """
        turn = _Turn(job, tell, self._time())
        with self._changed:
            refused = self._closed
            if not refused:
                self._under_way.add(turn)
                turn.call_off = self._alarm(self._deadline + GRACE, lambda: self._overdue(turn))
        if refused:
            tell(job, POOL_CLOSED)
            return
        threading.Thread(target=self._run, args=(turn,), name=f"delivery-{job.delivery}", daemon=True).start()

    def close(self, timeout: float) -> bool:
        """Take no more jobs; wait up to `timeout` seconds for those under way.

        Whether all of them ended or were given up as stuck. What is still under way then is cut off with the process.
        """
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: all(turn.answered for turn in self._under_way), timeout)

    def _run(self, turn: _Turn) -> None:
        result = self._send(turn.job)
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
        """Tell the first result of a turn; the lock is held."""
        if not turn.answered:
            turn.answered = True
            turn.tell(turn.job, result)
        self._changed.notify_all()

    def _learn(self, destination: str, result: SendResult) -> None:
        """Give a destination that takes messages more places, and one that may be in trouble the first few again."""
        if result == ACCEPTED:
            self._at_once[destination] = min(self._at_once.get(destination, FIRST_AT_ONCE) + 1, MOST_AT_ONCE)
        elif result.outcome is not SendOutcome.FAILED_PERMANENT:
            self._at_once.pop(destination, None)
