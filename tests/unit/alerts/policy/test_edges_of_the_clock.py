from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from schemas.codes import CaseState, MatchLevel
from services.alerts.policy.policy import CaseClock, CouncilPolicy, next_escalation, pause_until
from services.alerts.policy.policy_days import out_of_quiet_hours, repeat_moment, threshold_moment

POLICY = CouncilPolicy()
HARM_ON = date(2026, 12, 15)
DAY_STARTS = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def clock(opened_at: datetime = DAY_STARTS) -> CaseClock:
    return CaseClock(CaseState.OPEN, MatchLevel.CONFIRMED, HARM_ON, opened_at)


def test_a_threshold_whose_moment_is_now_does_not_end_the_pause_that_begins_now() -> None:
    assert pause_until(POLICY, clock(), DAY_STARTS) == DAY_STARTS + 7 * DAY
    assert pause_until(POLICY, clock(), DAY_STARTS - HOUR) == DAY_STARTS + 3 * HOUR


def test_the_day_before_the_harmful_one_is_not_yet_the_harmful_one() -> None:
    eve = datetime(2026, 12, 14, 5, tzinfo=UTC)
    noon = datetime(2026, 12, 14, 12, tzinfo=UTC)
    assert pause_until(POLICY, clock(eve), eve) == noon
    assert pause_until(POLICY, clock(eve), noon - timedelta(seconds=1)) == noon
    assert pause_until(POLICY, clock(eve), noon) == noon + 2 * HOUR
    assert pause_until(POLICY, clock(eve), eve + DAY, is_step=True) == eve + 2 * DAY


def test_moments_are_in_utc_whatever_zone_they_are_asked_in() -> None:
    here = datetime(2026, 7, 1, 23, 30, tzinfo=ZoneInfo("Europe/London"))
    day = here.replace(hour=12)
    made = next_escalation(clock(here), POLICY, here)
    assert made is not None
    moments = [
        made.due_at,
        pause_until(POLICY, clock(here), here),
        out_of_quiet_hours(POLICY, here),
        out_of_quiet_hours(POLICY, day),
        repeat_moment(POLICY, day, 4),
        repeat_moment(POLICY, day, 20),
        threshold_moment(POLICY, HARM_ON, 7),
    ]
    assert all(moment.tzinfo is UTC for moment in moments)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a moment must know its time zone$"):
        out_of_quiet_hours(POLICY, datetime(2026, 12, 1, 9))  # noqa: DTZ001 - that is what is refused


def test_a_message_that_reached_nobody_is_owed_again_a_day_after_it_was_tried() -> None:
    tried = replace(clock(), tried_at=DAY_STARTS + HOUR)
    made = next_escalation(tried, POLICY, DAY_STARTS + HOUR)
    assert made is not None
    assert made.due_at == DAY_STARTS + HOUR + DAY
    later = replace(tried, tried_at=DAY_STARTS - 5 * DAY, last_alert_at=DAY_STARTS - 6 * DAY, last_threshold=28)
    made = next_escalation(later, POLICY, DAY_STARTS - HOUR)
    assert made is not None
    assert made.due_at == DAY_STARTS


def test_a_repeat_counts_working_days_over_a_bank_holiday() -> None:
    before_christmas = datetime(2026, 12, 24, 9, tzinfo=UTC)
    assert repeat_moment(POLICY, before_christmas, 1) == datetime(2026, 12, 29, 9, tzinfo=UTC)


def test_a_possible_match_told_before_its_first_threshold_waits_for_it() -> None:
    told = datetime(2026, 11, 5, 10, tzinfo=UTC)
    possible = replace(clock(told), level=MatchLevel.POSSIBLE, last_alert_at=told, last_threshold=56)
    made = next_escalation(possible, POLICY, told)
    assert made is not None
    assert made.due_at == datetime(2026, 11, 17, 9, tzinfo=UTC)


def test_a_day_that_starts_in_the_hour_that_comes_twice_starts_the_first_time() -> None:
    early = POLICY.model_copy(update={"day_starts": time(1, 30)})
    # No working day is a Sunday, so only a pause or a first message can fall into that hour.
    assert threshold_moment(early, date(2026, 10, 27), 1) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert out_of_quiet_hours(CouncilPolicy(quiet_until=time(1, 30)), datetime(2026, 10, 24, 23, tzinfo=UTC)) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    )
