"""All functions are pure."""

from __future__ import annotations

from typing import Final

# 2 ** 30 times any first wait is longer than every `longest`. A larger exponent would overflow.
LAST_DOUBLING: Final = 30


def delay(attempt: int, first: float, longest: float, jitter: float) -> float:
    """Return the seconds to wait after an attempt. The first attempt is number 1.

    A `jitter` of 0 leaves the wait unchanged. A `jitter` of 1 halves the wait.
    """
    full = min(first * 2.0 ** min(attempt - 1, LAST_DOUBLING), longest)
    return full * (1 - jitter / 2)
