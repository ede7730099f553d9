"""Divides the matching of area records into turns, so that no area delays the matching of other lines. Pure.

An area record stands for all notices of a provider about one area. It may match every home of a city. A pair is an area
record and an entry. One turn handles at most `PAGE` pairs. Later turns handle the rest, so no entry is left out.
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
    """The entries of an area that one turn handles.

    `last` is the highest id of these entries, or None if no entries are left for later turns.
    """

    area: AreaRow
    shared: Mapping[Pair, set[TokenKind]]
    matched: Mapping[Pair, MatchRow]
    last: int | None

    @property
    def pairs(self) -> int:
        return len(self.shared.keys() | self.matched.keys())


def page_of(area: AreaRow, kinds: Mapping[int, set[TokenKind]], matched: Mapping[int, MatchRow], limit: int) -> Page:
    """Return the first `limit` entries of an area.

    `kinds` maps each entry to the kinds of token that it shares with the area. `matched` maps each entry to its match
    on record. Both hold at most `limit` + 1 entries, those with the lowest ids.
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
