from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from schemas.codes import CaseEvent, CaseState
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.review.case import Case
from services.alerts.review.clock_correction import corrected, with_possible_pause, with_step
from services.alerts.review.line_memory import memories
from services.alerts.review.step import Transition
from tests.unit.alerts.review.cases import DAY, HOUR, LINE, MINUTE, NOW, POLICY, case, knowing, memory

AHEAD = NOW + 30 * DAY
LONGEST_PAUSE = 5 * MINUTE + timedelta(hours=POLICY.acknowledgement_hours)


def step(event: CaseEvent, before: CaseState, after: CaseState, on: datetime = AHEAD, **more: Any) -> dict[str, Any]:
    told = {"on": on.isoformat(), "event": event.value, "from": before.value, "to": after.value}
    return {**told, "hold_until": None, "review_on": None, "line": None, **more}


def right(of: Case, policy: CouncilPolicy = POLICY) -> tuple[Case, list[Transition]]:
    told: list[Transition] = []
    return with_possible_pause(corrected(of, NOW, told), policy, NOW), told


def test_what_the_calendar_changes_is_noted_with_its_day_and_what_stood_before() -> None:
    before = case(CaseState.HOLD_CONFIRMED, hold_until=date(2026, 11, 30), review_on=date(2027, 1, 5))
    after = with_step(replace(before, state=CaseState.OPEN), before, CaseEvent.END_HOLD, NOW, LINE)
    assert after.time_steps == (
        {
            "on": "2026-11-23T10:00:00+00:00",
            "event": "end_hold",
            "from": "hold_confirmed",
            "to": "open",
            "hold_until": "2026-11-30",
            "review_on": "2027-01-05",
            "line": "1",
        },
    )
    bare = with_step(case(), case(), CaseEvent.REVIEW_DUE, NOW, None).time_steps[0]
    assert (bare["hold_until"], bare["review_on"], bare["line"]) == (None, None, None)


def test_the_last_eight_changes_are_kept() -> None:
    made = case()
    for day in range(10):
        made = with_step(made, made, CaseEvent.REVIEW_DUE, NOW + day * DAY, None)
    assert [one["on"][:10] for one in made.time_steps] == [str((NOW + day * DAY).date()) for day in range(2, 10)]


@pytest.mark.parametrize("ahead", [-DAY, 0 * DAY, 5 * MINUTE])
def test_a_change_that_a_clock_a_few_minutes_apart_may_have_made_stands(ahead: timedelta) -> None:
    done = case(
        CaseState.OPEN, time_steps=(step(CaseEvent.END_HOLD, CaseState.HOLD_CONFIRMED, CaseState.OPEN, NOW + ahead),)
    )
    assert right(done) == (done, [])


def test_a_change_of_a_day_that_has_not_come_is_undone_and_told() -> None:
    made, told = right(
        case(
            CaseState.OPEN,
            seen=knowing(),
            time_steps=(
                step(CaseEvent.REVIEW_DUE, CaseState.CONFIRMED_SAFE, CaseState.OPEN, NOW - DAY),
                step(
                    CaseEvent.END_HOLD,
                    CaseState.HOLD_CONFIRMED,
                    CaseState.OPEN,
                    NOW + 6 * MINUTE,
                    hold_until="2026-12-20",
                ),
            ),
        )
    )
    assert told == [Transition(CaseEvent.CORRECT_CLOCK, CaseState.OPEN, CaseState.HOLD_CONFIRMED)]
    assert (made.state, made.state_since, made.hold_until) == (CaseState.HOLD_CONFIRMED, NOW, date(2026, 12, 20))
    assert memory(made).held_until == "2026-12-20"
    assert [one["event"] for one in made.time_steps] == ["review_due"]
    assert made.facts == 4


def test_a_pause_that_ended_too_early_goes_on_and_is_no_news() -> None:
    lapsed = step(CaseEvent.ACKNOWLEDGEMENT_LAPSED, CaseState.ACKNOWLEDGED, CaseState.OPEN, NOW + 2 * DAY)
    paused = case(CaseState.OPEN, paused_until=NOW + 2 * DAY, time_steps=(lapsed,))
    made, transitions = right(paused)
    assert made == replace(paused, state=CaseState.ACKNOWLEDGED, state_since=NOW, time_steps=())
    assert transitions == [Transition(CaseEvent.CORRECT_CLOCK, CaseState.OPEN, CaseState.ACKNOWLEDGED)]


def test_a_danger_that_came_too_early_is_news_also_after_the_end_of_a_pause() -> None:
    steps = (
        step(CaseEvent.ACKNOWLEDGEMENT_LAPSED, CaseState.ACKNOWLEDGED, CaseState.OPEN),
        step(CaseEvent.RESTRICT_LINE, CaseState.OPEN, CaseState.LINE_RESTRICTED, line=1),
    )
    made, _ = right(case(CaseState.LINE_RESTRICTED, time_steps=steps))
    assert (made.state, made.facts, made.last_alert_at, made.opened_at) == (CaseState.OPEN, 4, None, NOW)


def test_a_case_that_had_news_after_the_end_of_its_pause_stays_open() -> None:
    lapsed = step(CaseEvent.ACKNOWLEDGEMENT_LAPSED, CaseState.ACKNOWLEDGED, CaseState.OPEN)
    made, _ = right(case(CaseState.OPEN, paused_until=None, time_steps=(lapsed,)))
    assert (made.state, made.paused_until, made.time_steps) == (CaseState.OPEN, None, ())


def test_of_several_changes_the_last_is_undone_first() -> None:
    steps = (
        step(CaseEvent.END_HOLD, CaseState.HOLD_CONFIRMED, CaseState.OPEN),
        step(CaseEvent.RESTRICT_LINE, CaseState.OPEN, CaseState.LINE_RESTRICTED, line=1),
    )
    assert right(case(CaseState.LINE_RESTRICTED, time_steps=steps))[0].state is CaseState.HOLD_CONFIRMED


def test_a_state_that_a_person_has_changed_since_is_left() -> None:
    steps = (step(CaseEvent.END_HOLD, CaseState.HOLD_CONFIRMED, CaseState.OPEN, hold_until=None),)
    made, _ = right(case(CaseState.VISIT_BOOKED, time_steps=steps))
    assert (made.state, made.hold_until) == (CaseState.VISIT_BOOKED, None)


def test_a_review_that_came_too_early_is_due_on_its_day_again() -> None:
    steps = (step(CaseEvent.REVIEW_DUE, CaseState.CONFIRMED_SAFE, CaseState.OPEN, review_on="2027-02-01"),)
    assert right(case(time_steps=steps))[0].review_on == date(2027, 2, 1)
    # A solution that was fitted later has its own day.
    assert right(case(review_on=date(2027, 5, 1), time_steps=steps))[0].review_on == date(2027, 5, 1)
    other = (step(CaseEvent.END_HOLD, CaseState.CONFIRMED_SAFE, CaseState.OPEN, review_on="2027-02-01"),)
    assert right(case(time_steps=other))[0].review_on is None
    unknown = (step(CaseEvent.REVIEW_DUE, CaseState.CONFIRMED_SAFE, CaseState.OPEN),)
    assert right(case(time_steps=unknown))[0].review_on is None


def test_only_the_end_of_a_hold_brings_its_last_day_back() -> None:
    steps = (
        step(
            CaseEvent.RESTRICT_LINE,
            CaseState.HOLD_CONFIRMED,
            CaseState.LINE_RESTRICTED,
            hold_until="2026-12-20",
            line=1,
        ),
    )
    made, _ = right(case(CaseState.LINE_RESTRICTED, time_steps=steps))
    assert (made.hold_until, memory(made).held_until) == (None, None)


def test_a_hold_that_was_confirmed_since_keeps_its_last_day() -> None:
    held = case(
        CaseState.HOLD_CONFIRMED,
        hold_until=date(2027, 1, 8),
        seen=knowing(held_until="2027-01-08"),
        time_steps=(step(CaseEvent.END_HOLD, CaseState.HOLD_CONFIRMED, CaseState.OPEN, hold_until="2026-12-20"),),
    )
    made, _ = right(held)
    assert (made.state, made.hold_until) == (CaseState.HOLD_CONFIRMED, date(2027, 1, 8))
    assert memory(made).held_until == "2027-01-08"


def test_a_restriction_that_has_not_begun_is_told_again_on_its_day_of_its_own_line_only() -> None:
    seen = {**knowing(restricted="2026-12-20"), "9": {"provider": "HRBR", "restricted": "2026-11-01"}}
    steps = (step(CaseEvent.RESTRICT_LINE, CaseState.OPEN, CaseState.LINE_RESTRICTED, line=1),)
    made, _ = right(case(CaseState.LINE_RESTRICTED, seen=seen, time_steps=steps))
    assert {key: one.restricted for key, one in memories(made).items()} == {"1": None, "9": "2026-11-01"}
    other = (step(CaseEvent.MIGRATE_LINE, CaseState.OPEN, CaseState.LINE_RESTRICTED, line=1),)
    kept, _ = right(case(CaseState.LINE_RESTRICTED, seen=seen, time_steps=other))
    assert memory(kept).restricted == "2026-12-20"


@pytest.mark.parametrize(
    ("wrong", "mended"),
    [
        ({"opened_at": AHEAD}, {"opened_at": NOW}),
        ({"state_since": AHEAD}, {"state_since": NOW}),
        ({"last_alert_at": AHEAD}, {"last_alert_at": None, "last_threshold": None}),
        ({"tried_at": AHEAD}, {"tried_at": None}),
        # The reminder of the last week before the harmful day would end a pause that began now.
        ({"paused_until": NOW + LONGEST_PAUSE + MINUTE}, {"paused_until": NOW + 3 * DAY - HOUR}),
    ],
)
def test_a_moment_further_ahead_than_can_be_was_written_by_a_wrong_clock(
    wrong: dict[str, Any], mended: dict[str, Any]
) -> None:
    made, told = right(case(**wrong))
    assert (made, told) == (case(**mended), [])


@pytest.mark.parametrize(
    "possible",
    [
        {"opened_at": NOW + 5 * MINUTE},
        {"state_since": NOW + 5 * MINUTE},
        {"last_alert_at": NOW + 5 * MINUTE},
        {"tried_at": NOW + 5 * MINUTE},
        {"tried_at": NOW - HOUR},
        {"paused_until": NOW + LONGEST_PAUSE},
        {"last_alert_at": None},
    ],
)
def test_a_moment_that_can_be_stands(possible: dict[str, Any]) -> None:
    assert right(case(**possible)) == (case(**possible), [])


def test_the_longest_pause_is_that_of_the_council() -> None:
    short = CouncilPolicy(acknowledgement_hours=24, urgent_acknowledgement_hours=24)
    assert right(case(paused_until=NOW + 2 * DAY), short)[0].paused_until == NOW + DAY


def test_no_pause_goes_beyond_noon_of_the_last_working_day() -> None:
    tomorrow = case(harm_on=date(2026, 11, 24), paused_until=NOW + DAY)
    assert right(tomorrow)[0].paused_until == NOW + 2 * HOUR


@pytest.mark.parametrize("changed", [{}, {"harm_on": None}, {"harm_on": date(2026, 11, 23)}])
def test_a_pause_that_was_shortened_is_not_shortened_again(changed: dict[str, Any]) -> None:
    once, _ = right(case(paused_until=NOW + 30 * DAY, **changed))
    assert once.paused_until is not None
    assert right(once) == (once, [])
