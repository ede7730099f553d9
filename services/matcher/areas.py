"""Divides the matching of area records into turns, so that no area delays the lines of other people. Pure.

The notices of a provider on one area share one record, which may match every home of a city. One turn handles at most
`PAGE` pairs of such a record and an entry. The rest is done in later turns, and no entry is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from services.core.tokens import TokenKind
from services.matcher.step import MatchRow, Pair

PAGE: Final = 2_000


class AreaRow(NamedTuple):
    """An area record whose matches must be found or ended, for entries with ids above `after`."""

    notice: int
    feed_id: str
    live: bool
    harm_on: date | None
    after: int = 0


class Page(NamedTuple):
    """The entries of an area that one turn handles. `last` is the id of the last of them, or None if none is left."""

    area: AreaRow
    shared: Mapping[Pair, set[TokenKind]]
    matched: Mapping[Pair, MatchRow]
    last: int | None

    @property
    def pairs(self) -> int:
        return len(self.shared.keys() | self.matched.keys())


def page_of(area: AreaRow, kinds: Mapping[int, set[TokenKind]], matched: Mapping[int, MatchRow], limit: int) -> Page:
    """Return the first `limit` entries of an area.

    `kinds` holds, by entry, the kinds of token that the entry shares with the area. `matched` holds the matches on
    record, by entry. Each holds at most `limit` + 1 entries, those with the lowest ids.
    """
    entries = sorted(kinds.keys() | matched.keys())
    taken = entries[:limit]
    return Page(
        area,
        {(area.notice, entry): kinds[entry] for entry in taken if entry in kinds},
        {(area.notice, entry): matched[entry] for entry in taken if entry in matched},
        taken[-1] if len(entries) > limit else None,
    )


def nearest_harm_first(areas: Sequence[AreaRow]) -> list[AreaRow]:
    # An area without a day comes last: no harm is known to be near.
    return sorted(areas, key=lambda area: (area.harm_on is None, area.harm_on or date.max, area.notice))
