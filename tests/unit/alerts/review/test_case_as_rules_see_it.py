from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.codes import CaseState, MatchDecision, MatchLevel, NoticeStatus
from services.alerts.policy.policy import CaseClock
from services.alerts.review.case import Line
from services.alerts.states.machine import CLOCK_STOPPED, ENDED
from tests.unit.alerts.review.cases import DAY, HOUR, LINE, NOW, case


def test_the_policy_sees_the_state_the_dates_and_what_has_been_told() -> None:
    made = case(CaseState.ACKNOWLEDGED, paused_until=NOW + DAY, tried_at=NOW)
    assert made.clock == CaseClock(
        state=CaseState.ACKNOWLEDGED,
        level=MatchLevel.CONFIRMED,
        harm_on=LINE.planned_on,
        opened_at=NOW - HOUR,
        last_alert_at=NOW - HOUR,
        last_threshold=14,
        paused_until=NOW + DAY,
        tried_at=NOW,
        claimed=False,
        warned=True,
    )


def test_a_case_of_which_no_line_is_known_counts_as_possible() -> None:
    assert case(level=None).clock.level == "possible"


@pytest.mark.parametrize(
    ("providers", "claimed_by", "claimed"),
    [
        (("RAVN",), (), False),
        (("RAVN",), ("RAVN",), True),
        (("HRBR", "RAVN"), ("RAVN",), False),
        (("HRBR", "RAVN"), ("HRBR", "RAVN"), True),
        ((), (), False),
    ],
)
def test_a_move_is_one_provider_s_word_only_while_no_other_provider_has_a_line_at_risk(
    providers: tuple[str, ...], claimed_by: tuple[str, ...], claimed: bool
) -> None:
    assert case(providers=providers, claimed_by=claimed_by).clock.claimed is claimed


def test_a_case_is_over_or_at_rest_by_its_state_alone() -> None:
    assert {state for state in CaseState if case(state).ended} == ENDED
    assert {state for state in CaseState if case(state).clock_stopped} == CLOCK_STOPPED


def test_only_a_withdrawn_notice_makes_a_case_withdrawn() -> None:
    assert [state for state in CaseState if case(state).withdrawn] == [CaseState.NOTICE_WITHDRAWN]


@pytest.mark.parametrize(
    ("status", "moved", "reported"),
    [("planned", False, False), ("completed", True, True), ("reverted", False, True), ("withdrawn", False, False)],
)
def test_a_notice_reports_what_was_done_or_says_what_is_planned(status: str, moved: bool, reported: bool) -> None:
    line = replace(LINE, status=NoticeStatus(status))
    assert (line.moved, line.reported) == (moved, reported)


@pytest.mark.parametrize(
    ("planned", "moved_on"),
    [
        (None, date(2026, 6, 2)),
        (date(2026, 6, 1), date(2026, 6, 1)),
        (date(2026, 6, 2), date(2026, 6, 2)),
        (date(2026, 6, 9), date(2026, 6, 2)),
    ],
)
def test_a_move_was_made_on_its_planned_day_but_never_after_it_was_reported(
    planned: date | None, moved_on: date
) -> None:
    reported = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    assert replace(LINE, planned_on=planned, issued_at=reported).moved_on == moved_on


def test_what_a_notice_says_of_harm_changes_with_its_status_and_its_days() -> None:
    assert replace(LINE, restriction_on=date(2026, 11, 29)).fingerprint == "planned 2026-12-03 2026-11-29"
    assert LINE.fingerprint == "planned 2026-12-03 None"


@pytest.mark.parametrize(
    ("changes", "standing", "alertable", "known_as"),
    [
        ({}, MatchLevel.CONFIRMED, True, "planned"),
        ({"level": MatchLevel.PROBABLE}, MatchLevel.PROBABLE, True, "planned"),
        ({"level": MatchLevel.POSSIBLE}, MatchLevel.POSSIBLE, False, "possible"),
        ({"level": MatchLevel.POSSIBLE, "decision": MatchDecision.CONFIRMED}, MatchLevel.CONFIRMED, True, "planned"),
    ],
)
def test_a_line_is_known_to_be_the_alarm_s_unless_it_is_merely_possible(
    changes: dict[str, Any], standing: MatchLevel, alertable: bool, known_as: str
) -> None:
    line: Line = replace(LINE, **changes)
    assert (line.standing, line.alertable, line.known_as) == (standing, alertable, known_as)


@pytest.mark.parametrize(
    ("decision", "decided", "level", "counts"),
    [
        ("rejected", "probable", "probable", "rejected"),
        ("rejected", "probable", "possible", "rejected"),
        ("rejected", "probable", MatchLevel.CONFIRMED, "undecided"),
        ("rejected", None, MatchLevel.CONFIRMED, "rejected"),
        (MatchLevel.CONFIRMED, "possible", MatchLevel.CONFIRMED, MatchLevel.CONFIRMED),
        ("undecided", "possible", MatchLevel.CONFIRMED, "undecided"),
    ],
)
def test_surer_evidence_than_a_person_saw_opens_the_question_again(
    decision: str, decided: str | None, level: str, counts: str
) -> None:
    line = replace(
        LINE,
        level=MatchLevel(level),
        decision=MatchDecision(decision),
        decided_level=MatchLevel(decided) if decided else None,
    )
    assert line.effective_decision is MatchDecision(counts)
