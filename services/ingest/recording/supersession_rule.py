"""When a notice that names another in `supersedes` replaces it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class IssuedNotice(NamedTuple):
    """When a notice was issued: as stored, and the first and last moment that the sender may have meant."""

    issued_at: datetime
    earliest: datetime
    latest: datetime
    key: bytes
    replaces_another: bool


def replaces(later: IssuedNotice, earlier: IssuedNotice, believed: datetime) -> bool:
    """Whether `later`, which names `earlier`, takes its place. A stamp after `believed` is a wrong clock's.

    It does unless it was surely issued before. Where nothing says which came first, a notice that itself replaces
    another yields only to a later stamp as stored, or at the same one to a higher key: of notices that name each other
    one stays live.
    """
    if earlier.latest < later.earliest <= believed:
        return True
    surely_before = later.latest < earlier.earliest <= believed
    yields = not earlier.replaces_another or (later.issued_at, later.key) > (earlier.issued_at, earlier.key)
    return not surely_before and yields
