from __future__ import annotations

from collections import deque
from collections.abc import Collection

import pytest

from schemas.codes import CaseEvent, CaseState
from services.alerts.states.machine import (
    ALERTS_AT_ONCE,
    CLOCK_STOPPED,
    ENDED,
    MOVED,
    URGENT,
    Move,
    Refuse,
    Stay,
    decide,
)
from services.alerts.states.machine_states import AT_WORK
from services.alerts.states.machine_table import TABLE, event_row, refused, stays, to

S, E = CaseState, CaseEvent

EVENTS_THAT_MAY_STOP_THE_CLOCK = {
    E.CONFIRM_SAFE,
    E.CONFIRM_HOLD,
    E.PASS_POST_CHECK,
    E.CLOSE,
    E.REJECT_MATCH,
    E.END_SERVICE,
    E.WITHDRAW_NOTICE,
}
NO_LONGER_AT_RISK = {E.REJECT_MATCH, E.END_SERVICE, E.WITHDRAW_NOTICE}


def after(state: CaseState, *events: CaseEvent) -> CaseState:
    for event in events:
        decision = decide(state, event)
        assert not isinstance(decision, Refuse), f"{event} is refused in {state}"
        state = decision.to if isinstance(decision, Move) else state
    return state


def ways_out(state: CaseState, without: Collection[CaseEvent] = ()) -> set[CaseState]:
    seen, waiting = {state}, deque([state])
    while waiting:
        here = waiting.popleft()
        moves = [decide(here, event) for event in CaseEvent if event not in without]
        new = {move.to for move in moves if isinstance(move, Move)} - seen
        seen |= new
        waiting.extend(new)
    return seen


def test_every_event_is_decided_in_every_state() -> None:
    assert {(event, state) for event, decisions in TABLE.items() for state in decisions} == {
        (event, state) for event in CaseEvent for state in CaseState
    }


def test_a_row_that_forgets_a_state_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="exactly once"):
        event_row(stays(frozenset(CaseState) - {S.OPEN}))


def test_a_row_that_decides_a_state_twice_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="exactly once"):
        event_row(to(S.OPEN, ENDED), refused("no", frozenset(CaseState)))


def test_a_move_always_leads_to_another_state() -> None:
    assert not [(e, s) for e in CaseEvent for s in CaseState if decide(s, e) == Move(s)]


def test_a_refusal_says_why_in_a_sentence() -> None:
    reasons = {d.reason for r in TABLE.values() for d in r.values() if isinstance(d, Refuse)}
    assert reasons
    assert all(reason[0].isupper() and reason.endswith(".") for reason in reasons)


def test_the_usual_way_leads_from_open_to_closed_one_step_at_a_time() -> None:
    steps = [
        (E.ACKNOWLEDGE, S.ACKNOWLEDGED),
        (E.CONTACT_RESIDENT, S.RESIDENT_CONTACTED),
        (E.BOOK_VISIT, S.VISIT_BOOKED),
        (E.FIT_SOLUTION, S.SOLUTION_FITTED),
        (E.PASS_TEST, S.TEST_PASSED),
        (E.CONFIRM_SAFE, S.CONFIRMED_SAFE),
        (E.MIGRATE_LINE, S.MIGRATED),
        (E.PASS_POST_CHECK, S.POST_CHECK_PASSED),
        (E.CLOSE, S.CLOSED),
    ]
    state = S.OPEN
    for event, expected in steps:
        state = after(state, event)
        assert state is expected


def test_steps_may_be_skipped_forward() -> None:
    assert after(S.OPEN, E.FIT_SOLUTION) is S.SOLUTION_FITTED
    assert after(S.OPEN, E.CONFIRM_SAFE) is S.CONFIRMED_SAFE
    assert after(S.OPEN, E.CONFIRM_HOLD) is S.HOLD_CONFIRMED


@pytest.mark.parametrize("event", [E.ACKNOWLEDGE, E.CONTACT_RESIDENT, E.BOOK_VISIT])
def test_a_step_recorded_late_does_not_take_the_case_back(event: CaseEvent) -> None:
    assert after(S.TEST_PASSED, event) is S.TEST_PASSED


@pytest.mark.parametrize("state", [S.TEST_PASSED, S.CONFIRMED_SAFE])
def test_a_new_solution_must_be_tested_again(state: CaseState) -> None:
    assert after(state, E.FIT_SOLUTION) is S.SOLUTION_FITTED


def test_only_an_open_case_becomes_acknowledged() -> None:
    assert after(S.OPEN, E.ACKNOWLEDGE) is S.ACKNOWLEDGED
    assert all(decide(state, E.ACKNOWLEDGE) == Stay() for state in set(CaseState) - {S.OPEN})


def test_an_acknowledgement_that_lapsed_leaves_the_case_open() -> None:
    assert after(S.ACKNOWLEDGED, E.ACKNOWLEDGEMENT_LAPSED) is S.OPEN


@pytest.mark.parametrize("event", sorted(set(CaseEvent) - EVENTS_THAT_MAY_STOP_THE_CLOCK))
def test_nothing_but_a_confirmation_a_confirmed_hold_or_an_end_stops_the_clock(event: CaseEvent) -> None:
    running = set(CaseState) - CLOCK_STOPPED
    assert not [state for state in running if after_if_allowed(state, event) in CLOCK_STOPPED]


def after_if_allowed(state: CaseState, event: CaseEvent) -> CaseState:
    decision = decide(state, event)
    return decision.to if isinstance(decision, Move) else state


def test_asking_for_a_hold_stops_nothing() -> None:
    assert after(S.RESIDENT_DECLINED, E.REQUEST_HOLD) is S.HOLD_REQUESTED
    assert S.HOLD_REQUESTED not in CLOCK_STOPPED


def test_a_hold_can_be_confirmed_refused_asked_again_and_taken_back() -> None:
    assert after(S.HOLD_REQUESTED, E.CONFIRM_HOLD) is S.HOLD_CONFIRMED
    assert after(S.HOLD_REQUESTED, E.REFUSE_HOLD, E.REQUEST_HOLD) is S.HOLD_REQUESTED
    assert after(S.HOLD_CONFIRMED, E.REFUSE_HOLD) is S.HOLD_REFUSED


@pytest.mark.parametrize("event", [E.END_HOLD, E.MOVE_DATE_EARLIER, E.MOVE_DATE_LATER, E.NEW_NOTICE])
def test_a_hold_ends_with_its_time_with_a_moved_date_and_with_a_new_notice(event: CaseEvent) -> None:
    assert after(S.HOLD_CONFIRMED, event) is S.OPEN


@pytest.mark.parametrize("state", sorted(AT_WORK | {S.HOLD_CONFIRMED, S.REVERTED}))
def test_a_line_restricted_before_the_resident_is_safe_is_an_alarm(state: CaseState) -> None:
    assert after(state, E.RESTRICT_LINE) is S.LINE_RESTRICTED


def test_a_restriction_does_not_undo_a_confirmation() -> None:
    assert after(S.CONFIRMED_SAFE, E.RESTRICT_LINE) is S.CONFIRMED_SAFE


@pytest.mark.parametrize("event", [E.ACKNOWLEDGE, E.CONTACT_RESIDENT, E.BOOK_VISIT, E.FIT_SOLUTION, E.CONFIRM_HOLD])
def test_a_restricted_line_stays_an_alarm_whatever_work_is_recorded(event: CaseEvent) -> None:
    assert after(S.LINE_RESTRICTED, event) is S.LINE_RESTRICTED


def test_a_restricted_line_is_left_by_a_test_call_or_a_confirmation() -> None:
    assert after(S.LINE_RESTRICTED, E.PASS_TEST) is S.TEST_PASSED
    assert after(S.LINE_RESTRICTED, E.CONFIRM_SAFE) is S.CONFIRMED_SAFE


@pytest.mark.parametrize(
    "state", sorted(AT_WORK | {S.HOLD_CONFIRMED, S.LINE_RESTRICTED, S.REVERTED, S.NOTICE_WITHDRAWN})
)
def test_a_line_moved_before_the_confirmation_is_moved_unconfirmed(state: CaseState) -> None:
    assert after(state, E.MIGRATE_LINE) is S.MIGRATED_UNCONFIRMED


def test_a_line_moved_unconfirmed_cannot_get_round_the_test_after_the_move() -> None:
    shortcuts = ways_out(S.MIGRATED_UNCONFIRMED, {E.PASS_POST_CHECK, E.REVERT_LINE} | NO_LONGER_AT_RISK)
    assert shortcuts == {S.MIGRATED_UNCONFIRMED, S.MIGRATED}
    assert not MOVED & CLOCK_STOPPED


@pytest.mark.parametrize("state", sorted(MOVED))
def test_a_moved_line_is_closed_after_its_test_and_not_before(state: CaseState) -> None:
    assert isinstance(decide(state, E.CLOSE), Refuse)
    assert after(state, E.PASS_POST_CHECK, E.CLOSE) is S.CLOSED


@pytest.mark.parametrize("state", sorted(set(CaseState) - ENDED - MOVED))
def test_a_test_after_the_move_is_refused_before_the_move(state: CaseState) -> None:
    assert isinstance(decide(state, E.PASS_POST_CHECK), Refuse)


@pytest.mark.parametrize("state", [S.MIGRATED, S.POST_CHECK_PASSED, S.CLOSED])
def test_a_test_that_fails_after_the_move_is_an_alarm(state: CaseState) -> None:
    assert after(state, E.FAIL_TEST) is S.MIGRATED_UNCONFIRMED


def test_a_test_that_fails_undoes_a_confirmation() -> None:
    assert after(S.CONFIRMED_SAFE, E.FAIL_TEST) is S.TEST_FAILED


@pytest.mark.parametrize("state", sorted(set(CaseState) - {S.REVERTED, S.FALSE_MATCH, S.SERVICE_ENDED}))
def test_a_line_put_back_on_copper_asks_for_a_visit(state: CaseState) -> None:
    assert after(state, E.REVERT_LINE) is S.REVERTED
    assert after(S.REVERTED, E.BOOK_VISIT) is S.VISIT_BOOKED


def test_a_withdrawn_notice_ends_the_case_of_a_line_that_has_not_moved() -> None:
    assert all(after(state, E.WITHDRAW_NOTICE) is S.NOTICE_WITHDRAWN for state in set(CaseState) - ENDED - MOVED)


@pytest.mark.parametrize("state", sorted(MOVED))
def test_a_withdrawn_notice_comes_too_late_for_a_line_that_has_moved(state: CaseState) -> None:
    assert after(state, E.WITHDRAW_NOTICE) is state


def test_a_line_touched_after_its_notice_was_withdrawn_is_an_alarm() -> None:
    assert after(S.NOTICE_WITHDRAWN, E.RESTRICT_LINE) is S.LINE_RESTRICTED
    assert after(S.NOTICE_WITHDRAWN, E.MIGRATE_LINE) is S.MIGRATED_UNCONFIRMED


@pytest.mark.parametrize("state", sorted(ENDED))
def test_a_new_notice_opens_every_ended_case_again(state: CaseState) -> None:
    assert after(state, E.NEW_NOTICE) is S.OPEN


@pytest.mark.parametrize("event", [E.MOVE_DATE_EARLIER, E.MOVE_DATE_LATER])
def test_a_new_date_opens_a_withdrawn_case_but_undoes_nobodys_decision(event: CaseEvent) -> None:
    assert after(S.NOTICE_WITHDRAWN, event) is S.OPEN
    unchanged = ENDED - {S.NOTICE_WITHDRAWN}
    assert all(after(state, event) is state for state in unchanged)


def test_a_date_moved_earlier_ends_an_acknowledgement() -> None:
    assert after(S.ACKNOWLEDGED, E.MOVE_DATE_EARLIER) is S.OPEN
    assert after(S.ACKNOWLEDGED, E.MOVE_DATE_LATER) is S.ACKNOWLEDGED
    assert E.MOVE_DATE_EARLIER in ALERTS_AT_ONCE


@pytest.mark.parametrize("state", [S.CONFIRMED_SAFE, S.POST_CHECK_PASSED, S.CLOSED])
def test_an_interim_solution_opens_its_case_again_when_its_review_is_due(state: CaseState) -> None:
    assert after(state, E.REVIEW_DUE) is S.OPEN


@pytest.mark.parametrize("state", sorted(set(CaseState) - ENDED))
def test_a_person_may_reject_any_live_match(state: CaseState) -> None:
    assert after(state, E.REJECT_MATCH) is S.FALSE_MATCH


@pytest.mark.parametrize("state", sorted(ENDED - {S.POST_CHECK_PASSED, S.CLOSED}))
@pytest.mark.parametrize("event", [E.CONTACT_RESIDENT, E.FIT_SOLUTION, E.PASS_TEST, E.CONFIRM_SAFE, E.CONFIRM_HOLD])
def test_work_on_an_ended_case_is_refused(state: CaseState, event: CaseEvent) -> None:
    assert isinstance(decide(state, event), Refuse)


@pytest.mark.parametrize("state", sorted(set(CaseState) - CLOCK_STOPPED))
def test_an_officer_can_always_bring_a_case_to_its_end_by_work_alone(state: CaseState) -> None:
    assert S.CLOSED in ways_out(state, without=NO_LONGER_AT_RISK)


def test_no_urgent_state_is_at_rest() -> None:
    assert not URGENT & CLOCK_STOPPED
    assert ENDED <= CLOCK_STOPPED
