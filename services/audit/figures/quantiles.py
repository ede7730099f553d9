"""All functions are pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.audit.figures.figures import BANDS, SMALLEST_WAITS

_LAST_DAYS = {name: last for last, name in BANDS}


@dataclass(frozen=True, slots=True)
class Wait:
    """Two bands of days. Half of the waits ended by `median`, and 90 % ended by `p90`.

    A band is None if withheld counts hide the band.
    """

    median: str | None
    p90: str | None


NO_WAIT = Wait(None, None)


def last_day(band: str) -> int | None:
    """Return the last day of the band. Return None for the longest band, because this band has no end."""
    return _LAST_DAYS[band]


def wait_of(bands: Mapping[str, int | None], total: int | None) -> Wait | None:
    """Return the bands of days by which half and 90 % of the waits ended.

    Return None if the waits are too few, or if both bands are hidden. `bands` begins with the shortest waits.
    """
    if total is None or total < SMALLEST_WAITS:
        return None
    found = Wait(_reached(bands, total, 5), _reached(bands, total, 9))
    return found if found.median or found.p90 else None


def _reached(bands: Mapping[str, int | None], total: int, tenths: int) -> str | None:
    # A count is None if it is withheld.
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
