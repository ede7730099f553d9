from __future__ import annotations

import pytest

from benchmarks.matching.figures.shares import Score, Share
from benchmarks.matching.figures.tally import ALL_LEVELS, AUTOMATIC, REVIEW, Tally, Truth, count_of
from schemas.codes import MatchLevel
from tests.unit.benchmarks.matching.labels import row


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),
        (0, 20, 0.0, 0.1611),
        (20, 20, 0.8389, 1.0),
        (81, 263, 0.2553, 0.3662),  # an example of Newcombe (1998)
    ],
)
def test_the_interval_of_a_share_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert Share(hits, of).interval == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nothing_may_be_anything() -> None:
    assert (Share(0, 0).value, Share(0, 0).interval) == (0.0, (0.0, 1.0))


def test_precision_recall_and_f1() -> None:
    score = Score(right=6, found=8, true=12)
    assert (score.precision.value, score.recall.value, score.f1) == (0.75, 0.5, 0.6)
    assert Score(0, 0, 0).f1 == 0.0


@pytest.fixture
def tally() -> Tally:
    # Three true pairs: a by its number, b by its address alone, c found by nothing. The notice x is nobody's.
    truth = Truth()
    truth.add(
        [
            row("a", home="1"),
            row("b", home="2", numbers=(), uprn=""),
            row("c", home="3", style="derby"),
            row("d", home="4"),
        ],
        [row("A", home="1"), row("B", home="2"), row("C", home="3"), row("x", home="5")],
    )
    tally = Tally(truth)
    tally.add("a", "A", MatchLevel.CONFIRMED)
    tally.add("d", "x", MatchLevel.PROBABLE)
    tally.add("b", "B", MatchLevel.POSSIBLE)
    tally.add("b", "A", MatchLevel.POSSIBLE)
    return tally


def test_found_pairs_are_scored_by_level(tally: Tally) -> None:
    assert tally.score(AUTOMATIC) == Score(right=1, found=2, true=3)
    assert tally.score(REVIEW) == Score(right=1, found=2, true=3)
    assert tally.score(ALL_LEVELS) == Score(right=2, found=4, true=3)


def test_found_pairs_are_scored_by_kind_and_by_style(tally: Tally) -> None:
    assert tally.score(ALL_LEVELS, lambda group: group.kind.addresses_only) == Score(right=1, found=2, true=1)
    assert tally.score(ALL_LEVELS, lambda group: group.style == "derby") == Score(right=0, found=0, true=1)
    assert count_of(tally.true, lambda group: group.style == "leeds") == 2


def test_a_row_with_several_pairs_is_once_in_review(tally: Tally) -> None:
    assert tally.rows_in_review == Share(1, 4)


def test_the_list_of_an_officer_shows_the_first_of_each_row(tally: Tally) -> None:
    assert tally.true_in_list == Share(1, 1)
    tally.add("b", "A", MatchLevel.POSSIBLE, (False, 1.0))
    assert tally.true_in_list == Share(0, 1)
    tally.add("b", "B", MatchLevel.POSSIBLE, (True, -3.0))
    assert tally.true_in_list == Share(1, 1)


def test_it_knows_whose_own_notice_was_found(tally: Tally) -> None:
    assert tally.rightly_found == {"a", "b"}
