from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.core.backoff import delay

ATTEMPTS = st.integers(1, 10**6)
SECONDS = st.floats(0.001, 3600)
JITTER = st.floats(0, 1)


@given(ATTEMPTS, SECONDS, SECONDS, JITTER)
def test_it_is_never_longer_than_the_longest_and_never_zero(a: int, first: float, longest: float, j: float) -> None:
    assert 0 < delay(a, first, longest, j) <= longest


@given(ATTEMPTS, SECONDS, SECONDS, JITTER)
def test_jitter_takes_away_at_most_half_and_adds_nothing(a: int, first: float, longest: float, j: float) -> None:
    full = delay(a, first, longest, 0)
    assert full / 2 <= delay(a, first, longest, j) <= full


@given(ATTEMPTS, SECONDS, SECONDS, JITTER)
def test_it_does_not_shrink_from_one_attempt_to_the_next(a: int, first: float, longest: float, j: float) -> None:
    assert delay(a, first, longest, j) <= delay(a + 1, first, longest, j)


def test_it_doubles_up_to_the_longest() -> None:
    assert [delay(attempt, 10, 25, 0) for attempt in (1, 2, 3, 4)] == [10, 20, 25, 25]
    assert [delay(attempt, 0.5, 30, 0) for attempt in range(1, 8)] == [0.5, 1, 2, 4, 8, 16, 30]


def test_the_millionth_attempt_does_not_overflow() -> None:
    assert delay(10**6, 0.1, 30, 0) == 30
    assert delay(10**6, 0.1, 30, 1) == 15
