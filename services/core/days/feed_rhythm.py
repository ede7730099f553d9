# No source prescribes the numbers [P].

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Final

# Only this many of the newest gaps count. Older gaps may show a rhythm that the feed has given up.
GAPS_KEPT: Final = 20
# With fewer gaps, nobody can know a rhythm.
FEWEST_GAPS: Final = 3
# A new feed may be silent for this long: a week, and a day for bank holidays.
WITHOUT_RHYTHM: Final = timedelta(days=8)
# This share of the gaps does not exceed the typical gap, so that weekends of a daily feed are part of its rhythm.
USUAL_SHARE: Final = 0.9
# A feed is silent after this many typical gaps, but never before SHORTEST.
PATIENCE: Final = 1.5
SHORTEST: Final = timedelta(days=2)


@dataclass(frozen=True)
class SilencePolicy:
    without_rhythm: timedelta = WITHOUT_RHYTHM
    patience: float = PATIENCE
    shortest: timedelta = SHORTEST


USUAL: Final = SilencePolicy()


def typical_gap(heard: Sequence[datetime]) -> timedelta | None:
    """Return the 90th percentile of the newest gaps between the moments in `heard`.

    Return None if there are too few gaps.
    """
    # Only the newest gaps count. So the moments are sorted by time first, and then the gaps by length.
    gaps = sorted(later - earlier for earlier, later in list(pairwise(sorted(heard)))[-GAPS_KEPT:])
    if len(gaps) < FEWEST_GAPS:
        return None
    # One gap twice as long as all others was an outage, or the time before the feed began in earnest.
    usual = gaps[:-1] if gaps[-1] > 2 * gaps[-2] else gaps
    return usual[ceil(USUAL_SHARE * len(usual)) - 1]


def allowed_silence(heard: Sequence[datetime], policy: SilencePolicy = USUAL) -> timedelta:
    gap = typical_gap(heard)
    return policy.without_rhythm if gap is None else max(policy.shortest, policy.patience * gap)
