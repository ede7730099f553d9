"""Limits the number of jobs for a destination, above all while the destination is failing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.destinations.token_bucket import TokenBucket
from services.core.backoff import delay

# The limit of jobs to one destination that run at the same time: the first number at the start and after a failure, the
# second number at most. Each success raises the limit by one.
FIRST_AT_ONCE, MOST_AT_ONCE = 2, 8

# The breaker opens after so many failures in a row [P].
OPENS_AFTER: Final = 5

# Seconds between two probes of an open destination: at first, and at most [P]. With the longest attempt, messages go
# out within a minute after the service works again.
FIRST_PROBE, LONGEST_PROBE = 10.0, 25.0

# The most seconds that a service may ask to wait (policy of the deployment): no answer may silence a contact for long.
LONGEST_ASKED: Final = 300.0


class BreakerState(Enum):
    CLOSED = "closed"
    OPEN = "open"  # nothing is sent
    HALF_OPEN = "half_open"  # one message may go as a probe


@dataclass(slots=True)
class Destination:
    # Times are seconds of the clock of the caller. Nothing is stored: after a restart the circuit breaker is closed.

    bucket: TokenBucket | None = None  # None if its rate has no limit
    at_once: int = FIRST_AT_ONCE
    failures: int = 0  # in a row
    resumes_at: float = 0.0  # nothing is sent before

    def breaker(self, now: float) -> BreakerState:
        if self.failures < OPENS_AFTER:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.resumes_at else BreakerState.HALF_OPEN

    def holds(self, now: float) -> bool:
        """Return True while the destination is failing or has asked for a pause."""
        return now < self.resumes_at or self.breaker(now) is not BreakerState.CLOSED

    def places(self, running: int, stuck: int, now: float) -> int:
        """Return the number of jobs that may begin now.

        `stuck` counts the jobs past their deadline, and `running` counts all other jobs.
        """
        if now < self.resumes_at:
            return 0
        free = self.at_once - running - stuck
        if self.breaker(now) is BreakerState.HALF_OPEN:
            free = min(free, 1 - running)
        if self.bucket is not None:
            free = min(free, self.bucket.left(now))
        return max(0, free)

    def note_begun(self, now: float) -> None:
        if self.bucket is not None:
            self.bucket.take(now)

    def learn(self, result: SendResult, now: float, jitter: float) -> None:
        if result.outcome is SendOutcome.SENT:
            self.at_once, self.failures, self.resumes_at = min(self.at_once + 1, MOST_AT_ONCE), 0, 0.0
        elif result.outcome is SendOutcome.FAILED_PERMANENT:
            # A permanent failure is about one route and not about the destination.
            return
        elif result.only_this_message:
            # The service works, so a breaker closes. The service may still be in trouble, so the limit is the first.
            self.at_once, self.failures = FIRST_AT_ONCE, 0
        else:
            self._fail(result, now, jitter)

    def _fail(self, result: SendResult, now: float, jitter: float) -> None:
        self.at_once = FIRST_AT_ONCE
        self.failures += 1
        asked = min(result.retry_after or 0.0, LONGEST_ASKED)
        if self.failures >= OPENS_AFTER:
            asked = max(asked, delay(self.failures - OPENS_AFTER + 1, FIRST_PROBE, LONGEST_PROBE, jitter))
        if asked:
            self.resumes_at = max(self.resumes_at, now + asked)
