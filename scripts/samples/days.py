"""Draws the dates of the samples. Days are counted from the base day of the samples."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from services.runtime.demo.samples import BASE_DAY

# Ranges of days to the harmful moment, each with the percentage of notices in the range.
_HORIZONS: Final = {
    (-21, -1): 4,
    (0, 2): 3,
    (3, 7): 6,
    (8, 14): 8,
    (15, 28): 13,
    (29, 56): 21,
    (57, 180): 45,
}
_RESTRICTED_SHARE: Final = 0.3
_LATE_SHARE: Final = 0.03
# Days to the harmful moment of a late notice. A late notice is issued two to six days before that moment.
_LATE_HORIZON: Final = (-3, 5)


@dataclass(frozen=True, slots=True)
class Timing:
    issued: date
    planned: date
    restricted: date | None = None


def in_days(days: int) -> date:
    return BASE_DAY + timedelta(days=days)


def ago(shortest: int, longest: int, random: Random) -> date:
    return in_days(-random.randint(shortest, longest))


def timing(random: Random, *, may_restrict: bool, horizon: tuple[int, int] | None = None) -> Timing:
    """Draw the dates of a notice. `horizon` limits the harmful day, in days after the base day."""
    if horizon is None and random.random() < _LATE_SHARE:
        harmful = in_days(random.randint(*_LATE_HORIZON))
        issued = min(harmful - timedelta(days=random.randint(2, 6)), in_days(-1))
    else:
        span = horizon or random.choices(list(_HORIZONS), list(_HORIZONS.values()))[0]
        harmful = in_days(random.randint(*span))
        # The notice gives 60 to 120 days of warning. If its issue were in the future, it was issued in the last three
        # weeks.
        issued = min(harmful - timedelta(days=random.randint(60, 120)), ago(1, 21, random))
    if may_restrict and random.random() < _RESTRICTED_SHARE:
        return Timing(issued, harmful + timedelta(days=random.randint(14, 56)), harmful)
    return Timing(issued, harmful)
