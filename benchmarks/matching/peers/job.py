from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path

# `benchmarks.matching.runs` writes the first two and reads the third.
ENTRIES, NOTICES, PAIRS = "entries.csv", "notices.csv", "pairs.csv"


def folder() -> Path:
    return Path(sys.argv[1])


def answer(pairs: Iterable[tuple[str, str, float]], seconds: float) -> None:
    """Write the found pairs: entry, notice and probability (0 to 1). Print the seconds that the search took."""
    with (folder() / PAIRS).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(pairs)
    print(json.dumps({"seconds": seconds}))
