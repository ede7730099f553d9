from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.days.feed_rhythm import (
    FEWEST_GAPS,
    GAPS_KEPT,
    SHORTEST,
    WITHOUT_RHYTHM,
    SilencePolicy,
    allowed_silence,
    typical_gap,
)

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GAPS = st.lists(st.integers(1, 100), min_size=FEWEST_GAPS, max_size=40)


def after(*gaps: float) -> list[datetime]:
    """Return the times at which a feed was heard. Each gap is the number of days until the next time."""
    return [START + timedelta(days=days) for days in accumulate(gaps, initial=0)]


@pytest.mark.parametrize(("gaps", "days"), [
    ([1, 1, 1, 1, 3] * 4, 4.5),
    ([1] * 20, 2),
    ([7] * 10, 10.5),
    ([14, 14, 14], 21),
    ([31, 30, 31, 30, 31], 46.5),
    ([1, 1, 1, 1, 27] * 4, 40.5),
], ids=["weekdays", "every day", "weekly", "fortnightly", "monthly", "a week each month"])  # fmt: skip
def test_a_feed_may_be_silent_for_as_long_as_its_rhythm_lets_one_expect(gaps: list[float], days: float) -> None:
    assert allowed_silence(after(*gaps)) == days * DAY


@pytest.mark.parametrize("heard", [[], after(), after(1), after(30, 30)], ids=["never", "once", "twice", "three times"])
def test_a_new_feed_has_the_default(heard: list[datetime]) -> None:
    assert typical_gap(heard) is None
    assert allowed_silence(heard) == WITHOUT_RHYTHM


@pytest.mark.parametrize("gaps", [(300, 7, 7, 7), (7, 7, 60, 7), (7, 7, 7, 60)])
def test_one_long_gap_is_an_outage_and_no_rhythm(gaps: tuple[float, ...]) -> None:
    assert typical_gap(after(*gaps)) == 7 * DAY


def test_a_rhythm_that_was_given_up_counts_no_longer() -> None:
    assert typical_gap(after(*[1] * 30, *[30] * GAPS_KEPT)) == 30 * DAY
    assert typical_gap(after(*[30] * 30, *[1] * GAPS_KEPT)) == DAY


@given(gap=st.integers(1, 400), count=st.integers(FEWEST_GAPS, 40))
def test_a_feed_that_keeps_its_rhythm_is_never_called_silent(gap: int, count: int) -> None:
    assert allowed_silence(after(*[gap] * count)) > timedelta(days=gap)


@given(gaps=GAPS)
def test_nine_of_ten_gaps_are_no_silence(gaps: list[int]) -> None:
    kept = gaps[-GAPS_KEPT:]
    allowed = allowed_silence(after(*gaps))
    within = sum(timedelta(days=gap) <= allowed for gap in kept)
    assert within >= 0.9 * (len(kept) - 1)
    assert SHORTEST <= allowed <= 1.5 * max(kept) * DAY or allowed == SHORTEST


@given(gaps=GAPS, seed=st.integers())
def test_the_order_in_which_the_moments_are_read_is_of_no_account(gaps: list[int], seed: int) -> None:
    mixed = after(*gaps)
    random.Random(seed).shuffle(mixed)
    assert allowed_silence(mixed) == allowed_silence(after(*gaps))


@given(gaps=GAPS, times=st.integers(2, 5))
def test_a_feed_that_is_slower_may_be_silent_for_longer(gaps: list[int], times: int) -> None:
    slow, quick = (typical_gap(after(*[gap * by for gap in gaps])) for by in (times, 1))
    assert slow is not None
    assert quick is not None
    assert slow == times * quick


@given(
    gaps=st.lists(st.integers(1, 100), max_size=40),
    policy=st.builds(
        SilencePolicy,
        st.integers(1, 366).map(lambda days: days * DAY),
        st.integers(2, 40).map(lambda halves: halves / 2),
        st.integers(1, 366).map(lambda days: days * DAY),
    ),
)
def test_the_operator_sets_how_much_silence_is_too_much(gaps: list[int], policy: SilencePolicy) -> None:
    heard = after(*gaps)
    gap = typical_gap(heard)
    expected = policy.without_rhythm if gap is None else max(policy.shortest, policy.patience * gap)
    assert allowed_silence(heard, policy) == expected
