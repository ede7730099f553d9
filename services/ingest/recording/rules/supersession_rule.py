"""Decides whether a notice replaces the notice that its `supersedes` field names. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class IssuedNotice(NamedTuple):
    """The key and the time of issue of a notice.

    The true time of issue lies between `earliest` and `latest`. If the sender gave only a day, `earliest` and `latest`
    differ.
    """

    issued_at: datetime
    earliest: datetime
    latest: datetime
    key: bytes
    replaces_another: bool


def replaces(later: IssuedNotice, earlier: IssuedNotice, believed: datetime) -> bool:
    """Return True if `later` replaces `earlier`. The `supersedes` field of `later` must name `earlier`.

    A notice never replaces another notice with a later time of issue. A time of issue after `believed` comes from a
    wrong clock. In this case, the order of the two notices is unknown.
    """
    if earlier.latest < later.earliest <= believed:
        return True
    # A notice cannot replace a notice that was issued after it.
    surely_before = later.latest < earlier.earliest <= believed
    # The order may be unknown. Then an `earlier` that itself replaces a notice yields only to a notice with a later
    # stored stamp, or with the same stamp and a higher key. So of two notices that name each other, exactly one stays
    # live.
    yields = not earlier.replaces_another or (later.issued_at, later.key) > (earlier.issued_at, earlier.key)
    return not surely_before and yields
