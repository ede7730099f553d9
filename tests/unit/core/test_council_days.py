from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.core.clock import LONDON, london_midnight
from services.core.days.closures import LONGEST_CLOSURE_DAYS, Closure, Closures
from services.core.days.council_days import CouncilDays
from services.core.days.working_days import Nation, is_working_day

CHRISTMAS = Closures(closures=(Closure(label="Christmas", first=date(2026, 12, 29), last=date(2026, 12, 31)),))
ENGLAND = CouncilDays(Nation.ENGLAND, CHRISTMAS)
TWO_YEARS = [date(2026, 1, 1) + timedelta(days=n) for n in range(731)]

closures = st.lists(
    st.builds(
        lambda first, more: Closure(label="closed", first=first, last=first + timedelta(days=more)),
        st.dates(date(2026, 1, 1), date(2027, 12, 31)),
        st.integers(0, LONGEST_CLOSURE_DAYS - 1),
    ),
    max_size=8,
).map(lambda found: Closures(closures=tuple(found)))
councils = st.builds(CouncilDays, st.sampled_from(Nation), closures, st.sampled_from([time(0), time(1, 30), time(9)]))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def at(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), LONDON)


def test_the_days_between_the_years_are_closed_where_the_council_says_so() -> None:
    assert ENGLAND.plus(date(2026, 12, 24), 1) == date(2027, 1, 4)
    assert CouncilDays(Nation.ENGLAND).plus(date(2026, 12, 24), 1) == date(2026, 12, 29)
    assert CouncilDays(Nation.SCOTLAND, CHRISTMAS).plus(date(2026, 12, 24), 1) == date(2027, 1, 5)


def test_noon_before_a_day_is_on_the_last_working_day() -> None:
    assert ENGLAND.noon_before(date(2027, 1, 4)) == at(date(2026, 12, 24), 12)
    # Over Easter the clocks go forward: noon on Thursday is in GMT, noon on Tuesday in BST.
    assert ENGLAND.noon_before(date(2027, 3, 30)) == datetime(2027, 3, 25, 12, tzinfo=UTC)
    assert ENGLAND.noon_before(date(2027, 3, 31)) == datetime(2027, 3, 30, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "start"),
    [
        (at(date(2026, 12, 1), 8), at(date(2026, 12, 1), 9)),
        (at(date(2026, 12, 1), 9), at(date(2026, 12, 1), 9)),
        (at(date(2026, 12, 1), 10), at(date(2026, 12, 2), 9)),
        (at(date(2026, 12, 24), 10), at(date(2027, 1, 4), 9)),
        (at(date(2026, 12, 29), 8), at(date(2027, 1, 4), 9)),
        (at(date(2026, 10, 24)), at(date(2026, 10, 26), 9)),
    ],
)
def test_what_waits_for_the_next_working_day_waits_for_its_start(moment: datetime, start: datetime) -> None:
    assert ENGLAND.next_start(moment) == start


@pytest.mark.parametrize(
    ("now", "harm_on", "fewer"),
    [
        (at(date(2026, 11, 30), 9), date(2026, 12, 2), False),
        (at(date(2026, 11, 30), 10), date(2026, 12, 2), True),
        (at(date(2026, 11, 30), 9), date(2026, 12, 1), True),
        (at(date(2026, 12, 23), 9), date(2027, 1, 4), False),
        (at(date(2026, 12, 23), 10), date(2027, 1, 4), True),
        (at(date(2026, 12, 23), 9), date(2026, 12, 23), True),
    ],
)
def test_a_digest_waits_only_if_two_working_days_are_left(now: datetime, harm_on: date, fewer: bool) -> None:
    assert ENGLAND.fewer_left(2, now, london_midnight(harm_on)) is fewer


@pytest.mark.parametrize("nation", list(Nation))
def test_two_years_day_by_day(nation: Nation) -> None:
    council = CouncilDays(nation, CHRISTMAS)
    for day in TWO_YEARS:
        assert council.is_working(day) is (is_working_day(day, nation) and day not in CHRISTMAS.days)
        noon = council.noon_before(day).astimezone(LONDON)
        assert noon.hour == 12
        assert council.is_working(noon.date())
        between = [noon.date() + timedelta(days=n) for n in range(1, (day - noon.date()).days)]
        assert not any(map(council.is_working, between))


@given(councils, moments, moments, st.integers(0, 6))
def test_the_days_left_are_those_that_a_calendar_shows(
    council: CouncilDays, now: datetime, before: datetime, n: int
) -> None:
    day, left = now.astimezone(LONDON).date(), 0
    while day <= before.astimezone(LONDON).date():
        left += council.is_working(day) and now <= datetime.combine(day, council.day_starts, LONDON) < before
        day += timedelta(days=1)
    assert council.fewer_left(n, now, before) is (left < n)


@given(councils, moments)
def test_the_next_start_is_never_early_and_is_its_own_next_start(council: CouncilDays, moment: datetime) -> None:
    start = council.next_start(moment)
    assert start >= moment
    assert council.is_working(start.astimezone(LONDON).date())
    assert council.next_start(start) == start


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-12-29", "2026-12-28", "last: is before first"),
        ("2026-12-29", "2027-12-31", "check the year"),
        ("2206-12-29", None, "2099-12-31"),
    ],
)
def test_a_closure_with_a_slip_is_refused_with_the_remedy(first: str, last: str | None, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Closure.model_validate({"label": "Christmas", "first": first, "last": last})
