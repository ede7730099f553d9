from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import CaseState, Connection, MatchDecision, MatchLevel, NoticeStatus, ServiceStatus, TargetService
from services.alerts.review.case import AreaDays, Entry, Line, Rival
from services.alerts.review.consent.kept import kept_facts
from services.alerts.review.consent.snapshot import Facts, recalled, snapshot
from services.core.area_facts import AreaPart
from tests.unit.alerts.consent.believed import believing, kept
from tests.unit.alerts.review.cases import ENTRY, LINE, OTHER, RULES, TODAY

FIRST, SECOND, THIRD = (TODAY + timedelta(days=days) for days in (5, 9, 12))
DAYS = st.none() | st.dates(date(2026, 1, 1), date(2028, 12, 31))


def area(*planned: date, restricted: tuple[date, ...] = (), part: AreaPart = AreaPart.PENDING) -> Line:
    return replace(
        LINE,
        days=AreaDays(part, planned, restricted, undated=False),
        planned_on=min(planned, default=None),
        restriction_on=min(restricted, default=None),
    )


@given(DAYS, DAYS, st.sampled_from(AreaPart), st.booleans())
def test_the_facts_of_an_area_are_read_as_they_were_written(
    planned: date | None, restricted: date | None, part: AreaPart, undated: bool
) -> None:
    planned_days, restricted_days = (() if day is None else (day,) for day in (planned, restricted))
    days = AreaDays(part, planned_days, restricted_days, undated)
    line = replace(LINE, days=days, planned_on=planned, restriction_on=restricted)
    assert recalled(snapshot(ENTRY, [line]), ENTRY) == Facts(ENTRY, (line,))


@given(
    st.sampled_from(MatchDecision), st.none() | st.sampled_from(MatchLevel), st.booleans(), st.sampled_from(Connection)
)
def test_a_persons_word_and_the_connection_are_read_as_they_were_written(
    decision: MatchDecision, decided: MatchLevel | None, announced: bool, connection: Connection
) -> None:
    line = replace(
        LINE, decision=decision, decided_level=decided, announced=announced, target_service=TargetService.PDPL
    )
    entry = replace(ENTRY, connection=connection)
    assert recalled(snapshot(entry, [line]), ENTRY) == Facts(entry, (line,))


@pytest.mark.parametrize("state", [CaseState.CLOSED, CaseState.FALSE_MATCH])
def test_a_case_that_has_ended_is_judged_by_the_current_facts(state: CaseState) -> None:
    of = replace(believing(LINE), state=state)
    withdrawn = replace(LINE, status=NoticeStatus.WITHDRAWN)
    assert kept(of, withdrawn) == Facts(ENTRY, (withdrawn,))


def test_a_case_that_was_never_reviewed_is_judged_by_the_current_facts() -> None:
    of = replace(believing(LINE), believed=None)
    assert kept(of) == Facts(ENTRY, ())


def test_facts_that_have_not_changed_are_returned_as_they_are() -> None:
    # A snapshot stores only one day of an area, so facts read from it would lack the other days.
    current = Facts(ENTRY, (area(FIRST, SECOND), OTHER))
    assert kept_facts(believing(*current.lines), current, (RULES,)) is current


def test_lines_that_came_and_lines_that_went_are_all_kept_in_the_order_of_their_notices() -> None:
    later = replace(LINE, notice_pk=5)
    assert [line.notice_pk for line in kept(believing(OTHER, LINE), later).lines] == [1, 5, 9]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"status": NoticeStatus.PLANNED}, {"status": NoticeStatus.PAUSED}),
        ({"planned_on": FIRST}, {"planned_on": SECOND}),
        ({"planned_on": FIRST}, {"planned_on": None}),
        ({"restriction_on": FIRST}, {"restriction_on": SECOND}),
        ({"restriction_on": FIRST}, {"restriction_on": None}),
        ({"unsure_from": FIRST}, {"unsure_from": SECOND}),
        ({"unsure_from": FIRST}, {"unsure_from": None}),
        ({"level": MatchLevel.CONFIRMED}, {"level": MatchLevel.PROBABLE}),
    ],
)
def test_the_more_dangerous_of_two_values_counts_whichever_came_first(
    before: dict[str, Any], now: dict[str, Any]
) -> None:
    was, current = (replace(LINE, **values) for values in (before, now))
    for one, other in ((was, current), (current, was)):
        (line,) = kept(believing(one), replace(other, revision=2)).lines
        assert line == replace(was, revision=2)


def test_the_more_dangerous_of_two_rival_versions_is_what_was_believed() -> None:
    doubted = replace(LINE, planned_on=SECOND, rival=Rival(NoticeStatus.PLANNED, FIRST, None))
    (line,) = kept(believing(doubted), replace(LINE, planned_on=THIRD, revision=2)).lines
    assert line.planned_on == FIRST


@pytest.mark.parametrize("status", [NoticeStatus.COMPLETED, NoticeStatus.REVERTED])
def test_a_report_on_a_possible_match_does_not_hide_the_move_ahead(status: NoticeStatus) -> None:
    possible = replace(LINE, level=MatchLevel.POSSIBLE)
    rival = Rival(status, None, None)
    (line,) = kept(believing(possible), replace(possible, status=status, rival=rival, revision=2)).lines
    assert (line.status, line.planned_on) == (NoticeStatus.PLANNED, LINE.planned_on)
    assert line.rival == replace(rival, status=NoticeStatus.PLANNED)


@pytest.mark.parametrize("was", [NoticeStatus.REVERTED, NoticeStatus.WITHDRAWN])
def test_where_no_move_was_ahead_the_report_on_a_possible_match_counts(was: NoticeStatus) -> None:
    possible = replace(LINE, level=MatchLevel.POSSIBLE)
    done = replace(possible, status=NoticeStatus.COMPLETED, revision=2)
    (line,) = kept(believing(replace(possible, status=was), OTHER), done, OTHER).lines[:1]
    assert line.status is NoticeStatus.COMPLETED


def test_the_days_of_an_area_that_come_and_go_all_count() -> None:
    before = area(FIRST, restricted=(SECOND,))
    now = replace(area(SECOND, restricted=(THIRD,)), revision=2)
    (line,) = kept(believing(before), now).lines
    assert (line.planned_days, line.restriction_days) == ((FIRST, SECOND), (SECOND, THIRD))
    assert (line.planned_on, line.restriction_on) == (FIRST, SECOND)


def test_a_day_that_an_area_has_already_is_not_added_twice() -> None:
    now = replace(area(FIRST, SECOND, restricted=(FIRST,)), revision=2)
    (line,) = kept(believing(area(FIRST, restricted=(FIRST,))), now).lines
    assert (line.planned_days, line.restriction_days) == ((FIRST, SECOND), (FIRST,))


@pytest.mark.parametrize("change", [{"live": False}, {"service_status": ServiceStatus.ENDED}])
@pytest.mark.parametrize("level", [None, MatchLevel.CONFIRMED])
def test_an_entry_that_is_gone_is_kept_whether_or_not_a_line_is_at_risk(
    change: dict[str, Any], level: MatchLevel | None
) -> None:
    # A person has rejected the match, or has not.
    decided = MatchDecision.UNDECIDED if level is None else MatchDecision.REJECTED
    line = replace(LINE, decision=decided, decided_level=level)
    of = replace(believing(line), state=CaseState.OPEN)
    assert kept(of, line, entry=replace(ENTRY, **change)).entry == ENTRY


@pytest.mark.parametrize("change", [{"live": False}, {"service_status": ServiceStatus.ENDED}])
def test_an_entry_that_is_back_counts_at_once(change: dict[str, Any]) -> None:
    of = replace(believing(LINE, entry=replace(ENTRY, **change)), state=CaseState.OPEN)
    assert kept(of, LINE).entry == ENTRY


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Connection.ANALOGUE_LINE, Connection.IP, Connection.ANALOGUE_LINE),
        (Connection.IP, Connection.ANALOGUE_LINE, Connection.ANALOGUE_LINE),
        (Connection.ANALOGUE_LINE, Connection.UNKNOWN, Connection.UNKNOWN),
    ],
)
def test_a_connection_counts_at_once_unless_fewer_lines_are_at_risk_with_it(
    before: Connection, now: Connection, expected: Connection
) -> None:
    def entry(connection: Connection) -> Entry:
        return replace(ENTRY, connection=connection)

    # Beside a SIM or IP alarm, a line that was found by its address only is not at risk.
    line = replace(LINE, level=MatchLevel.PROBABLE)
    of = replace(believing(line, entry=entry(before)), state=CaseState.OPEN)
    assert kept(of, line, entry=entry(now)).entry.connection is expected


def test_a_person_who_confirms_the_match_has_confirmed_it_also_for_the_move_ahead_that_is_kept() -> None:
    before = believing(replace(LINE, planned_on=THIRD), tested_on=TODAY - timedelta(days=1))
    done = replace(LINE, status=NoticeStatus.COMPLETED, planned_on=TODAY - timedelta(days=2), revision=2)
    word: dict[str, Any] = {"decision": MatchDecision.CONFIRMED, "decided_level": MatchLevel.CONFIRMED}
    (line,) = kept(before, replace(done, **word)).lines
    assert line == replace(LINE, planned_on=THIRD, **word)
