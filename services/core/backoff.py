"""Computes the wait before a failed operation is tried again. Pure: the caller passes the random value."""

from __future__ import annotations

from typing import Final

# 2 ** 30 times any first wait is longer than every `longest`. A larger exponent would overflow.
LAST_DOUBLING: Final = 30


def delay(attempt: int, first: float, longest: float, jitter: float) -> float:
    """Return the seconds to wait after attempt number `attempt` has failed. The first attempt is number 1.

    The wait is `first` seconds after attempt 1 and doubles with each attempt, up to `longest`. `jitter` (0 to 1)
    shortens the wait by up to half, so that operations that failed together are not all tried again together.
    """
    full = min(first * 2.0 ** min(attempt - 1, LAST_DOUBLING), longest)
    return full * (1 - jitter / 2)
