from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from services.ingest.reading.outcomes import RowOutcome

# Policy: more than this helps no reader, and every remark is stored.
MOST: Final = 50
LENGTH: Final = 300

# Called once the rows are read: some remarks count rows, or depend on what became of them.
Remarks = Callable[[Sequence[RowOutcome]], Sequence[str]]


def no_remarks(_outcomes: Sequence[RowOutcome]) -> Sequence[str]:
    return ()


def capped(remarks: Iterable[str]) -> tuple[str, ...]:
    found = [_shortened(remark) for remark in dict.fromkeys(remarks)]
    if len(found) <= MOST:
        return tuple(found)
    left = len(found) - MOST + 1
    return (*found[: MOST - 1], f"And {left:,} more remarks.")


def _shortened(remark: str) -> str:
    return remark if len(remark) <= LENGTH else remark[: LENGTH - 3] + "..."
