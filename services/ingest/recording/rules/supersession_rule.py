"""All functions are pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class IssuedNotice(NamedTuple):
    issued_at: datetime
    # The two differ if the sender gave only a day.
    earliest: datetime
    latest: datetime
    key: bytes
    replaces_another: bool


def replaces(later: IssuedNotice, earlier: IssuedNotice, believed: datetime) -> bool:
    """Return True if the notice `later` replaces the notice `earlier`.

    Call this only if the field `supersedes` of `later` names `earlier`.
    """
    # A time after `believed` comes from a wrong clock.
    if earlier.latest < later.earliest <= believed:
        return True
    # A notice cannot replace a notice that was issued after it.
    surely_before = later.latest < earlier.earliest <= believed
    # The order may be unknown. Then an `earlier` that itself replaces a notice yields only to a notice with a later
    # stored stamp, or with the same stamp and a higher key. So of two notices that name each other, exactly one stays
    # live.
    yields = not earlier.replaces_another or (later.issued_at, later.key) > (earlier.issued_at, earlier.key)
    return not surely_before and yields
