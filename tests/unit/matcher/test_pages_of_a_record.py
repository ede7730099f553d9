from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TypeVar

import pytest

from schemas.codes import MatchDecision, MatchLevel, MatchReason
from services.core.tokens import TokenKind
from services.matcher.pages import START, Page, PagedRecord, PagedSide, PartnerPlace, nearest_harm_first, page_of
from services.matcher.rules import Finding
from services.matcher.step import MatchRow

Row = TypeVar("Row")
DAY = date(2026, 12, 3)
AREA = PagedRecord(PagedSide.NOTICE, 7, "provider:RAVN", live=True, harm_on=DAY, after=PartnerPlace(START.day, 3))
SHARED = {TokenKind.AREA}
COVERED = Finding(MatchLevel.POSSIBLE, (MatchReason.AREA_COVERS_ADDRESS,))
MATCHED = MatchRow(live=True, finding=COVERED, notice_revision=1, entry_revision=1, decision=MatchDecision.UNDECIDED)


def page(shared: Mapping[int, set[TokenKind]], matched: Mapping[int, MatchRow], limit: int) -> Page:
    return page_of(AREA, placed(shared), placed(matched), limit)


def placed(rows: Mapping[int, Row]) -> dict[PartnerPlace, Row]:
    return {PartnerPlace(START.day, pk): row for pk, row in rows.items()}


def left_after(pk: int) -> PagedRecord:
    return AREA._replace(after=PartnerPlace(START.day, pk))


def test_a_turn_takes_the_entries_with_the_lowest_ids_and_names_the_last() -> None:
    made = page({12: SHARED, 4: SHARED, 9: SHARED}, {}, 2)
    assert made == Page(AREA, {(7, 4): SHARED, (7, 9): SHARED}, {}, left_after(9))


@pytest.mark.parametrize("limit", [2, 3])
def test_the_last_turn_leaves_none(limit: int) -> None:
    made = page({4: SHARED}, {9: MATCHED}, limit)
    assert (made.left, made.pairs) == (None, 2)


def test_matches_on_record_are_in_the_turn_of_their_entries() -> None:
    made = page({4: SHARED, 6: SHARED}, {4: MATCHED, 5: MATCHED, 8: MATCHED}, 2)
    assert made == Page(AREA, {(7, 4): SHARED}, {(7, 4): MATCHED, (7, 5): MATCHED}, left_after(5))
    assert made.pairs == 2


def rest(found: Mapping[int, Row], after: int, limit: int) -> dict[int, Row]:
    """Return at most `limit` + 1 rows after the id `after`. The extra row shows that another turn is needed."""
    return dict(sorted((pk, row) for pk, row in found.items() if pk > after)[: limit + 1])


@pytest.mark.parametrize("seed", range(20))
def test_every_entry_has_its_turn_exactly_once(seed: int) -> None:
    draw = random.Random(seed)
    shared = dict.fromkeys(draw.sample(range(1, 60), draw.randrange(30)), SHARED)
    matched = dict.fromkeys(draw.sample(range(1, 60), draw.randrange(30)), MATCHED)
    limit, after, taken = draw.randrange(1, 9), 0, list[tuple[int, int]]()
    while True:
        made = page(rest(shared, after, limit), rest(matched, after, limit), limit)
        assert made.pairs <= limit
        taken += sorted(made.shared.keys() | made.matched.keys())
        if made.left is None:
            break
        after = made.left.after.pk
    assert taken == [(7, pk) for pk in sorted(shared.keys() | matched.keys())]


def test_the_area_with_the_nearest_harm_comes_first_and_one_without_a_day_last() -> None:
    days = [DAY + timedelta(days=3), None, DAY, DAY + timedelta(days=1)]
    areas = [AREA._replace(pk=number, harm_on=day) for number, day in enumerate(days)]
    assert [area.pk for area in nearest_harm_first(areas)] == [2, 3, 0, 1]


@pytest.mark.parametrize("day", [DAY, None])
def test_of_areas_with_the_same_day_the_one_on_record_first_comes_first(day: date | None) -> None:
    areas = [AREA._replace(pk=number, harm_on=day) for number in (9, 2, 5)]
    assert [area.pk for area in nearest_harm_first(areas)] == [2, 5, 9]
