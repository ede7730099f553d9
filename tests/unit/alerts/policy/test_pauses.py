from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from schemas.codes import CaseState
from services.alerts.policy.escalation.pauses import latest_end_of_pause
from services.alerts.policy.policy import (
    CouncilPolicy,
    Escalation,
    EscalationReason,
    pause_until,
)
from services.alerts.policy.policy_days import out_of_quiet_hours
from services.core.days.closures import Closure
from tests.unit.alerts.policy.clocks import MONDAY_NOON, POLICY, clock, escalation, london, told


class TestPause:
    def test_nothing_is_due_before_the_end_of_a_pause(self) -> None:
        until = london(2026, 11, 5, 12)
        case = replace(told(clock(CaseState.ACKNOWLEDGED), MONDAY_NOON - timedelta(days=30), 56), paused_until=until)
        assert escalation(case) == Escalation(until, 56, EscalationReason.ACKNOWLEDGEMENT_LAPSED)

    def test_a_pause_after_which_an_alert_was_told_is_over(self) -> None:
        case = replace(told(clock(), MONDAY_NOON, 56), paused_until=MONDAY_NOON - timedelta(hours=1))
        assert escalation(case).reason is EscalationReason.REPEAT

    def test_a_case_paused_before_its_first_threshold_is_told_at_that_threshold(self) -> None:
        case = clock(harm_on=date(2027, 2, 1), paused_until=london(2026, 11, 9, 12))
        assert escalation(case).due_at == london(2026, 12, 7, 9)

    def test_a_pause_that_ends_at_night_waits_for_the_morning(self) -> None:
        case = clock(CaseState.ACKNOWLEDGED, paused_until=london(2026, 11, 5, 3))
        assert escalation(case).due_at == london(2026, 11, 5, 9)

    def test_an_acknowledgement_pauses_for_its_hours(self) -> None:
        case = told(clock(), london(2026, 10, 20, 9), 56)
        assert pause_until(POLICY, case, london(2026, 10, 20, 12)) == london(2026, 10, 20, 12) + timedelta(hours=168)

    def test_the_next_threshold_ends_a_pause(self) -> None:
        case = told(clock(), london(2026, 11, 9, 9), 56)
        assert pause_until(POLICY, case, london(2026, 11, 9, 12)) == london(2026, 11, 11, 9)

    def test_a_pause_has_its_shortest_time_when_a_threshold_is_near(self) -> None:
        case = told(clock(), london(2026, 11, 9, 9), 56)
        assert pause_until(POLICY, case, london(2026, 11, 11, 8)) == london(2026, 11, 11, 12)

    def test_a_threshold_told_already_this_morning_does_not_end_the_pause(self) -> None:
        case = told(clock(opened_at=london(2026, 11, 11, 7, 30)), london(2026, 11, 11, 7, 30), 28)
        assert pause_until(POLICY, case, london(2026, 11, 11, 8)) == london(2026, 11, 18, 8)

    @pytest.mark.parametrize(
        ("state", "hours"),
        [(CaseState.LINE_RESTRICTED, 2), (CaseState.MIGRATED, 24), (CaseState.MIGRATED_UNCONFIRMED, 2)],
    )
    def test_in_an_urgent_state_an_acknowledgement_lasts_two_hours(self, state: CaseState, hours: int) -> None:
        assert pause_until(POLICY, clock(state), MONDAY_NOON) == MONDAY_NOON + timedelta(hours=hours)

    @pytest.mark.parametrize("state", [CaseState.LINE_RESTRICTED, CaseState.MIGRATED, CaseState.MIGRATED_UNCONFIRMED])
    def test_a_recorded_step_lasts_a_day_there(self, state: CaseState) -> None:
        assert pause_until(POLICY, clock(state), MONDAY_NOON, is_step=True) == MONDAY_NOON + timedelta(hours=24)

    def test_it_never_lasts_beyond_noon_of_the_last_working_day_before_the_harmful_one(self) -> None:
        case = told(clock(), london(2026, 12, 7, 9), 2)
        assert pause_until(POLICY, case, london(2026, 12, 7, 10)) == london(2026, 12, 8, 12)
        after_the_weekend = told(clock(harm_on=date(2026, 12, 7)), london(2026, 12, 3, 9), 7)
        assert pause_until(POLICY, after_the_weekend, london(2026, 12, 4, 8, 30)) == london(2026, 12, 4, 12)
        closed = CouncilPolicy(closures=(Closure(label="Stocktaking", first=date(2026, 12, 8)),))
        assert pause_until(closed, case, london(2026, 12, 7, 10)) == london(2026, 12, 7, 12)

    def test_after_that_noon_an_acknowledgement_lasts_two_hours_and_a_step_a_day(self) -> None:
        for now in (london(2026, 12, 8, 12), london(2026, 12, 9, 12), london(2026, 12, 20, 3)):
            case = told(clock(), now, 0)
            assert pause_until(POLICY, case, now) == now + timedelta(hours=2)
            assert pause_until(POLICY, case, now, is_step=True) == now + timedelta(hours=24)

    def test_a_pause_that_runs_ends_at_noon_of_the_last_working_day_at_the_latest(self) -> None:
        morning, noon = london(2026, 12, 8, 9), london(2026, 12, 8, 12)
        assert latest_end_of_pause(POLICY, clock(), morning) == noon
        assert latest_end_of_pause(POLICY, clock(), MONDAY_NOON) == MONDAY_NOON + timedelta(hours=168)
        for case, now in [(clock(), noon), (clock(CaseState.MIGRATED), morning), (clock(harm_on=None), morning)]:
            assert latest_end_of_pause(POLICY, case, now) == now + timedelta(hours=168)


class TestQuietHours:
    def test_they_may_lie_within_one_day(self) -> None:
        policy = CouncilPolicy(quiet_from=time(1), quiet_until=time(5))
        assert out_of_quiet_hours(policy, london(2026, 11, 2, 3)) == london(2026, 11, 2, 5)
        assert out_of_quiet_hours(policy, london(2026, 11, 2, 23)) == london(2026, 11, 2, 23)

    def test_the_same_begin_and_end_means_none(self) -> None:
        policy = CouncilPolicy(quiet_from=time(7), quiet_until=time(7))
        assert out_of_quiet_hours(policy, london(2026, 11, 2, 7)) == london(2026, 11, 2, 7)

    def test_the_night_of_the_short_day_ends_at_seven_by_the_clock(self) -> None:
        night = datetime(2026, 3, 28, 23, tzinfo=UTC)
        assert out_of_quiet_hours(POLICY, night) == datetime(2026, 3, 29, 6, tzinfo=UTC)

    def test_the_night_of_the_long_day_ends_at_seven_by_the_clock(self) -> None:
        night = datetime(2026, 10, 24, 22, tzinfo=UTC)
        assert out_of_quiet_hours(POLICY, night) == datetime(2026, 10, 25, 7, tzinfo=UTC)

    def test_an_end_that_comes_twice_is_never_in_the_past(self) -> None:
        policy = CouncilPolicy(quiet_from=time(22), quiet_until=time(1, 30))
        second_quarter_past_one = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
        assert out_of_quiet_hours(policy, second_quarter_past_one) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
