from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.policy.rota.cover import CoverGap, FilledBy, gaps, required_hours
from services.alerts.policy.rota.rota_settings import DutyHours, RequiredCover, Rota
from services.alerts.policy.rota.shifts import shifts
from services.alerts.policy.rota.spans import TimeSpan, uncovered
from services.core.clock import LONDON, london_midnight
from services.core.days.closures import Closure
from services.core.days.working_days import Nation
from tests.unit.alerts.policy.rota.rotas import (
    AUTUMN,
    MONDAY,
    PEOPLE,
    SPRING,
    TWO_YEARS,
    at,
    near,
    policy_of,
    rotas,
    weekly,
)

CHRISTMAS = Closure(label="Christmas", first=date(2026, 12, 29), last=date(2026, 12, 31))
HOUR = timedelta(hours=1)


def gaps_of(rota: Rota, within: TimeSpan, out_of_hours: str | None = None) -> list[CoverGap]:
    policy = policy_of(rota, out_of_hours, CHRISTMAS)
    return gaps(policy, policy.days(Nation.ENGLAND), within)


def needed(moment: datetime, closed: frozenset[date] = frozenset()) -> bool:
    here = moment.astimezone(LONDON)
    return here.hour >= 22 or here.hour < 7 or here.weekday() >= 5 or here.date() in closed


def test_a_rota_without_a_break_has_no_gap_in_two_years() -> None:
    assert gaps_of(Rota(layers=(weekly(),)), TimeSpan(*TWO_YEARS)) == []


def test_a_vacant_week_is_a_gap_that_names_its_days() -> None:
    (gap,) = gaps_of(Rota(layers=(weekly("Asha", None),)), TimeSpan(at(MONDAY, 9), at(MONDAY, 9) + timedelta(days=14)))
    assert gap.span == TimeSpan(at(MONDAY, 9) + timedelta(days=7), at(MONDAY, 9) + timedelta(days=14))
    assert gap.days == [MONDAY + timedelta(days=n) for n in range(7, 15)]


@pytest.mark.parametrize(
    ("tier", "person", "out_of_hours", "filled_by", "recipients"),
    [
        ("duty", "Asha", None, FilledBy.OTHER_CONTACTS, ("Ben", "Chidi", "duty desk")),
        ("manager", "Jo", "alarm centre", FilledBy.OUT_OF_HOURS, ("alarm centre",)),
        ("manager", "Jo", None, FilledBy.OPERATOR, ()),
    ],
)
def test_a_gap_is_filled_by_the_tier_then_out_of_hours_then_the_operator(
    tier: str, person: str, out_of_hours: str | None, filled_by: FilledBy, recipients: tuple[str, ...]
) -> None:
    rota = Rota(layers=(weekly(person, None, tier=tier),))
    (gap,) = gaps_of(rota, TimeSpan(at(MONDAY, 9), at(MONDAY, 9) + timedelta(days=14)), out_of_hours)
    assert (gap.tier, gap.filled_by, gap.recipients) == (tier, filled_by, recipients)


def test_somebody_of_the_rota_who_is_off_duty_is_not_woken() -> None:
    (gap,) = gaps_of(Rota(layers=(weekly(*PEOPLE, None),)), TimeSpan(at(MONDAY, 9), at(MONDAY, 9) + timedelta(days=28)))
    assert gap.recipients == ("duty desk",)


def test_layers_of_one_tier_cover_for_each_other_and_other_tiers_do_not() -> None:
    within = TimeSpan(at(MONDAY, 9), at(MONDAY, 9) + timedelta(days=28))
    shared = Rota(layers=(weekly("Asha", None), weekly(None, "Ben", label="second")))
    assert gaps_of(shared, within) == []
    apart = Rota(layers=(weekly("Asha", None), weekly(None, "Jo", label="second", tier="manager")))
    assert [gap.tier for gap in gaps_of(apart, within)] == ["manager", "duty", "manager", "duty"]


def test_a_night_rota_covers_two_years_but_not_the_closed_days() -> None:
    nights = weekly("Asha").model_copy(update={"hours": DutyHours(begins=time(22), ends=time(7))})
    rota = Rota(layers=(nights,), required=RequiredCover.OUT_OF_HOURS)
    found = gaps_of(rota, TimeSpan(*TWO_YEARS))
    starts = {gap.span.start.astimezone(LONDON).date() for gap in found}
    # The last gap lasts longer than the two years.
    assert all(gap.span.end - gap.span.start == 15 * HOUR for gap in found[:-1])
    assert {date(2026, 12, 25), date(2026, 12, 28), *CHRISTMAS.days(), date(2026, 5, 4), SPRING[0], AUTUMN[1]} <= starts
    assert date(2026, 12, 24) not in starts


def test_two_years_hour_by_hour_need_cover_at_night_and_on_closed_days() -> None:
    policy = policy_of(Rota(layers=(weekly(),), required=RequiredCover.OUT_OF_HOURS), None, CHRISTMAS)
    days, within = policy.days(Nation.ENGLAND), TimeSpan(*TWO_YEARS)
    spans = required_hours(policy, days, within)
    closed = frozenset(day for n in range(731) if not days.is_working(day := MONDAY + timedelta(days=n)))
    moment, ahead = within.start, iter(spans)
    span = next(ahead)
    while moment < within.end:
        if moment >= span.end:
            span = next(ahead, TimeSpan(within.end, within.end))
        assert (span.start <= moment < span.end) is needed(moment, closed)
        moment += HOUR


@settings(max_examples=60)
@given(rotas, near, st.integers(1, 20))
def test_a_moment_is_in_a_gap_if_it_needs_cover_and_has_none(rota: Rota, start: datetime, days: int) -> None:
    within = TimeSpan(start, start + timedelta(days=days))
    found = gaps_of(rota, within)
    covers = [shift.span for shift in shifts(rota, within)]
    for n in range(0, days * 24 * 4, 7):
        moment = start + n * HOUR / 4
        is_covered = any(span.start <= moment < span.end for span in covers)
        is_needed = rota.required == RequiredCover.ALWAYS or needed(moment, HOLIDAYS)
        assert any(gap.span.start <= moment < gap.span.end for gap in found) is (is_needed and not is_covered)


# Good Friday and Easter Monday are near the clock changes of spring.
HOLIDAYS = frozenset([date(2026, 4, 3), date(2026, 4, 6), date(2027, 3, 26), date(2027, 3, 29)])

edges = st.integers(0, 40).map(lambda n: london_midnight(MONDAY) + n * HOUR)
spans = st.lists(
    st.tuples(edges, st.integers(1, 9)).map(lambda one: TimeSpan(one[0], one[0] + one[1] * HOUR)), max_size=8
)


@given(spans, spans)
def test_what_is_uncovered_is_what_is_needed_and_not_covered(wanted: list[TimeSpan], covers: list[TimeSpan]) -> None:
    left = uncovered(wanted, covers)
    assert left == sorted(left)
    for n in range(50):
        moment = london_midnight(MONDAY) + n * HOUR
        is_wanted, is_covered, is_left = (
            any(span.start <= moment < span.end for span in some) for some in (wanted, covers, left)
        )
        assert is_left is (is_wanted and not is_covered)
