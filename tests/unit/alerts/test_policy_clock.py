from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schemas.codes import CaseState, MatchLevel
from services.alerts.policy.policy import (
    CouncilPolicy,
    Escalation,
    EscalationReason,
    days_left,
    harmful_day,
    next_escalation,
    threshold_now,
)
from services.alerts.states.machine import CLOCK_STOPPED
from services.core.days.closures import Closure
from tests.unit.alerts.policy.clocks import HARM, MONDAY_NOON, POLICY, clock, escalation, london, told


class TestHarmfulDay:
    def test_it_is_the_earlier_of_restriction_and_move(self) -> None:
        assert harmful_day(date(2026, 12, 9), date(2026, 11, 20)) == date(2026, 11, 20)
        assert harmful_day(date(2026, 11, 2), date(2026, 11, 20)) == date(2026, 11, 2)

    def test_one_known_day_is_enough_and_none_is_unknown(self) -> None:
        assert harmful_day(None, HARM) == harmful_day(HARM, None) == HARM
        assert harmful_day(None, None) is None

    def test_days_are_counted_by_the_calendar_of_london(self) -> None:
        assert days_left(date(2026, 7, 2), datetime(2026, 6, 30, 22, 59, tzinfo=UTC)) == 2
        assert days_left(date(2026, 7, 2), datetime(2026, 6, 30, 23, 0, tzinfo=UTC)) == 1

    def test_a_moment_without_a_time_zone_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            days_left(HARM, datetime(2026, 11, 2, 12))  # noqa: DTZ001


class TestThresholds:
    @pytest.mark.parametrize(
        ("days", "threshold"), [(57, None), (56, 56), (29, 56), (28, 28), (3, 7), (2, 2), (1, 2), (0, 0), (-30, 0)]
    )
    def test_a_late_notice_enters_at_the_level_its_date_demands(self, days: int, threshold: int | None) -> None:
        harm_on = MONDAY_NOON.date() + timedelta(days=days)
        assert threshold_now(POLICY, MatchLevel.CONFIRMED, harm_on, MONDAY_NOON) == threshold

    def test_a_possible_match_begins_later(self) -> None:
        assert threshold_now(POLICY, MatchLevel.POSSIBLE, HARM, MONDAY_NOON) is None
        assert threshold_now(POLICY, MatchLevel.PROBABLE, HARM, MONDAY_NOON) == 56


class TestFirstAlert:
    def test_a_case_under_a_threshold_is_told_at_once(self) -> None:
        assert escalation(clock()) == Escalation(MONDAY_NOON, 56, EscalationReason.FIRST_ALERT)

    def test_a_case_far_off_is_told_on_the_morning_its_first_threshold_is_reached(self) -> None:
        case = clock(harm_on=date(2027, 2, 1))
        assert escalation(case) == Escalation(london(2026, 12, 7, 9), 56, EscalationReason.FIRST_ALERT)

    def test_a_threshold_on_a_closed_day_is_told_on_the_working_day_before_it(self) -> None:
        sunday = clock(harm_on=date(2027, 1, 31))
        assert escalation(sunday) == Escalation(london(2026, 12, 4, 9), 56, EscalationReason.FIRST_ALERT)
        closed = CouncilPolicy(
            closures=(Closure(label="Stocktaking", first=date(2026, 12, 3), last=date(2026, 12, 4)),)
        )
        assert escalation(sunday, policy=closed).due_at == london(2026, 12, 2, 9)

    def test_the_morning_is_a_local_one_in_summer(self) -> None:
        case = clock(harm_on=date(2026, 9, 1), opened_at=london(2026, 5, 1, 12))
        assert escalation(case, london(2026, 5, 1, 12)).due_at == datetime(2026, 7, 7, 8, tzinfo=UTC)

    def test_a_case_opened_at_night_waits_for_the_morning(self) -> None:
        case = clock(opened_at=london(2026, 11, 2, 23))
        assert escalation(case, london(2026, 11, 2, 23)).due_at == london(2026, 11, 3, 9)

    def test_a_case_opened_on_a_closed_day_waits_for_the_working_day(self) -> None:
        saturday = london(2026, 11, 7, 12)
        assert escalation(clock(opened_at=saturday), saturday).due_at == london(2026, 11, 9, 9)

    def test_it_does_not_wait_if_fewer_than_two_working_days_would_be_left(self) -> None:
        saturday = london(2026, 12, 5, 12)
        tuesday, wednesday = clock(opened_at=saturday, harm_on=date(2026, 12, 8)), clock(opened_at=saturday)
        assert escalation(tuesday, saturday).due_at == saturday
        assert escalation(wednesday, saturday).due_at == london(2026, 12, 7, 9)
        night = london(2026, 12, 4, 23)
        assert escalation(replace(tuesday, opened_at=night), night).due_at == london(2026, 12, 5, 7)

    def test_two_days_before_the_harm_nobody_waits_for_the_morning(self) -> None:
        night = london(2026, 12, 7, 23)
        assert escalation(clock(opened_at=night), night) == Escalation(
            night, 2, EscalationReason.FIRST_ALERT, urgent=True
        )

    def test_a_case_never_told_is_told_at_the_level_it_has_now(self) -> None:
        assert escalation(clock(), london(2026, 12, 3, 12)) == Escalation(MONDAY_NOON, 7, EscalationReason.FIRST_ALERT)

    def test_a_message_overdue_at_night_waits_for_the_morning(self) -> None:
        assert escalation(clock(), london(2026, 11, 4, 2)).due_at == london(2026, 11, 4, 9)


class TestNextAlert:
    def test_an_alert_nobody_acted_on_is_repeated(self) -> None:
        case = told(clock(), MONDAY_NOON, 56)
        assert escalation(case) == Escalation(london(2026, 11, 9, 9), 56, EscalationReason.REPEAT)

    def test_repeats_keep_to_a_common_beat_so_that_a_council_is_told_once(self) -> None:
        early, late = told(clock(), london(2026, 12, 7, 9), 2), told(clock(), london(2026, 12, 7, 22, 30), 2)
        assert escalation(early).due_at == escalation(late).due_at == london(2026, 12, 8, 9)

    def test_a_possible_match_is_repeated_every_third_working_day_and_wakes_nobody(self) -> None:
        case = told(clock(level=MatchLevel.POSSIBLE), london(2026, 12, 9, 9), 0)
        assert escalation(case).due_at == london(2026, 12, 14, 9)
        night = london(2026, 12, 8, 23)
        assert escalation(clock(level=MatchLevel.POSSIBLE, opened_at=night), night).due_at == london(2026, 12, 9, 7)

    def test_after_six_reminders_that_nobody_answered_they_come_half_as_often(self) -> None:
        case = told(clock(), london(2026, 12, 14, 9), 0)
        assert escalation(replace(case, unanswered=6)).due_at == london(2026, 12, 15, 9)
        assert escalation(replace(case, unanswered=7)).due_at == london(2026, 12, 16, 9)

    def test_the_next_threshold_comes_before_a_later_repeat(self) -> None:
        case = told(clock(), london(2026, 11, 9, 12), 56)
        assert escalation(case) == Escalation(london(2026, 11, 11, 9), 28, EscalationReason.THRESHOLD_REACHED)

    def test_a_threshold_is_told_once(self) -> None:
        case = told(clock(), london(2026, 11, 11, 9), 28)
        assert escalation(case) == Escalation(london(2026, 11, 18, 9), 28, EscalationReason.REPEAT)

    def test_repeats_wait_for_the_working_day_however_near_the_day(self) -> None:
        case = told(clock(harm_on=date(2026, 12, 7)), london(2026, 12, 4, 23), 2)
        assert escalation(case).due_at == london(2026, 12, 7, 9)
        case = told(clock(), london(2026, 12, 9, 0, 30), 0)
        assert escalation(case).due_at == london(2026, 12, 10, 9)

    def test_the_harmful_day_is_not_the_end_of_it(self) -> None:
        case = told(clock(), london(2027, 3, 1, 3), 0)
        assert escalation(case) == Escalation(london(2027, 3, 2, 9), 0, EscalationReason.REPEAT, urgent=True)

    def test_a_date_moved_earlier_past_a_threshold_is_told_at_once(self) -> None:
        case = told(clock(harm_on=date(2026, 11, 12)), MONDAY_NOON, 56)
        now = MONDAY_NOON + timedelta(hours=1)
        found = escalation(case, now)
        assert found.due_at <= now
        assert (found.threshold, found.reason) == (14, EscalationReason.THRESHOLD_REACHED)

    def test_a_date_moved_later_has_its_thresholds_before_it_again(self) -> None:
        case = told(clock(harm_on=date(2027, 2, 1)), MONDAY_NOON, 2)
        assert escalation(case) == Escalation(london(2026, 12, 7, 9), 56, EscalationReason.THRESHOLD_REACHED)

    def test_a_case_without_a_date_is_repeated_all_the_same(self) -> None:
        assert escalation(clock(harm_on=None)) == Escalation(MONDAY_NOON, 56, EscalationReason.DATE_UNKNOWN)
        case = told(clock(harm_on=None), MONDAY_NOON, 56)
        assert escalation(case).due_at == london(2026, 11, 9, 9)


class TestStates:
    @pytest.mark.parametrize("state", sorted(CLOCK_STOPPED))
    def test_nothing_is_due_where_the_clock_has_stopped(self, state: CaseState) -> None:
        assert next_escalation(clock(state), POLICY, MONDAY_NOON) is None

    @pytest.mark.parametrize("state", [CaseState.LINE_RESTRICTED, CaseState.MIGRATED_UNCONFIRMED, CaseState.REVERTED])
    def test_an_urgent_state_is_told_by_night_and_without_regard_to_its_date(self, state: CaseState) -> None:
        night = london(2026, 11, 2, 23)
        far = date(2027, 1, 31)
        assert escalation(clock(state, harm_on=far, opened_at=night), night) == Escalation(
            night, 0, EscalationReason.URGENT_STATE, urgent=True
        )
        case = told(clock(state, harm_on=far), night, 0)
        assert escalation(case, night).due_at == london(2026, 11, 3, 9)

    def test_a_moved_line_is_told_daily_until_its_test_but_not_at_night(self) -> None:
        night = london(2026, 11, 2, 23)
        assert escalation(clock(CaseState.MIGRATED, opened_at=night), night) == Escalation(
            london(2026, 11, 3, 9), 0, EscalationReason.POST_CHECK
        )
        case = told(clock(CaseState.MIGRATED), MONDAY_NOON, 0)
        assert escalation(case).due_at == london(2026, 11, 3, 9)

    def test_an_urgent_state_that_is_over_gives_the_thresholds_back(self) -> None:
        case = told(clock(CaseState.VISIT_BOOKED), MONDAY_NOON + timedelta(days=4), 0)
        assert escalation(case).due_at == london(2026, 11, 11, 9)


class TestPaces:
    NIGHT = london(2026, 11, 3, 2)

    def test_a_test_that_failed_waits_for_the_morning_and_one_that_moved_unsafe_does_not(self) -> None:
        for state, hour in ((CaseState.TEST_FAILED, 9), (CaseState.MIGRATED_UNCONFIRMED, 2)):
            case = told(clock(state), self.NIGHT - timedelta(days=8), 56)
            due_at = max(escalation(case, self.NIGHT).due_at, self.NIGHT)
            assert due_at.astimezone(ZoneInfo("Europe/London")).hour == hour

    @pytest.mark.parametrize(
        ("level", "day"), [(MatchLevel.CONFIRMED, 10), (MatchLevel.PROBABLE, 10), (MatchLevel.POSSIBLE, 14)]
    )
    def test_a_possible_match_is_repeated_at_its_own_longer_interval(self, level: MatchLevel, day: int) -> None:
        noon = london(2026, 12, 9, 12)
        case = told(clock(level=level, opened_at=noon - timedelta(days=40)), noon, 0)
        assert escalation(case, noon).due_at == london(2026, 12, day, 9)
