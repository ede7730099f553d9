from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schemas.codes import CaseEvent, CaseState, MatchLevel
from services.alerts.review.case import Case
from services.alerts.review.line_memory import LineMemory, memories
from services.alerts.review.risk import Risk, assess_risk
from services.alerts.review.step import Transition, apply, new_case, remember, with_news, with_risk
from tests.unit.alerts.review.cases import DAY, ENTRY, KNOWN, LINE, NOW, OTHER, RULES, case, knowing, memory

TOLD: dict[str, Any] = {"last_alert_at": NOW - DAY, "last_threshold": 14, "paused_until": NOW + DAY, "tried_at": NOW}
FORGOTTEN: dict[str, Any] = {"last_alert_at": None, "last_threshold": None, "paused_until": None, "tried_at": None}
NEW = Transition(CaseEvent.NEW_NOTICE, CaseState.OPEN, CaseState.OPEN)


def happened(event: CaseEvent, of: Case, providers: tuple[str, ...] | None = None) -> tuple[Case, list[Transition]]:
    told: list[Transition] = []
    return apply(of, event, NOW, told, providers), told


def risk(*lines: Any) -> Risk:
    found = assess_risk(case(), ENTRY, lines, (RULES,))
    assert found is not None
    return found


def test_a_new_case_is_open_from_now_and_nobody_has_heard_of_it() -> None:
    made = new_case(7, "C-2222-2222", ENTRY, RULES, NOW)
    assert made == Case(
        pk=7,
        reference="C-2222-2222",
        feed_id="council:E06000009",
        entry_pk=2,
        state=CaseState.OPEN,
        state_since=NOW,
        opened_at=NOW,
        rulesets=("pstn-2026",),
    )
    assert (made.warned, made.lines, made.revision) == (False, 0, 0)


def test_an_event_that_moves_a_case_is_noted_with_its_providers() -> None:
    made, told = happened(CaseEvent.BOOK_VISIT, case(), ("RAVN",))
    assert told == [Transition(CaseEvent.BOOK_VISIT, CaseState.OPEN, CaseState.VISIT_BOOKED, ("RAVN",))]
    assert (made.state, made.state_since, made.facts) == (CaseState.VISIT_BOOKED, NOW, 3)


def test_an_event_that_leaves_the_state_is_noted_and_keeps_since_when_it_stands() -> None:
    made, told = happened(CaseEvent.ACKNOWLEDGE, case(CaseState.VISIT_BOOKED))
    assert told == [Transition(CaseEvent.ACKNOWLEDGE, CaseState.VISIT_BOOKED, CaseState.VISIT_BOOKED)]
    assert made == case(CaseState.VISIT_BOOKED)


def test_an_event_that_is_refused_changes_nothing_and_is_not_noted() -> None:
    assert happened(CaseEvent.BOOK_VISIT, case(CaseState.CLOSED)) == (case(CaseState.CLOSED), [])


@pytest.mark.parametrize(
    ("event", "state", "warned"),
    [
        (CaseEvent.REJECT_MATCH, CaseState.OPEN, False),
        (CaseEvent.END_SERVICE, CaseState.OPEN, False),
        (CaseEvent.PASS_POST_CHECK, CaseState.MIGRATED, False),
        (CaseEvent.WITHDRAW_NOTICE, CaseState.OPEN, True),
        (CaseEvent.BOOK_VISIT, CaseState.OPEN, True),
    ],
)
def test_a_council_need_not_be_told_of_an_end_that_it_brought_about(
    event: CaseEvent, state: CaseState, warned: bool
) -> None:
    assert happened(event, case(state))[0].warned is warned
    assert not happened(event, case(state, warned=False))[0].warned


def test_a_new_danger_makes_what_was_told_and_acknowledged_before_count_no_more() -> None:
    made, _ = happened(CaseEvent.NEW_NOTICE, case(**TOLD))
    assert made == case(**FORGOTTEN, opened_at=NOW, facts=4)
    assert with_news(case(**TOLD), NOW) == made


def test_on_a_case_at_rest_news_is_counted_and_nothing_falls_due() -> None:
    assert with_news(case(CaseState.CONFIRMED_SAFE, **TOLD), NOW) == case(CaseState.CONFIRMED_SAFE, **TOLD, facts=4)


def test_what_the_lines_say_is_taken_over() -> None:
    near = replace(LINE, level=MatchLevel.POSSIBLE, restriction_on=OTHER.planned_on)
    made = with_risk(case(seen={}), risk(near, OTHER), frozenset({"1", "9"}), [])
    assert (made.lines, made.level, made.providers) == (2, MatchLevel.CONFIRMED, ("HRBR", "RAVN"))
    assert (made.harm_on, made.planned_on, made.restriction_on) == (LINE.planned_on, LINE.planned_on, OTHER.planned_on)
    assert memories(made) == {
        "1": LineMemory("RAVN", known_as="possible"),
        "9": LineMemory("HRBR", known_as="planned"),
    }


def test_a_line_at_risk_no_longer_keeps_what_a_person_said_of_it_and_is_not_known_as_a_danger() -> None:
    seen = {**knowing(ported="planned 2026-12-03 None"), "9": {"provider": "HRBR", "known_as": "planned"}}
    made = with_risk(case(seen=seen), risk(OTHER), frozenset({"1", "9"}), [])
    assert memories(made) == {
        "1": LineMemory("RAVN", ported="planned 2026-12-03 None"),
        "9": LineMemory("HRBR", known_as="planned"),
    }


def test_a_line_that_is_matched_no_more_is_forgotten() -> None:
    made = with_risk(case(seen=knowing(ported="x")), risk(OTHER), frozenset({"9"}), [])
    assert set(memories(made)) == {"9"}


def test_where_no_line_is_at_risk_any_more_a_bar_is_news_again_and_its_dates_are_kept() -> None:
    seen = knowing(restricted="2026-11-20", rejected="confirmed")
    made = with_risk(case(seen=seen), None, frozenset({"1"}), [])
    assert made == case(lines=0, seen={"1": {"provider": "RAVN", "rejected": "confirmed"}})
    blank = with_risk(case(seen=knowing(restricted="2026-11-20")), None, frozenset({"1"}), [])
    assert blank.seen == {}


@pytest.mark.parametrize(
    ("changes", "transitions", "issued"),
    [
        ({}, [], LINE.issued_at),
        ({}, [Transition(CaseEvent.MATCH_SURER, CaseState.OPEN, CaseState.OPEN)], LINE.issued_at),
        ({}, [NEW], NOW),
        ({"lines": 0}, [], NOW),
        ({"notice_issued_at": None}, [], NOW),
        ({"notice_issued_at": NOW + DAY}, [], NOW),
    ],
)
def test_the_first_version_of_a_notice_counts_until_a_new_danger_comes(
    changes: dict[str, Any], transitions: list[Transition], issued: object
) -> None:
    newer = replace(LINE, issued_at=NOW)
    made = with_risk(case(**changes), risk(newer), frozenset({"1"}), transitions)
    assert made.notice_issued_at == issued


def test_one_line_is_remembered_beside_the_others() -> None:
    made = remember(case(), "9", LineMemory("HRBR", settled=2))
    assert made.seen == {**KNOWN, "9": {"provider": "HRBR", "settled": 2}}
    assert memory(remember(case(), "1", LineMemory("RAVN", doubted=5))) == LineMemory("RAVN", doubted=5)
