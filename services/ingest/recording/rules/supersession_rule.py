"""Decides whether a notice replaces the one that it names in `supersedes`. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class IssuedNotice(NamedTuple):
    """The key of a notice and its time of issue: as stored, and the earliest and latest moment it may mean."""

    issued_at: datetime
    earliest: datetime
    latest: datetime
    key: bytes
    replaces_another: bool


def replaces(later: IssuedNotice, earlier: IssuedNotice, believed: datetime) -> bool:
    """Return True if `later`, which names `earlier`, replaces it. Stamps after `believed` count as unknown."""
    if earlier.latest < later.earliest <= believed:
        return True
    # A notice issued before the one it names cannot replace it.
    surely_before = later.latest < earlier.earliest <= believed
    # When the order is unknown, a notice that itself replaces another gives way only to a later stored stamp, then to a
    # higher key. Of notices that name each other, exactly one stays live.
    yields = not earlier.replaces_another or (later.issued_at, later.key) > (earlier.issued_at, earlier.key)
    return not surely_before and yields
