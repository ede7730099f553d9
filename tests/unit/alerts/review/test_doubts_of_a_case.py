from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from schemas.codes import CaseState, NoticeStatus
from services.alerts.review.case import Rival
from services.alerts.review.doubts import Doubt, Version, doubts_of, may_doubt, with_provider_name
from tests.unit.alerts.review.cases import LINE, OTHER, case, knowing

FIRST = Rival(NoticeStatus.COMPLETED, date(2026, 12, 1), date(2026, 11, 29))
TIED = replace(LINE, rival=FIRST, revision=6, restriction_on=date(2026, 12, 2))
DOUBT = Doubt(
    provider="RAVN",
    first=Version(NoticeStatus.COMPLETED, date(2026, 12, 1), date(2026, 11, 29)),
    last=Version(NoticeStatus.PLANNED, date(2026, 12, 3), date(2026, 12, 2)),
)


def test_both_versions_are_given_in_the_order_in_which_they_came() -> None:
    assert doubts_of(case(seen=knowing(doubted=6)), [OTHER, TIED]) == (DOUBT,)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"doubted": 5},
        {"doubted": 6, "settled": 6},
        {"doubted": 6, "rejected": "confirmed"},
        {"doubted": 6, "ported": "completed 2026-12-01 2026-11-29"},
    ],
    ids=["not told", "told of another version", "settled", "rejected", "ported"],
)
def test_it_is_open_only_while_it_has_been_told_and_nobody_has_answered(facts: dict[str, Any]) -> None:
    assert doubts_of(case(seen=knowing(**facts)), [TIED]) == ()


@pytest.mark.parametrize(
    "facts",
    [{"settled": 5}, {"rejected": "probable"}, {"ported": "planned 2026-12-03 2026-12-02"}],
    ids=["another version was settled", "rejected on less", "ported before it said this"],
)
def test_an_answer_to_something_else_settles_nothing(facts: dict[str, Any]) -> None:
    assert doubts_of(case(seen=knowing(doubted=6, **facts)), [TIED]) == (DOUBT,)


def test_its_lines_are_read_only_where_a_doubt_may_be_open() -> None:
    assert may_doubt(case(seen=knowing(doubted=6)))
    assert not may_doubt(case())
    assert not may_doubt(case(CaseState.CLOSED, seen=knowing(doubted=6)))


def test_a_doubt_is_shown_with_the_provider_s_name() -> None:
    assert with_provider_name(DOUBT, "Ravenglass") == replace(DOUBT, provider="Ravenglass")
