"""Medians and 90th percentiles of waits, as bands of days. Pure.

A quantile is computed from the published counts of the bands, and from nothing else. So a quantile reveals nothing
beyond these counts. An exact day would reveal more, perhaps even a withheld count. For example, a 90th percentile of 30
days among ten waits says that nine of the waits were 30 days or shorter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.audit.figures.figures import BANDS, SMALLEST_WAITS

_LAST_DAYS = {name: last for last, name in BANDS}


@dataclass(frozen=True, slots=True)
class Wait:
    """The band of days with the median wait, and the band of days with the 90th percentile of the waits.

    If the published counts do not determine a band, the band is None.
    """

    median: str | None
    p90: str | None


NO_WAIT = Wait(None, None)


def last_day(band: str) -> int | None:
    """Return the largest number of days in a band. Return None for the last band, which has no end."""
    return _LAST_DAYS[band]


def wait_of(bands: Mapping[str, int | None], total: int | None) -> Wait | None:
    """Return the quantiles that published counts determine, or None if the counts determine no quantile.

    If there are too few waits, the result is also None. `bands` holds the published count of each band, from the
    shortest wait to the longest. A withheld count is None.
    """
    if total is None or total < SMALLEST_WAITS:
        return None
    found = Wait(_reached(bands, total, 5), _reached(bands, total, 9))
    return found if found.median or found.p90 else None


def _reached(bands: Mapping[str, int | None], total: int, tenths: int) -> str | None:
    unseen = sum(count is None for count in bands.values())
    shown, hidden = 0, total - sum(count or 0 for count in bands.values()) if unseen else 0
    # In tenths, so that no rounding is needed. A confirmation without an issued notice is in no band.
    needed = (total if unseen else sum(count or 0 for count in bands.values())) * tenths
    left = unseen
    for band, count in bands.items():
        shown, left = shown + (count or 0), left - (count is None)
        # The withheld waits may all lie in the withheld bands up to this one, or all in those after it.
        most = shown + (hidden if left < unseen else 0)
        least = shown + (0 if left else hidden)
        if most * 10 >= needed:
            return band if least * 10 >= needed else None
    return None
