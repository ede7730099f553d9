"""All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from services.core.clock import NO_DAY
from services.core.tokens import TokenKind
from services.matcher.step import MatchRow, Pair

PAGE: Final = 2_000
# Pairs by place that all records of a batch may have together before some of them are matched in turns. It is far
# more than honest registers have, and few enough for a transaction of a second or two.
BATCH: Final = 50 * PAGE

# Tokens that very many records may share. A match by one of these alone is possible at best, unless the address is the
# same.
OF_PLACES: Final = frozenset({TokenKind.POSTCODE, TokenKind.AREA, TokenKind.ADDRESS})


class PagedSide(StrEnum):
    # The values are stored.
    NOTICE = "notice"
    ENTRY = "entry"


class PartnerPlace(NamedTuple):
    # For a notice, the harmful day or `NO_DAY`. For an entry, always `START.day`.
    day: date
    pk: int


START: Final = PartnerPlace(date.min, 0)


class PagedRecord(NamedTuple):
    # If the record is not live, its matches must end.
    side: PagedSide
    pk: int
    feed_id: str
    live: bool
    harm_on: date | None
    # The partners up to this place are done.
    after: PartnerPlace = START

    def pair(self, partner: int) -> Pair:
        return (self.pk, partner) if self.side is PagedSide.NOTICE else (partner, self.pk)


class Page(NamedTuple):
    record: PagedRecord
    shared: Mapping[Pair, set[TokenKind]]
    matched: Mapping[Pair, MatchRow]
    # The record for the next turn, or None if done.
    left: PagedRecord | None

    @property
    def pairs(self) -> int:
        return len(self.shared.keys() | self.matched.keys())


def page_of(
    record: PagedRecord,
    kinds: Mapping[PartnerPlace, set[TokenKind]],
    matched: Mapping[PartnerPlace, MatchRow],
    limit: int,
) -> Page:
    """Return a page with the first `limit` partners of a record."""
    # A partner shares a token with the record, or has a stored match with the record.
    places = sorted(kinds.keys() | matched.keys())
    taken = places[:limit]
    left = None
    # A mapping needs only `limit` + 1 partners: the extra partner shows that another page must follow.
    if len(places) > limit:
        left = record._replace(after=taken[-1] if taken else record.after, harm_on=_harm_on(record, places[limit]))
    return Page(
        record,
        {record.pair(place.pk): kinds[place] for place in taken if place in kinds},
        {record.pair(place.pk): matched[place] for place in taken if place in matched},
        left,
    )


def _harm_on(record: PagedRecord, following: PartnerPlace) -> date | None:
    # A notice threatens all its partners on its own days. An entry is threatened next by the notice that follows.
    if record.side is PagedSide.NOTICE:
        return record.harm_on
    return None if following.day == NO_DAY else following.day


def nearest_harm_first(records: Iterable[PagedRecord]) -> list[PagedRecord]:
    # A record without a day comes last: no harm is known to be near.
    return sorted(records, key=lambda one: (one.harm_on is None, one.harm_on or date.max, one.side, one.pk))


@dataclass(frozen=True, slots=True)
class Partners:
    side: PagedSide
    pk: int
    # Partners with a shared postcode, area or key of the address.
    sharing: int
    # Stored matches.
    matched: int

    @property
    def pairs(self) -> int:
        return max(self.sharing, self.matched)


def too_many(found: Iterable[Partners], page: int, batch: int) -> list[Partners]:
    """Return the records with too many pairs for one step. The caller must match these records in several steps.

    Each other record has at most `page` pairs, and all other records together have at most `batch` pairs.
    """
    several, total = [], 0
    # Records with few pairs come first, so that a record with many cannot keep them out.
    for one in sorted(found, key=lambda one: one.pairs):
        total += one.pairs
        if one.pairs > page or total > batch:
            several.append(one)
    return several


def in_groups(records: Sequence[Partners], batch: int) -> list[list[Partners]]:
    """Divide the records into groups of at most `batch` pairs. A record with more pairs is alone in its group."""
    groups: list[list[Partners]] = []
    total = batch
    for one in records:
        total += one.pairs
        if total > batch or not groups:
            groups.append([])
            total = one.pairs
        groups[-1].append(one)
    return groups
