from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codes import CaseState, MatchLevel
from services.alerts.policy.escalation.case_clock import CaseClock, Escalation, EscalationReason
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier, next_escalation
from services.core.clock import london_day
from services.core.days.council_days import london_time

MONDAY = date(2026, 11, 30)
TEN = datetime.fromisoformat("2026-11-30T10:00Z")


def tier(label: str, from_days: int) -> Tier:
    return Tier(
        label=label,
        from_days=from_days,
        contacts=(Contact(person=label, channel="route", address="json://pager.example/x"),),
    )


OFFICERS, MANAGERS, HEADS = tier("Officers", 56), tier("Managers", 0), tier("Heads", 0)
# Only silence asks the managers before the harmful day.
POLICY = CouncilPolicy(tiers=(OFFICERS, MANAGERS))


def told(days_off: int, at: datetime = TEN, state: CaseState = CaseState.OPEN, **rest: object) -> CaseClock:
    """Return a case with one unanswered message. The line moves `days_off` days after `MONDAY`."""
    harm_on = MONDAY + timedelta(days=days_off)
    case = CaseClock(state, MatchLevel.CONFIRMED, harm_on, at - timedelta(days=1))
    made = due(case, at)
    return replace(
        case,
        last_alert_at=at,
        last_threshold=made.threshold,
        asked=made.last_level,
        unanswered=1,
        **rest,  # type: ignore[arg-type]
    )


def due(case: CaseClock, now: datetime = TEN, policy: CouncilPolicy = POLICY) -> Escalation:
    found = next_escalation(case, policy, now)
    assert found is not None
    return found


@pytest.mark.parametrize("days_off", [0, -3])
def test_about_an_overdue_line_the_next_level_is_asked_after_thirty_minutes(days_off: int) -> None:
    found = due(told(days_off))
    # All tiers are asked by the date, so the next is the operator.
    assert (found.due_at, found.first_level, found.last_level) == (TEN + timedelta(minutes=30), 3, 3)
    assert found.reason is EscalationReason.NOBODY_ANSWERED


def test_a_message_to_the_next_level_alone_waits_thirty_minutes_too_once_the_day_has_come() -> None:
    night = london_time(MONDAY, time(0, 30))
    # The reminder before it was about an earlier threshold.
    case = replace(told(0, night), asked=2, last_threshold=2)
    assert due(case, night).due_at == night + timedelta(minutes=30)


@pytest.mark.parametrize("unanswered", [1, 2])
def test_a_reminder_that_waits_for_the_morning_does_not_keep_silence_waiting(unanswered: int) -> None:
    # Accepted on a Saturday, for a line that moves on Wednesday. On Monday the day is close: messages come before nine.
    saturday = london_time(date(2026, 12, 5), time(7, 30))
    case = replace(told(9, saturday), last_threshold=14, unanswered=unanswered)
    assert due(case, saturday).due_at == saturday + timedelta(days=2)


@pytest.mark.parametrize("state", [CaseState.LINE_RESTRICTED, CaseState.MIGRATED_UNCONFIRMED, CaseState.REVERTED])
def test_an_urgent_state_is_overdue_whatever_its_date_and_by_night(state: CaseState) -> None:
    night = london_time(date(2026, 12, 1), time(3))
    found = due(told(40, night, state), night)
    assert (found.due_at, found.last_level) == (night + timedelta(minutes=30), 3)


def test_ten_days_off_the_next_level_is_asked_after_one_working_day() -> None:
    assert due(told(10)).due_at == TEN + timedelta(days=1)
    friday = datetime.fromisoformat("2026-12-04T15:00Z")
    assert due(told(17, friday), friday).due_at == datetime.fromisoformat("2026-12-07T15:00Z")


def test_only_the_next_level_gets_that_message() -> None:
    found = due(told(10))
    assert (found.first_level, found.last_level) == (2, 2)


def test_fewer_than_two_working_days_off_the_next_level_is_asked_after_two_hours() -> None:
    found = due(told(1))
    assert (found.due_at, found.first_level) == (TEN + timedelta(hours=2), 2)


def test_sixty_days_off_the_next_level_gets_the_reminder_after_two_unanswered_messages() -> None:
    case = told(54)
    assert (due(case).reason, due(case).last_level) == (EscalationReason.REPEAT, 1)
    second = replace(case, last_alert_at=due(case).due_at, unanswered=2)
    found = due(second)
    assert (found.first_level, found.last_level) == (1, 2)
    assert found.reason is EscalationReason.NOBODY_ANSWERED
    assert found.due_at == datetime.fromisoformat("2026-12-14T09:00Z")


@pytest.mark.parametrize("level", [MatchLevel.POSSIBLE, MatchLevel.CONFIRMED])
def test_a_possible_match_and_a_date_not_known_go_by_the_number_of_messages(level: MatchLevel) -> None:
    case = told(10)
    case = replace(case, level=level, harm_on=case.harm_on if level is MatchLevel.POSSIBLE else None)
    assert due(case).last_level == 1
    assert due(replace(case, unanswered=2)).last_level == 2


def test_after_the_operator_nobody_is_left_to_ask() -> None:
    case = replace(told(10), asked=3)
    found = due(case)
    assert found.reason is EscalationReason.THRESHOLD_REACHED
    assert (found.first_level, found.last_level) == (1, 3)


def test_whoever_was_asked_gets_the_reminders_too_until_somebody_acts() -> None:
    assert due(replace(told(10), asked=2), datetime.fromisoformat("2026-12-03T09:00Z")).last_level >= 2
    assert due(replace(told(10), asked=0)).last_level == 1


def test_nobody_else_is_asked_while_somebody_acts() -> None:
    until = TEN + timedelta(days=3)
    paused = replace(told(10), asked=0, unanswered=0, paused_until=until, acknowledged_times=1)
    found = due(paused)
    assert (found.reason, found.last_level) == (EscalationReason.ACKNOWLEDGEMENT_LAPSED, 1)
    assert found.due_at == until


def test_after_the_second_acknowledgement_without_a_step_the_next_level_is_told_that_nothing_has_moved() -> None:
    paused = replace(told(10), asked=0, unanswered=0, paused_until=TEN + timedelta(days=3))
    assert due(replace(paused, acknowledged_times=1)).last_level == 1
    second, third = due(replace(paused, acknowledged_times=2)), due(replace(paused, acknowledged_times=3))
    assert (second.reason, second.first_level, second.last_level) == (EscalationReason.NOTHING_MOVED, 1, 2)
    assert third.last_level == 3
    assert due(replace(paused, acknowledged_times=9)).last_level == 3


def test_news_must_stay_unanswered_itself_before_the_next_level_is_asked() -> None:
    news = replace(told(10), asked=2, opened_at=TEN + timedelta(days=9), last_alert_at=None, last_threshold=None)
    found = due(news, TEN + timedelta(days=9))
    assert (found.reason, found.last_level) == (EscalationReason.FIRST_ALERT, 2)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(-20, 80),
    st.lists(st.sampled_from([56, 28, 14, 7, 2, 0]), min_size=1, max_size=4),
    st.integers(0, 24 * 60 * 14),
    st.sampled_from([CaseState.OPEN, CaseState.LINE_RESTRICTED, CaseState.MIGRATED, CaseState.VISIT_BOOKED]),
)
def test_if_nobody_answers_every_tier_and_then_the_operator_is_asked_in_turn(
    days_off: int, tiers: list[int], later: int, state: CaseState
) -> None:
    policy = CouncilPolicy(tiers=tuple(tier(f"Tier {n}", days) for n, days in enumerate(tiers)))
    opened_at = TEN + timedelta(minutes=later)
    harm_on = london_day(opened_at) + timedelta(days=days_off)
    case, now, asked = CaseClock(state, MatchLevel.CONFIRMED, harm_on, opened_at), opened_at, [0]
    first: list[datetime] = []
    while now < opened_at + timedelta(days=140):
        found = due(case, now, policy)
        now = max(now, found.due_at)
        # No level is left out, and none is asked before the level below it.
        assert found.first_level <= asked[-1] + 1
        if found.last_level > asked[-1]:
            asked.append(found.last_level)
            first.append(now)
        case = replace(
            case,
            last_alert_at=now,
            last_threshold=found.threshold,
            asked=max(case.asked, found.last_level),
            unanswered=case.unanswered + (found.first_level == 1),
        )
        now += timedelta(seconds=1)
    assert asked[-1] == len(tiers) + 1
    if harm_on <= london_day(first[0]) or state is CaseState.LINE_RESTRICTED:
        waits = [later - sooner for sooner, later in pairwise(first)]
        assert waits == [timedelta(minutes=30)] if state is not CaseState.MIGRATED else True
