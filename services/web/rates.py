"""Each process counts only its own requests."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from services.web.problems import ProblemError, ProblemType


@dataclass(frozen=True, slots=True)
class Rates:
    """The limits on the number of requests in one minute. The limits are our own choice: no source prescribes them."""

    key: int = 3_000
    link: int = 120
    # Wrong keys, links and codes of one address.
    failures: int = 60


class RateLimiter:
    def __init__(self, rates: Rates) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._key = RateLimitItemPerMinute(rates.key, namespace="key")
        self._link = RateLimitItemPerMinute(rates.link, namespace="link")
        self._failures = RateLimitItemPerMinute(rates.failures, namespace="failed")

    def count_key(self, key_id: str) -> None:
        """Raises ProblemError 429 after too many requests."""
        self._count(self._key, key_id, "this key sends too many requests")

    def count_link(self, link: str) -> None:
        """Raises ProblemError 429 after too many requests."""
        self._count(self._link, link, "this page is asked for too often")

    def count_failure(self, request: Request) -> None:
        """Raises ProblemError 429 after too many failures from the IP address of this client."""
        # A request with a right key from the same address is still answered.
        address = request.client.host if request.client else "unknown"
        self._count(self._failures, address, "too many wrong keys or links came from this address")

    def _count(self, item: RateLimitItemPerMinute, who: str, why: str) -> None:
        if self._limiter.hit(item, who):
            return
        # The oldest request of the minute leaves it then. One second more, because the minute includes its end.
        wait = max(0, math.floor(self._limiter.get_window_stats(item, who).reset_time - time.time())) + 1
        detail = f"{why}: send it again in {wait} seconds. Nothing was taken in"
        raise ProblemError(429, ProblemType.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})


def rates_of(request: Request) -> RateLimiter:
    # The assignment gives the untyped state of the application a type.
    limiter: RateLimiter = request.app.state.rates
    return limiter
