from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import CaseState, MatchDecision, MatchLevel, NoticeStatus, ServiceStatus, TargetService
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.review.case import AreaDays, Case, Entry, Line, Rival
from services.alerts.review.consent.relaxing import allowance, latest_harm_first, relaxes
from services.alerts.review.consent.snapshot import Facts, recalled, snapshot
from services.alerts.states.machine import MOVED, URGENT
from services.core.area_facts import AreaPart
from tests.unit.alerts.consent.believed import believing, kept
from tests.unit.alerts.review.cases import ENTRY, LINE, OTHER, TODAY, case, reviewed

DAYS = st.none() | st.dates(date(2026, 1, 1), date(2028, 12, 31))
LINES = st.builds(
    lambda **facts: replace(LINE, **facts),
    level=st.sampled_from(MatchLevel),
    status=st.sampled_from(NoticeStatus),
    planned_on=DAYS,
    restriction_on=DAYS,
    unsure_from=DAYS,
    revision=st.integers(1, 9),
    rival=st.none() | st.builds(Rival, st.sampled_from(NoticeStatus), DAYS, DAYS),
)

# Lines whose notice has one version.
CLEAR = LINES.map(lambda line: replace(line, rival=None))


def is_relaxed(of: Case, *lines: Line, entry: Entry = ENTRY) -> bool:
    facts = kept(of, *lines, entry=entry)
    return relaxes(reviewed(of, *facts.lines, entry=facts.entry), reviewed(of, *lines, entry=entry))


def later(days: int = 30) -> Line:
    assert LINE.planned_on is not None
    return replace(LINE, planned_on=LINE.planned_on + timedelta(days=days))


@given(LINES, st.booleans(), st.sampled_from(ServiceStatus))
def test_what_a_case_believes_is_read_as_it_was_written(line: Line, live: bool, service: ServiceStatus) -> None:
    entry = replace(ENTRY, live=live, service_status=service)
    assert recalled(snapshot(entry, [line]), ENTRY) == Facts(entry, (line,))


@pytest.mark.parametrize(
    "change",
    [
        {"status": NoticeStatus.WITHDRAWN},
        {"planned_on": date(2027, 1, 3)},
        {"planned_on": None},
        {"level": MatchLevel.POSSIBLE},
        {"target_service": TargetService.PDPL, "status": NoticeStatus.WITHDRAWN},
    ],
)
def test_a_notice_that_says_less_ends_or_delays_the_case(change: dict[str, Any]) -> None:
    assert is_relaxed(believing(LINE), replace(LINE, revision=2, **change))


def test_a_line_that_no_notice_names_any_more_ends_the_case() -> None:
    assert is_relaxed(believing(LINE))


@pytest.mark.parametrize("change", [{"live": False}, {"service_status": ServiceStatus.ENDED}])
def test_an_entry_that_is_gone_ends_the_case(change: dict[str, Any]) -> None:
    assert is_relaxed(believing(LINE), LINE, entry=replace(ENTRY, **change))
    assert is_relaxed(believing(LINE), entry=replace(ENTRY, **change))


@pytest.mark.parametrize("state", [CaseState.CONFIRMED_SAFE, CaseState.MIGRATED, CaseState.LINE_RESTRICTED])
def test_a_service_said_to_have_ended_ends_a_case_in_every_open_state(state: CaseState) -> None:
    assert is_relaxed(believing(LINE, state=state), LINE, entry=replace(ENTRY, live=False))


@pytest.mark.parametrize(
    "change",
    [
        {"planned_on": date(2026, 11, 30)},
        {"restriction_on": date(2026, 11, 29)},
        {"status": NoticeStatus.RESCHEDULED},
        {"status": NoticeStatus.COMPLETED},
        {"status": NoticeStatus.REVERTED},
    ],
)
def test_a_nearer_danger_neither_ends_nor_delays_the_case(change: dict[str, Any]) -> None:
    assert not is_relaxed(believing(LINE), replace(LINE, revision=2, **change))


@given(
    CLEAR,
    st.sampled_from(sorted(URGENT | MOVED)),
    st.sampled_from([None, NoticeStatus.WITHDRAWN, NoticeStatus.PLANNED]),
)
def test_a_line_ahead_counts_also_while_another_line_sets_the_pace(
    first: Line, state: CaseState, status: NoticeStatus | None
) -> None:
    # The other line is gone, withdrawn or planned for a later day.
    changed = () if status is None else (replace(OTHER, status=status, planned_on=date(2029, 1, 1), revision=2),)
    assert is_relaxed(believing(first, OTHER, state=state), first, *changed)


def test_another_notice_neither_ends_nor_delays_the_case() -> None:
    assert not is_relaxed(believing(LINE), LINE, OTHER)


def test_a_new_danger_counts_beside_what_waits() -> None:
    restricted = replace(later(), restriction_on=TODAY + timedelta(days=2))
    (line,) = kept(believing(LINE), restricted).lines
    assert (line.planned_on, line.restriction_on) == (LINE.planned_on, restricted.restriction_on)


def test_a_move_that_a_test_call_covers_does_not_hide_a_move_ahead() -> None:
    before = believing(later(), tested_on=TODAY - timedelta(days=1))
    done = replace(LINE, status=NoticeStatus.COMPLETED, planned_on=TODAY - timedelta(days=2), revision=2)
    assert is_relaxed(before, done)


def test_a_person_who_rejects_the_match_is_not_overruled() -> None:
    surer = believing(LINE)
    rejected = replace(
        LINE,
        level=MatchLevel.PROBABLE,
        decision=MatchDecision.REJECTED,
        decided_level=MatchLevel.PROBABLE,
    )
    assert kept(surer, rejected).lines == (rejected,)


def test_the_days_of_an_area_that_are_taken_back_still_count() -> None:
    first, second = TODAY + timedelta(days=5), TODAY + timedelta(days=9)
    days = AreaDays(AreaPart.PENDING, (first, second), (), undated=False)
    area = replace(LINE, level=MatchLevel.POSSIBLE, days=days, planned_on=first)
    left = replace(area, days=replace(days, planned=(second,)), planned_on=second)
    (line,) = kept(believing(area), left).lines
    assert line.planned_days == (first, second)
    assert is_relaxed(believing(area), left)


def test_a_case_that_has_ended_either_way_is_neither_ended_nor_delayed() -> None:
    made = reviewed(case(), LINE)
    ended = replace(made, case=replace(made.case, state=CaseState.NOTICE_WITHDRAWN))
    assert ended.case.ended
    assert not relaxes(ended, ended)


@pytest.mark.parametrize(("days", "delayed"), [(1, True), (0, False), (-1, False), (None, True)])
def test_a_later_day_of_the_case_delays_it_whichever_line_it_is_of(days: int | None, delayed: bool) -> None:
    unchanged, day = replace(reviewed(case(), LINE), risk=None, message=None), LINE.planned_on
    assert day is not None
    current = replace(
        unchanged, case=replace(unchanged.case, harm_on=None if days is None else day + timedelta(days=days))
    )
    assert relaxes(unchanged, current) is delayed


@given(st.lists(CLEAR, min_size=1, max_size=1), st.lists(CLEAR, max_size=1))
def test_the_kept_facts_never_end_or_delay_a_case(before: list[Line], after: list[Line]) -> None:
    of = believing(*before)
    facts = kept(of, *after)
    unchanged = reviewed(of, *recalled(of.believed or {}, ENTRY).lines)
    joined = reviewed(of, *facts.lines)
    assert unchanged.case.ended or not joined.case.ended
    # In an urgent state, and after the move, the state and not the day sets the pace of the messages.
    if unchanged.case.lines and unchanged.case.harm_on and joined.case.state not in URGENT | MOVED:
        assert joined.case.harm_on is not None
        assert joined.case.harm_on <= unchanged.case.harm_on


@pytest.mark.parametrize(("cases", "limit"), [(0, 5), (6, 5), (50, 5), (59, 5), (60, 6), (1_000, 100)])
def test_five_cases_or_a_tenth_of_a_council_may_change_without_a_person(cases: int, limit: int) -> None:
    assert allowance(CouncilPolicy(), cases) == limit


def test_the_case_with_the_latest_harm_uses_the_limit_first() -> None:
    days = [TODAY, None, TODAY + timedelta(days=9), TODAY + timedelta(days=3)]
    ordered = sorted((case(harm_on=day) for day in days), key=latest_harm_first)
    assert [one.harm_on for one in ordered] == [days[2], days[3], days[0], None]
