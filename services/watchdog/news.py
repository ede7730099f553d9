"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.watchdog.findings import FaultGroup, FaultKind

# A finding that grows is raised again, but not at every look [P]: in an outage each look finds more.
GROWN_AGAIN: Final = timedelta(hours=1)

Key = tuple[FaultKind, str]


@dataclass(frozen=True, slots=True)
class RaisedFinding:
    count: int
    references: frozenset[str]
    raised_at: datetime


def has_news(
    groups: Iterable[FaultGroup], raised: Mapping[Key, RaisedFinding], now: datetime, repeat: timedelta
) -> bool:
    return any(_is_news(group, raised.get((group.kind, group.feed_id)), now, repeat) for group in groups)


def _is_news(group: FaultGroup, before: RaisedFinding | None, now: datetime, repeat: timedelta) -> bool:
    # A clock that was set back must not put a message off.
    if before is None or before.raised_at > now or now >= before.raised_at + repeat:
        return True
    grown = group.count > before.count or not before.references.issuperset(group.references)
    return grown and now >= before.raised_at + GROWN_AGAIN
