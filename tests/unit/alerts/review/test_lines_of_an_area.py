from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codes import CaseEvent, CaseState, MatchDecision, MatchLevel, NoticeStatus
from services.alerts.review.case import AreaDays, Case, Line
from services.alerts.review.owed import CasePolicy, what_is_owed
from services.alerts.review.risk import is_covered, open_lines
from services.alerts.review.step import new_case
from services.alerts.review.timeline import turning_days
from services.core.area_facts import AreaPart
from tests.unit.alerts.review.cases import DAY, ENTRY, LINE, NOW, POLICY, RULES, TODAY, case

AREA = replace(LINE, level=MatchLevel.POSSIBLE)
# The planned day and the restriction day of a notice.
Days = tuple[date | None, date | None]


def day(number: int) -> date:
    return TODAY + number * DAY


def shared(*days: Days, part: AreaPart = AreaPart.PENDING, **more: Any) -> Line:
    """Return one line for several notices on an area."""
    planned = tuple(sorted({one for one, _ in days if one is not None}))
    restricted = tuple(sorted({one for _, one in days if one is not None}))
    of = AreaDays(part, planned, restricted, undated=(None, None) in days)
    return replace(
        AREA, planned_on=min(planned, default=None), restriction_on=min(restricted, default=None), days=of, **more
    )


def apart(*days: Days, **more: Any) -> list[Line]:
    return [
        replace(AREA, notice_pk=number, planned_on=planned, restriction_on=restricted, **more)
        for number, (planned, restricted) in enumerate(days, start=1)
    ]


def history(lines: list[Line], confirmed: bool) -> list[tuple[Any, ...]]:
    if confirmed:
        lines = [replace(line, decision=MatchDecision.CONFIRMED, decided_level=line.level) for line in lines]
    made, stands = new_case(1, "C-2222-2222", ENTRY, RULES, NOW), []
    for number in range(60):
        now = NOW + number * DAY
        owed = what_is_owed(made, ENTRY, lines, CasePolicy(POLICY, RULES), now)
        made = accepted(replace(owed.case, revision=owed.case.revision + 1), owed.message, now)
        message = owed.message and (owed.message.due_at, owed.message.threshold, owed.message.reason)
        stands.append((made.state, made.harm_on, made.planned_on, made.restriction_on, message))
    return stands


def accepted(made: Case, message: Any, now: datetime) -> Case:
    if message is None or message.due_at > now:
        return made
    return replace(made, last_alert_at=now, last_threshold=message.threshold, warned=True)


some_day = st.none() | st.integers(-5, 50).map(day)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(some_day, some_day), min_size=1, max_size=6), st.booleans())
def test_a_shared_line_leads_a_case_as_its_notices_would_apart(days: list[Days], confirmed: bool) -> None:
    assert history([shared(*days)], confirmed) == history(apart(*days), confirmed)


def test_every_day_of_the_area_is_a_day_of_review() -> None:
    line = shared((day(3), None), (day(9), day(5)), (None, day(7)))
    following, seen = TODAY, []
    while (left := list(turning_days(case(), [line], after=following))) != []:
        following = min(left)
        seen.append(following)
    assert {day(4), day(5), day(7), day(10)} <= set(seen)


@pytest.mark.parametrize("planned", [0, 1, 2])
def test_the_day_after_a_move_is_looked_at_also_where_another_move_follows_at_once(planned: int) -> None:
    line = shared(*((day(number), None) for number in range(planned, 5)))
    assert min(turning_days(case(), [line], after=TODAY)) == day(planned + 1)


@pytest.mark.parametrize(
    ("days", "left"),
    [
        ([(day(-3), None), (day(9), None)], (day(9), None)),
        ([(day(-3), day(-5)), (None, day(4))], (None, day(4))),
        ([(day(-3), None), (None, None)], (None, None)),
        ([(day(-3), day(-5))], None),
    ],
)
def test_a_test_call_covers_the_days_up_to_it_and_no_others(days: list[Days], left: Days | None) -> None:
    of = case(CaseState.POST_CHECK_PASSED, tested_on=TODAY)
    found = [(line.planned_on, line.restriction_on) for line in open_lines(of, [shared(*days)])]
    assert found == ([] if left is None else [left])
    assert is_covered(shared(*days), [], TODAY) is (left is None)


def test_a_move_on_the_day_of_the_test_call_is_covered_once_its_provider_has_reported_a_move() -> None:
    line = shared((day(0), None))
    report = replace(LINE, notice_pk=2, status=NoticeStatus.COMPLETED)
    assert not is_covered(line, [replace(report, provider="HRBR")], TODAY)
    assert is_covered(line, [report], TODAY)


def test_the_next_restriction_of_a_confirmed_area_is_news_again() -> None:
    line = shared((None, day(1)), (None, day(3)), decision=MatchDecision.CONFIRMED, decided_level=MatchLevel.POSSIBLE)
    made, told = new_case(1, "C-2222-2222", ENTRY, RULES, NOW), []
    for number in range(5):
        owed = what_is_owed(made, ENTRY, [line], CasePolicy(POLICY, RULES), NOW + timedelta(days=number))
        made = replace(owed.case, revision=owed.case.revision + 1)
        told += [number for one in owed.transitions if one.event is CaseEvent.RESTRICT_LINE]
    assert told == [1, 3]


def test_the_parts_of_an_area_are_remembered_apart() -> None:
    done = shared((day(-2), None), part=AreaPart.COMPLETED, status=NoticeStatus.COMPLETED)
    assert (shared((day(2), None)).key, done.key) == ("1", "1.completed")
    changed = shared((day(2), None), (day(4), None))
    assert changed.fingerprint != shared((day(2), None)).fingerprint
