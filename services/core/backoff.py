"""The wait before something that failed is tried again. Pure: the randomness is passed in."""

from __future__ import annotations

from typing import Final

# 2 ** 30 times any wait is beyond every `longest`; a larger exponent would overflow.
LAST_DOUBLING: Final = 30


def delay(attempt: int, first: float, longest: float, jitter: float) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1): `first`, doubled each time, up to `longest`.

    `jitter` from 0 to 1 takes away up to half, so that those that failed together do not come again together.
    """
    full = min(first * 2.0 ** min(attempt - 1, LAST_DOUBLING), longest)
    return full * (1 - jitter / 2)
