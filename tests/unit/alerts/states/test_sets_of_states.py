from __future__ import annotations

from schemas.codes import CaseEvent, CaseState
from services.alerts.review.step import KNOWN_TO_COUNCIL
from services.alerts.review.timeline import REVIEWED
from services.alerts.states.machine import ALERTS_AT_ONCE, CHECKED, CLOCK_STOPPED, ENDED, MOVED, URGENT
from services.alerts.states.machine_states import AT_WORK, NOT_AT_RISK


def names(states: frozenset[CaseState] | frozenset[CaseEvent]) -> set[str]:
    return {one.value for one in states}


def test_a_case_is_at_work_until_it_is_safe_held_touched_or_over() -> None:
    assert names(AT_WORK) == {
        "open",
        "acknowledged",
        "resident_contacted",
        "visit_booked",
        "solution_fitted",
        "test_passed",
        "no_access",
        "resident_declined",
        "test_failed",
        "hold_requested",
        "hold_refused",
    }


def test_every_state_is_of_one_kind() -> None:
    kinds = [AT_WORK, MOVED | URGENT, ENDED, CLOCK_STOPPED - ENDED]
    assert sum(len(kind) for kind in kinds) == len(CaseState)
    assert set().union(*kinds) == set(CaseState)


def test_a_line_that_moved_owes_its_test_and_one_touched_too_early_is_an_alarm() -> None:
    assert names(MOVED) == {"migrated", "migrated_unconfirmed"}
    assert names(URGENT) == {"line_restricted", "migrated_unconfirmed", "reverted"}


def test_a_case_is_over_when_it_was_checked_is_no_risk_or_has_no_notice() -> None:
    assert names(CHECKED) == {"post_check_passed", "closed"}
    assert names(NOT_AT_RISK) == {"false_match", "service_ended"}
    assert names(ENDED) == names(CHECKED) | names(NOT_AT_RISK) | {"notice_withdrawn"}


def test_only_an_end_a_confirmation_or_a_confirmed_hold_stops_the_clock() -> None:
    assert names(CLOCK_STOPPED) == names(ENDED) | {"confirmed_safe", "hold_confirmed"}


def test_a_council_knows_of_every_end_but_a_withdrawn_notice() -> None:
    assert names(KNOWN_TO_COUNCIL) == {"post_check_passed", "closed", "false_match", "service_ended"}


def test_an_interim_solution_is_reviewed_where_the_case_is_at_rest() -> None:
    assert names(REVIEWED) == {"confirmed_safe", "post_check_passed", "closed"}


def test_what_brings_a_new_danger_is_told_at_once_and_of_the_acts_of_people_only_a_refused_hold() -> None:
    assert names(ALERTS_AT_ONCE) == {
        "new_notice",
        "move_date_earlier",
        "restrict_line",
        "migrate_line",
        "revert_line",
        "review_due",
        "end_hold",
        "refuse_hold",
        "match_surer",
        "claim_line",
        "line_at_risk",
        "versions_differ",
        "changes_wait",
    }
