from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.codes import CaseEvent, CaseState, Connection, MatchDecision, MatchLevel, NoticeStatus, ServiceStatus
from services.alerts.review.case import Case, Entry, Line, Rival
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.review.step import Transition, new_case
from tests.unit.alerts.review.cases import (
    DAY,
    ENTRY,
    GATHERING,
    HOUR,
    KNOWN,
    LINE,
    MINUTE,
    NOW,
    OTHER,
    POLICY,
    RULES,
    TODAY,
    case,
    events,
    knowing,
    memory,
    reviewed,
)

ENDED_SERVICE = replace(ENTRY, service_status=ServiceStatus.ENDED)
GONE = replace(ENTRY, live=False)
REJECTED = replace(LINE, decision=MatchDecision.REJECTED)
SAME_PROVIDER = replace(LINE, notice_pk=2)
BOTH = {**KNOWN, "2": {"provider": "RAVN", "known_as": "planned"}}
DONE = replace(LINE, status=NoticeStatus.COMPLETED, planned_on=date(2026, 11, 20), issued_at=NOW - HOUR)


def test_a_review_of_what_is_known_brings_no_news() -> None:
    made = reviewed(case(), LINE)
    assert (made.transitions, made.lines_changed) == ((), False)
    assert made.message is not None
    assert replace(made.case, due_at=None, believed=None) == case()


def test_what_has_just_happened_comes_before_what_is_found() -> None:
    acted = Transition(CaseEvent.BOOK_VISIT, CaseState.OPEN, CaseState.VISIT_BOOKED)
    made = what_is_owed(case(CaseState.VISIT_BOOKED), ENTRY, [], CasePolicy(POLICY, RULES), NOW, [acted])
    assert [one.event for one in made.transitions] == [CaseEvent.BOOK_VISIT, CaseEvent.WITHDRAW_NOTICE]


def test_a_clock_that_ran_ahead_is_set_right_before_anything_else_and_that_is_told() -> None:
    ahead = {"on": "2026-12-24T00:00:00+00:00", "event": "end_hold", "from": "hold_confirmed", "to": "open"}
    steps = ({**ahead, "hold_until": "2026-12-23", "review_on": None, "line": None},)
    made = reviewed(case(time_steps=steps), LINE)
    assert (events(made), made.case.state) == ([CaseEvent.CORRECT_CLOCK], CaseState.HOLD_CONFIRMED)


@pytest.mark.parametrize(
    ("entry", "lines", "event"),
    [
        (GONE, [LINE], CaseEvent.END_SERVICE),
        (ENDED_SERVICE, [LINE], CaseEvent.END_SERVICE),
        (ENTRY, [], CaseEvent.WITHDRAW_NOTICE),
        (ENTRY, [REJECTED], CaseEvent.REJECT_MATCH),
        (ENTRY, [REJECTED, replace(OTHER, status=NoticeStatus.WITHDRAWN)], CaseEvent.WITHDRAW_NOTICE),
        (
            replace(ENTRY, connection=Connection.SIM),
            [replace(LINE, level=MatchLevel.PROBABLE)],
            CaseEvent.WITHDRAW_NOTICE,
        ),
    ],
)
def test_a_case_of_which_no_line_is_at_risk_any_more_says_why(
    entry: Entry, lines: list[Line], event: CaseEvent
) -> None:
    made = reviewed(case(), *lines, entry=entry)
    assert (events(made), made.case.lines) == ([event], 0)
    assert made.transitions[0].providers is None


def test_two_versions_that_both_withdraw_a_notice_withdraw_it() -> None:
    gone = replace(LINE, status=NoticeStatus.WITHDRAWN, rival=Rival(NoticeStatus.WITHDRAWN, None, None))
    assert events(reviewed(case(), gone)) == [CaseEvent.WITHDRAW_NOTICE]


def test_a_rejection_recorded_of_the_case_ends_it_as_a_false_match() -> None:
    assert events(reviewed(case(seen=knowing(rejected="confirmed")), LINE)) == [CaseEvent.REJECT_MATCH]


def test_a_line_that_a_test_after_its_move_has_covered_ends_nothing_by_itself() -> None:
    checked = case(
        CaseState.POST_CHECK_PASSED, tested_on=TODAY, seen={"1": {"provider": "RAVN", "known_as": "completed"}}
    )
    assert events(reviewed(checked, DONE)) == []
    assert events(reviewed(checked, DONE, entry=GONE)) == [CaseEvent.END_SERVICE]


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({}, [CaseEvent.END_SERVICE]),
        ({"revision": 0}, []),
        ({"state": CaseState.SERVICE_ENDED}, []),
    ],
)
def test_an_entry_that_is_gone_ends_a_case_once_also_where_no_line_was_at_risk(
    changes: dict[str, Any], event: list[CaseEvent]
) -> None:
    for entry in (GONE, ENDED_SERVICE):
        assert events(reviewed(case(**{"lines": 0, "seen": {}, **changes}), entry=entry)) == event
    assert events(reviewed(case(**{"lines": 0, "seen": {}, **changes}))) == []


def test_a_case_that_was_never_saved_has_no_news() -> None:
    fresh = new_case(1, "C-2222-2222", ENTRY, RULES, NOW)
    made = reviewed(fresh, LINE, OTHER)
    assert (made.transitions, made.lines_changed) == ((), False)
    assert (made.case.lines, made.case.providers) == (2, ("HRBR", "RAVN"))


@pytest.mark.parametrize(
    ("before", "lines", "told"),
    [
        (case(CaseState.NOTICE_WITHDRAWN), [LINE], [CaseEvent.NEW_NOTICE]),
        (case(lines=0), [LINE], [CaseEvent.NEW_NOTICE]),
        (case(CaseState.CLOSED), [LINE, SAME_PROVIDER], [CaseEvent.NEW_NOTICE]),
        (case(CaseState.HOLD_CONFIRMED), [LINE, SAME_PROVIDER], [CaseEvent.NEW_NOTICE]),
        (case(), [LINE, SAME_PROVIDER], []),
        (case(), [LINE, OTHER], [CaseEvent.NEW_NOTICE]),
        (case(), [LINE, replace(OTHER, level=MatchLevel.POSSIBLE)], []),
        (case(level=MatchLevel.PROBABLE), [LINE], [CaseEvent.MATCH_SURER]),
        (case(level=MatchLevel.CONFIRMED), [replace(LINE, level=MatchLevel.PROBABLE)], []),
        (case(level=MatchLevel.PROBABLE), [LINE, OTHER], [CaseEvent.MATCH_SURER]),
        (case(harm_on=date(2026, 12, 4)), [LINE], [CaseEvent.MOVE_DATE_EARLIER]),
        (case(harm_on=date(2026, 12, 2)), [LINE], [CaseEvent.MOVE_DATE_LATER]),
        (case(harm_on=None), [LINE], [CaseEvent.MOVE_DATE_EARLIER]),
        (case(level=None), [LINE], []),
    ],
)
def test_news_of_lines_is_told_once_and_of_the_greatest_danger_first(
    before: Case, lines: list[Line], told: list[CaseEvent]
) -> None:
    assert events(reviewed(before, *lines)) == told


def test_a_line_that_has_moved_is_no_new_notice() -> None:
    unknown = replace(DONE, notice_pk=2)
    assert CaseEvent.NEW_NOTICE not in events(reviewed(case(CaseState.HOLD_CONFIRMED), LINE, unknown))


@pytest.mark.parametrize(
    ("seen", "lines", "told"),
    [
        (BOTH, [LINE, SAME_PROVIDER], [CaseEvent.LINE_AT_RISK]),
        ({"1": {**KNOWN["1"], "held_until": "2026-12-20"}}, [LINE], []),
        ({"1": {**KNOWN["1"], "held_until": "2026-12-19"}}, [LINE], [CaseEvent.LINE_AT_RISK]),
        (
            {"1": {**KNOWN["1"], "held_until": "2026-12-20"}, "2": {"provider": "RAVN", "known_as": "possible"}},
            [LINE, replace(SAME_PROVIDER, level=MatchLevel.POSSIBLE)],
            [],
        ),
    ],
)
def test_a_hold_answers_for_the_lines_it_was_given_for(
    seen: dict[str, Any], lines: list[Line], told: list[CaseEvent]
) -> None:
    held = case(CaseState.HOLD_CONFIRMED, hold_until=date(2026, 12, 20), lines=len(lines), seen=seen)
    assert events(reviewed(held, *lines)) == told
    assert events(reviewed(replace(held, state=CaseState.VISIT_BOOKED), *lines)) == []
    assert events(reviewed(replace(held, hold_until=None), *lines)) == []


def test_a_case_that_was_checked_opens_again_for_a_line_that_the_test_did_not_cover() -> None:
    assert events(reviewed(case(CaseState.CLOSED), LINE)) == [CaseEvent.LINE_AT_RISK]
    made = reviewed(case(CaseState.CLOSED), DONE)
    assert CaseEvent.LINE_AT_RISK not in events(made)
    assert made.case.state is CaseState.MIGRATED


def test_a_provider_that_joins_or_an_earlier_notice_is_noted_though_nothing_happens_by_it() -> None:
    near = replace(OTHER, level=MatchLevel.POSSIBLE)
    assert reviewed(case(), LINE, near).lines_changed
    assert reviewed(case(providers=("HRBR", "RAVN")), LINE).lines_changed
    assert reviewed(case(), replace(LINE, issued_at=LINE.issued_at - DAY)).lines_changed
    assert not reviewed(case(), replace(LINE, issued_at=LINE.issued_at + HOUR)).lines_changed
    assert not reviewed(case(), LINE, OTHER).lines_changed
    assert not reviewed(case(revision=0, providers=()), LINE).lines_changed


TIED = replace(LINE, revision=6, rival=Rival(NoticeStatus.PLANNED, LINE.planned_on, None))


def test_two_versions_that_differ_are_told_once_with_their_provider() -> None:
    made = reviewed(case(), TIED)
    assert [(one.event, one.providers) for one in made.transitions] == [(CaseEvent.VERSIONS_DIFFER, ("RAVN",))]
    assert memory(made.case).doubted == 6
    assert memory(made.case).known_as == "planned"
    assert reviewed(made.case, TIED).transitions == ()


@pytest.mark.parametrize(
    ("seen", "told"), [({"doubted": 5}, 1), ({"doubted": 6}, 0), ({"settled": 6}, 0), ({"settled": 5}, 1)]
)
def test_what_was_told_or_settled_of_another_version_says_nothing_of_this_one(seen: dict[str, int], told: int) -> None:
    assert events(reviewed(case(seen=knowing(**seen)), TIED)) == [CaseEvent.VERSIONS_DIFFER] * told


def test_a_new_case_takes_its_doubt_over_and_every_line_has_its_own() -> None:
    fresh = reviewed(new_case(1, "C-2222-2222", ENTRY, RULES, NOW), LINE, replace(TIED, notice_pk=2))
    assert (fresh.transitions, memory(fresh.case, 2).doubted, memory(fresh.case, 1).doubted) == ((), 6, None)
    told = reviewed(case(seen=BOTH, lines=2), LINE, replace(TIED, notice_pk=2))
    assert events(told) == [CaseEvent.VERSIONS_DIFFER]


def test_a_first_message_waits_for_others_and_a_later_one_for_nobody() -> None:
    fresh = case(last_alert_at=None, last_threshold=None, opened_at=NOW)
    assert reviewed(fresh, LINE).case.due_at == NOW + GATHERING
    early = replace(fresh, opened_at=datetime(2026, 11, 23, 5, tzinfo=UTC))
    assert reviewed(early, LINE).case.due_at == datetime(2026, 11, 23, 9, tzinfo=UTC)
    tried = replace(fresh, tried_at=NOW - 2 * HOUR)
    made = reviewed(tried, LINE)
    assert made.message is not None
    assert made.case.due_at == made.message.due_at


@pytest.mark.parametrize(
    ("changes", "line", "due"),
    [
        ({"state": CaseState.ACKNOWLEDGED, "paused_until": NOW + MINUTE}, LINE, NOW + MINUTE),
        ({"state": CaseState.ACKNOWLEDGED, "paused_until": NOW + 13 * HOUR}, LINE, NOW + 13 * HOUR),
        ({"state": CaseState.VISIT_BOOKED, "paused_until": NOW + 13 * HOUR}, LINE, NOW + 23 * HOUR),
        ({"state": CaseState.CONFIRMED_SAFE}, LINE, NOW + 7 * DAY),
        (
            {"state": CaseState.CONFIRMED_SAFE},
            replace(LINE, restriction_on=date(2026, 11, 25)),
            datetime(2026, 11, 25, tzinfo=UTC),
        ),
        ({"state": CaseState.CLOSED, "tested_on": date(2026, 12, 5)}, LINE, None),
        (
            {"state": CaseState.CLOSED, "tested_on": date(2026, 12, 5), "review_on": date(2028, 6, 1)},
            LINE,
            datetime(2028, 5, 31, 23, tzinfo=UTC),
        ),
    ],
)
def test_a_case_is_looked_at_when_a_day_turns_a_pause_ends_or_a_week_has_gone(
    changes: dict[str, Any], line: Line, due: datetime | None
) -> None:
    changes = {"harm_on": min(day for day in (line.planned_on, line.restriction_on) if day), **changes}
    assert reviewed(case(**changes), line).case.due_at == due
