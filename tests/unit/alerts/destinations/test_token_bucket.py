from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.delivery.destinations.destination import FIRST_AT_ONCE, Destination
from services.alerts.delivery.destinations.token_bucket import BURST_SECONDS, TokenBucket


def taken(bucket: TokenBucket, moments: list[float]) -> list[float]:
    times = []
    for now in moments:
        for _ in range(bucket.left(now)):
            bucket.take(now)
            times.append(now)
    return times


@given(rate=st.integers(1, 5_000), looks=st.lists(st.floats(0, 600), max_size=60), begins=st.floats(0, 1e9))
def test_in_no_minute_go_more_than_the_rate_and_its_burst(rate: int, looks: list[float], begins: float) -> None:
    times = taken(TokenBucket(rate), sorted(begins + look for look in looks))
    most = rate + rate * BURST_SECONDS / 60 + 1.01
    assert all(sum(start <= at < start + 60 for at in times) <= most for start in set(times))


def test_the_default_for_notify_stays_below_its_limit() -> None:
    times = taken(TokenBucket(2_500), [second / 2 for second in range(240)])
    assert all(sum(start <= at < start + 60 for at in times) < 3_000 for start in set(times))


@pytest.mark.parametrize("rate", [1, 6, 60, 3_000])
def test_with_a_look_a_second_the_whole_rate_is_used(rate: int) -> None:
    times = taken(TokenBucket(rate), [float(second) for second in range(601)])
    assert len(times) >= 10 * rate


def test_a_message_that_goes_out_of_turn_is_taken_from_those_that_come_later() -> None:
    bucket = TokenBucket(60)
    for _ in range(8):
        bucket.take(0.0)
    assert [bucket.left(now) for now in (0.0, 2.0, 3.0)] == [0, 0, 1]


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(60)
    taken(bucket, [100.0])
    assert bucket.left(50.0) == 0


def test_the_rate_limits_the_places_of_a_destination() -> None:
    destination = Destination(TokenBucket(1))
    assert destination.places(0, 0, 0.0) == 1 < FIRST_AT_ONCE
    destination.note_begun(0.0)
    assert [destination.places(0, 0, now) for now in (0.0, 30.0, 60.0)] == [0, 0, 1]
