"""Computes the wait before a failed operation is tried again.

All functions are pure: the caller passes the random value.
"""

from __future__ import annotations

from typing import Final

# 2 ** 30 times any first wait is longer than every `longest`. A larger exponent would overflow.
LAST_DOUBLING: Final = 30


def delay(attempt: int, first: float, longest: float, jitter: float) -> float:
    """Return the wait in seconds after a failed attempt. The first attempt has number 1.

    The wait starts at `first`, and doubles up to `longest`. A `jitter` of 1 halves the wait.
    """
    full = min(first * 2.0 ** min(attempt - 1, LAST_DOUBLING), longest)
    return full * (1 - jitter / 2)
