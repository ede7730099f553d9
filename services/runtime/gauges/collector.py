from __future__ import annotations

import gc

# A batch creates about 100,000 objects and no reference cycles. With the default thresholds, the search for cycles
# would take a third of the batch's time.
THRESHOLDS = (100_000, 50, 100)


def calm() -> None:
    gc.collect()
    # Imported modules stay in memory for good, so no collection needs to scan them again.
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
