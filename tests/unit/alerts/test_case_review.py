from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from schemas.codes import (
    CaseEvent,
    CaseState,
    MatchDecision,
    MatchLevel,
    NoticeStatus,
    ServiceStatus,
)
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.review.case import Case, Entry, Line
from services.alerts.review.owed import CasePolicy, Owed, what_is_owed
from services.alerts.review.step import new_case
from tests.unit.alerts.review.cases import DAY, ENTRY, GATHERING, HOUR, LINE, NOW, POLICY, RULES

SECOND = replace(LINE, notice_pk=9, planned_on=date(2026, 12, 17))
POSSIBLE = replace(LINE, notice_pk=5, level=MatchLevel.POSSIBLE)


def reviewed(case: Case, *lines: Line, entry: Entry = ENTRY, now: datetime = NOW) -> Owed:
    return what_is_owed(case, entry, lines, CasePolicy(POLICY, RULES), now)


def standing(state: CaseState = CaseState.OPEN, *lines: Line, **changes: Any) -> Case:
    fresh = reviewed(new_case(1, "C-2222-2222", ENTRY, RULES, NOW), *(lines or (LINE,))).case
    return replace(fresh, state=state, revision=1, last_alert_at=NOW, last_threshold=14, warned=True, **changes)


def events(made: Owed) -> list[CaseEvent]:
    return [transition.event for transition in made.transitions]


@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("lines", [(LINE,), (LINE, SECOND), (POSSIBLE,), (replace(LINE, restriction_on=NOW.date()),)])
def test_a_second_review_of_the_same_facts_changes_nothing(state: CaseState, lines: tuple[Line, ...]) -> None:
    once = reviewed(standing(state, *lines), *lines)
    assert reviewed(once.case, *lines) == replace(once, transitions=(), lines_changed=False)


def test_a_first_review_takes_over_what_the_lines_say() -> None:
    case = standing(CaseState.OPEN, LINE, replace(SECOND, restriction_on=date(2026, 11, 29)))
    assert (case.lines, case.level, case.harm_on) == (2, MatchLevel.CONFIRMED, date(2026, 11, 29))
    assert (case.planned_on, case.restriction_on) == (date(2026, 12, 3), date(2026, 11, 29))


def test_a_case_without_a_line_at_risk_was_never_opened() -> None:
    made = reviewed(new_case(1, "C-2222-2222", ENTRY, RULES, NOW))
    assert (made.case.lines, made.transitions, made.case.revision) == (0, (), 0)


@pytest.mark.parametrize(
    ("day", "event"),
    [
        (date(2026, 12, 1), CaseEvent.MOVE_DATE_EARLIER),
        (date(2026, 12, 5), CaseEvent.MOVE_DATE_LATER),
        (None, CaseEvent.MOVE_DATE_LATER),
    ],
)
def test_a_moved_date_is_told_as_earlier_or_later(day: date | None, event: CaseEvent) -> None:
    assert events(reviewed(standing(), replace(LINE, planned_on=day))) == [event]


def test_a_date_that_becomes_known_counts_as_earlier() -> None:
    unknown = replace(LINE, planned_on=None)
    assert events(reviewed(standing(CaseState.OPEN, unknown), LINE)) == [CaseEvent.MOVE_DATE_EARLIER]


def test_the_review_that_learns_of_a_later_day_shortens_the_pause() -> None:
    # The line moves on Tuesday, so an act on Monday afternoon pauses until Tuesday afternoon.
    paused = standing(CaseState.TEST_PASSED, replace(LINE, planned_on=date(2026, 11, 24)), paused_until=NOW + 27 * HOUR)
    wednesday, evening = replace(LINE, planned_on=date(2026, 11, 25)), NOW + 8 * HOUR
    once = reviewed(paused, wednesday, now=evening)
    assert (once.case.paused_until, once.pause_shortened) == (NOW + 26 * HOUR, True)
    again = reviewed(once.case, wednesday, now=evening)
    assert (again.case, again.pause_shortened) == (once.case, False)


def test_a_date_moved_earlier_forgets_the_pause_and_the_alerts_before() -> None:
    paused = standing(CaseState.ACKNOWLEDGED, paused_until=NOW + 7 * DAY, due_at=NOW + 7 * DAY)
    case = reviewed(paused, replace(LINE, planned_on=date(2026, 12, 1)), now=NOW + DAY).case
    assert (case.state, case.paused_until, case.last_alert_at) == (CaseState.OPEN, None, None)
    assert case.due_at == NOW + DAY + GATHERING


@pytest.mark.parametrize(
    ("lines", "entry", "event", "state"),
    [
        ((), ENTRY, CaseEvent.WITHDRAW_NOTICE, CaseState.NOTICE_WITHDRAWN),
        (
            (replace(LINE, status=NoticeStatus.WITHDRAWN),),
            ENTRY,
            CaseEvent.WITHDRAW_NOTICE,
            CaseState.NOTICE_WITHDRAWN,
        ),
        ((LINE,), replace(ENTRY, live=False), CaseEvent.END_SERVICE, CaseState.SERVICE_ENDED),
        ((LINE,), replace(ENTRY, service_status=ServiceStatus.ENDED), CaseEvent.END_SERVICE, CaseState.SERVICE_ENDED),
        (
            (replace(LINE, decision=MatchDecision.REJECTED, decided_level=MatchLevel.CONFIRMED),),
            ENTRY,
            CaseEvent.REJECT_MATCH,
            CaseState.FALSE_MATCH,
        ),
    ],
)
def test_when_no_line_is_at_risk_any_more_the_case_ends_and_says_why(
    lines: tuple[Line, ...], entry: Entry, event: CaseEvent, state: CaseState
) -> None:
    made = reviewed(standing(), *lines, entry=entry)
    gathered = NOW + timedelta(seconds=CouncilPolicy().grouping_seconds)
    told_at = gathered if state is CaseState.NOTICE_WITHDRAWN else None
    assert (events(made), made.case.state, made.case.due_at) == ([event], state, told_at)
    assert reviewed(made.case, *lines, entry=entry).transitions == ()


@pytest.mark.parametrize("state", [CaseState.NOTICE_WITHDRAWN, CaseState.SERVICE_ENDED, CaseState.FALSE_MATCH])
def test_danger_that_comes_back_opens_an_ended_case(state: CaseState) -> None:
    over = replace(standing(state), lines=0)
    made = reviewed(over, LINE)
    assert (events(made), made.case.state, made.case.due_at) == (
        [CaseEvent.NEW_NOTICE],
        CaseState.OPEN,
        NOW + GATHERING,
    )


@pytest.mark.parametrize(
    "state", [CaseState.CLOSED, CaseState.POST_CHECK_PASSED, CaseState.FALSE_MATCH, CaseState.HOLD_CONFIRMED]
)
def test_another_notice_opens_a_case_that_is_over_or_held(state: CaseState) -> None:
    made = reviewed(standing(state, hold_until=date(2027, 1, 10)), LINE, SECOND)
    assert (events(made), made.case.state) == ([CaseEvent.NEW_NOTICE], CaseState.OPEN)


def test_another_notice_does_not_undo_a_confirmation() -> None:
    assert reviewed(standing(CaseState.CONFIRMED_SAFE), LINE, SECOND).case.state is CaseState.CONFIRMED_SAFE


def test_a_line_that_moved_unconfirmed_is_an_alarm_and_a_confirmed_one_owes_its_test() -> None:
    moved = replace(LINE, status=NoticeStatus.COMPLETED)
    assert reviewed(standing(), moved).case.state is CaseState.MIGRATED_UNCONFIRMED
    assert reviewed(standing(CaseState.CONFIRMED_SAFE), moved).case.state is CaseState.MIGRATED


def test_a_confirmed_line_is_taken_to_have_moved_the_day_after_its_date() -> None:
    safe = standing(CaseState.CONFIRMED_SAFE)
    assert reviewed(safe, LINE, now=NOW + 10 * DAY).case.state is CaseState.CONFIRMED_SAFE
    assert reviewed(safe, LINE, now=NOW + 11 * DAY).case.state is CaseState.MIGRATED


def test_what_happens_in_an_area_is_not_known_to_happen_to_the_line() -> None:
    told = replace(POSSIBLE, status=NoticeStatus.COMPLETED, restriction_on=NOW.date())
    assert reviewed(standing(CaseState.OPEN, POSSIBLE), told).case.state is CaseState.OPEN


def test_a_person_who_confirms_a_possible_match_makes_it_as_sure_as_a_number() -> None:
    sure = replace(POSSIBLE, decision=MatchDecision.CONFIRMED, decided_level=MatchLevel.POSSIBLE)
    assert reviewed(standing(CaseState.OPEN, POSSIBLE), sure).case.level is MatchLevel.CONFIRMED


def test_a_restriction_is_told_on_its_day_and_once() -> None:
    line = replace(LINE, restriction_on=date(2026, 11, 25))
    case = standing(CaseState.ACKNOWLEDGED, line, paused_until=NOW + 5 * DAY)
    assert reviewed(case, line, now=NOW + DAY).transitions == ()
    made = reviewed(case, line, now=NOW + 2 * DAY)
    assert (events(made), made.case.state) == ([CaseEvent.RESTRICT_LINE], CaseState.LINE_RESTRICTED)
    assert reviewed(made.case, line, now=NOW + 3 * DAY).transitions == ()


def test_the_case_is_looked_at_on_the_day_a_restriction_begins() -> None:
    line = replace(LINE, planned_on=date(2027, 6, 1), restriction_on=date(2027, 5, 1))
    case = standing(CaseState.CONFIRMED_SAFE, line)
    week_before = datetime(2027, 4, 29, tzinfo=UTC)
    assert reviewed(case, line, now=week_before).case.due_at == datetime(2027, 4, 30, 23, tzinfo=UTC)


def test_an_open_case_is_looked_at_every_week_however_far_off_its_next_day_is() -> None:
    line = replace(LINE, planned_on=date(2027, 6, 1))
    assert reviewed(standing(CaseState.CONFIRMED_SAFE, line), line).case.due_at == NOW + 7 * DAY


def test_a_hold_ends_the_day_after_its_last() -> None:
    seen = {"1": {"provider": "RAVN", "known_as": "planned", "held_until": "2026-12-20"}}
    held = standing(CaseState.HOLD_CONFIRMED, hold_until=date(2026, 12, 20), seen=seen)
    at_its_last = reviewed(held, LINE, now=datetime(2026, 12, 20, 23, tzinfo=UTC))
    assert (at_its_last.transitions, at_its_last.case.due_at) == ((), datetime(2026, 12, 21, tzinfo=UTC))
    over = reviewed(held, LINE, now=datetime(2026, 12, 21, tzinfo=UTC))
    assert (events(over), over.case.state, over.case.hold_until) == ([CaseEvent.END_HOLD], CaseState.OPEN, None)


def test_an_acknowledgement_lapses_when_its_pause_is_over() -> None:
    paused = standing(CaseState.ACKNOWLEDGED, paused_until=NOW + DAY)
    assert reviewed(paused, LINE).case.due_at == NOW + DAY
    made = reviewed(paused, LINE, now=NOW + DAY)
    assert (events(made), made.case.state) == ([CaseEvent.ACKNOWLEDGEMENT_LAPSED], CaseState.OPEN)


@pytest.mark.parametrize("state", [CaseState.CONFIRMED_SAFE, CaseState.POST_CHECK_PASSED, CaseState.CLOSED])
def test_an_interim_solution_is_looked_at_again_on_its_day_and_once(state: CaseState) -> None:
    line = replace(LINE, planned_on=date(2030 if state is CaseState.CONFIRMED_SAFE else 2026, 1, 1))
    case = standing(state, line, review_on=date(2028, 6, 1), tested_on=date(2026, 11, 20))
    made = reviewed(case, line, now=datetime(2028, 6, 1, 9, tzinfo=UTC))
    assert (events(made), made.case.state, made.case.review_on) == ([CaseEvent.REVIEW_DUE], CaseState.OPEN, None)


def test_a_rejected_line_counts_again_when_it_is_found_by_surer_evidence() -> None:
    word = replace(LINE, level=MatchLevel.PROBABLE, decision=MatchDecision.REJECTED, decided_level=MatchLevel.PROBABLE)
    over = reviewed(standing(CaseState.OPEN, replace(LINE, level=MatchLevel.PROBABLE)), word).case
    assert over.state is CaseState.FALSE_MATCH
    surer = replace(word, level=MatchLevel.CONFIRMED)
    assert reviewed(replace(over, revision=2), surer).case.state is CaseState.OPEN


def test_a_review_never_leaves_an_open_case_without_a_time_to_look_at_it() -> None:
    for state in CaseState:
        case = reviewed(standing(state), LINE).case
        assert case.clock_stopped or case.due_at is not None


RESTRICTED = replace(LINE, planned_on=date(2027, 3, 1), restriction_on=date(2026, 12, 1))
FAR = replace(LINE, planned_on=date(2027, 1, 10))
HELD = {"1": {"provider": "RAVN", "known_as": "planned", "held_until": "2026-11-30"}}


@pytest.mark.parametrize(
    ("case", "line", "event"),
    [
        (
            standing(CaseState.ACKNOWLEDGED, RESTRICTED, paused_until=NOW + 30 * DAY),
            RESTRICTED,
            CaseEvent.RESTRICT_LINE,
        ),
        (standing(CaseState.HOLD_CONFIRMED, FAR, hold_until=date(2026, 11, 30), seen=HELD), FAR, CaseEvent.END_HOLD),
        (standing(CaseState.CONFIRMED_SAFE, FAR, review_on=date(2026, 12, 1)), FAR, CaseEvent.REVIEW_DUE),
    ],
    ids=["a restriction", "a hold that ends", "a re-test"],
)
def test_a_day_that_brings_danger_back_is_told_at_once_whatever_was_told_before(
    case: Case, line: Line, event: CaseEvent
) -> None:
    then = datetime(2026, 12, 1, 10, tzinfo=UTC)
    made = reviewed(replace(case, last_alert_at=then - timedelta(minutes=1), last_threshold=0), line, now=then)
    assert events(made) == [event]
    assert made.message is not None
    assert made.message.due_at <= then
    assert made.case.facts > case.facts, "an acknowledgement of an older message does not cover it"
