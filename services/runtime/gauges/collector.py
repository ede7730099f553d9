"""Tunes Python's cycle collector for a process that takes in thousands of records at a time."""

from __future__ import annotations

import gc

# A batch makes some hundred thousand objects and no cycles: with the usual thresholds a third of its time goes into
# looking for them.
THRESHOLDS = (100_000, 50, 100)


def calm() -> None:
    gc.collect()
    # What was imported stays for good: no collection needs to look at it again.
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
