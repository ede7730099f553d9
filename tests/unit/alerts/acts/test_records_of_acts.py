from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.codes import CaseEvent, MatchLevel, NoticeStatus
from services.alerts.review.case import Case, Line, Rival
from services.alerts.review.line_memory import memories
from services.alerts.review.recording import RecordFaultyError, check_days, with_record
from services.alerts.states.records import (
    ConfirmHold,
    ContactMethod,
    ContactResident,
    FitSolution,
    HumanAct,
    PassTest,
    PortLine,
    RejectMatch,
    SolutionKind,
)
from tests.unit.alerts.review.cases import DAY, KNOWN, LINE, NOW, OTHER, TODAY, case, memory

WHO = "Asha Patel"
TWO = case(providers=("HRBR", "RAVN"))


def recorded(before: Case, event: CaseEvent, record: HumanAct, lines: Sequence[Line]) -> Case:
    return with_record(before, event, record, lines, TODAY)


def hold(ends_on: date = TODAY, provider: str | None = None, *, more_than_a_year: bool = False) -> ConfirmHold:
    return ConfirmHold(
        by=WHO,
        provider_reference="H-1",
        ends_on=ends_on,
        provider=provider,
        more_than_a_year=more_than_a_year,
    )


def call(on: datetime = NOW) -> PassTest:
    return PassTest(by=WHO, arc_name="Fylde Monitoring", at=on, tested_by=WHO)


@pytest.mark.parametrize(
    "good",
    [
        hold(),
        hold(TODAY + timedelta(days=366)),
        hold(TODAY + timedelta(days=367), more_than_a_year=True),
        hold(provider="RAVN"),
        HumanAct(by=WHO),
    ],
)
def test_a_hold_may_end_today_or_within_a_year_or_later_where_that_is_said(good: HumanAct) -> None:
    check_days(case(), good, NOW)


def test_today_is_the_day_in_london() -> None:
    check_days(case(), hold(date(2027, 6, 2)), datetime(2027, 6, 1, 23, 30, tzinfo=UTC))
    with pytest.raises(RecordFaultyError):
        check_days(case(), hold(date(2027, 6, 1)), datetime(2027, 6, 1, 23, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("faulty", "of", "field", "reason"),
    [
        (hold(TODAY - DAY), case(), "ends_on", "is over: a hold ends today or later; ask the provider for a new one"),
        (
            hold(TODAY + timedelta(days=367)),
            case(),
            "ends_on",
            "is more than a year ahead: check the year; if it is right, give more_than_a_year=true as well",
        ),
        (hold(), TWO, "provider", "is missing: lines of HRBR, RAVN are at risk; say whose hold it is"),
        (hold(provider="HRBR"), case(), "provider", "is not one of the providers whose lines are at risk"),
    ],
)
def test_a_hold_that_nobody_can_have_meant_is_refused_with_its_field_and_reason(
    faulty: ConfirmHold, of: object, field: str, reason: str
) -> None:
    with pytest.raises(RecordFaultyError) as refused:
        check_days(of, faulty, NOW)  # type: ignore[arg-type]
    assert refused.value.faults == [(field, reason)]
    assert str(refused.value) == f"{field}: {reason}"


def test_several_faults_are_named_one_after_the_other() -> None:
    assert str(RecordFaultyError([("at", "is missing"), ("by", "is empty")])) == "at: is missing; by: is empty"


def test_a_hold_is_of_the_lines_of_its_provider_only() -> None:
    made = recorded(TWO, CaseEvent.CONFIRM_HOLD, hold(provider="HRBR"), [LINE, OTHER])
    assert made.hold_until == TODAY
    assert {key: one.held_until for key, one in memories(made).items()} == {"1": None, "9": str(TODAY)}


def test_a_hold_without_a_provider_is_of_every_line() -> None:
    made = recorded(case(), CaseEvent.CONFIRM_HOLD, hold(), [LINE, replace(LINE, notice_pk=2)])
    assert {one.held_until for one in memories(made).values()} == {str(TODAY)}


def test_a_hold_keeps_its_day_where_no_line_of_the_provider_is_matched_any_more() -> None:
    assert recorded(case(), CaseEvent.CONFIRM_HOLD, hold(TODAY + DAY), []).hold_until == TODAY + DAY


def test_a_solution_brings_the_day_on_which_it_is_looked_at_again() -> None:
    converter = FitSolution(by=WHO, kind=SolutionKind.CONVERTER_INTERIM, retest_on=date(2027, 3, 1))
    made = recorded(case(), CaseEvent.FIT_SOLUTION, converter, [LINE])
    assert (made.review_on, made.solution) == (date(2027, 3, 1), "converter_interim")
    lasting = recorded(made, CaseEvent.FIT_SOLUTION, FitSolution(by=WHO, kind=SolutionKind.DIGITAL), [LINE])
    assert (lasting.review_on, lasting.solution) == (None, "digital")


@pytest.mark.parametrize(("days_early", "still_owed"), [(1, True), (0, False), (-1, False)])
def test_a_test_on_or_after_the_day_of_a_converter_s_re_test_is_that_re_test(days_early: int, still_owed: bool) -> None:
    fitted = case(solution="converter_interim", review_on=TODAY + timedelta(days=days_early))
    made = recorded(fitted, CaseEvent.PASS_TEST, call(), [LINE])
    assert (made.review_on is not None) is still_owed


def test_a_test_call_does_not_answer_the_review_of_an_exchange_based_line() -> None:
    fitted = case(solution="pdpl", review_on=TODAY)
    assert recorded(fitted, CaseEvent.PASS_TEST, call(), [LINE]).review_on == TODAY
    bare = case(solution="converter_interim", review_on=None)
    assert recorded(bare, CaseEvent.PASS_TEST, call(), [LINE]) == bare


def test_only_a_test_after_the_move_is_kept_as_the_day_that_covers_a_line() -> None:
    late = datetime(2027, 6, 1, 23, 30, tzinfo=UTC)
    assert recorded(case(), CaseEvent.PASS_POST_CHECK, call(late), [LINE]).tested_on == date(2027, 6, 2)
    assert recorded(case(), CaseEvent.PASS_TEST, call(late), [LINE]).tested_on is None


def test_a_number_that_was_ported_is_remembered_of_that_provider_s_lines_with_what_they_said() -> None:
    made = recorded(TWO, CaseEvent.PORT_LINE, PortLine(by=WHO, from_provider="HRBR"), [LINE, OTHER])
    assert {key: one.ported for key, one in memories(made).items()} == {"1": None, "9": "planned 2026-12-17 None"}


def test_what_a_ported_line_said_is_taken_at_its_most_dangerous() -> None:
    tied = replace(LINE, rival=Rival(NoticeStatus.COMPLETED, date(2026, 12, 1), None))
    made = recorded(case(), CaseEvent.PORT_LINE, PortLine(by=WHO, from_provider="RAVN"), [tied])
    assert memory(made).ported == "completed 2026-12-01 None"


def test_a_rejection_is_remembered_of_every_line_at_the_level_a_person_saw() -> None:
    near = replace(OTHER, level=MatchLevel.POSSIBLE)
    made = recorded(TWO, CaseEvent.REJECT_MATCH, RejectMatch(by=WHO, evidence="Another flat"), [LINE, near])
    assert {key: one.rejected for key, one in memories(made).items()} == {"1": "confirmed", "9": "possible"}


def test_settled_versions_are_remembered_by_the_version_of_each_notice() -> None:
    made = recorded(TWO, CaseEvent.SETTLE_VERSIONS, HumanAct(by=WHO), [replace(LINE, revision=6), OTHER])
    assert {key: one.settled for key, one in memories(made).items()} == {"1": 6, "9": 1}


def test_any_other_act_says_nothing_of_a_line_and_forgets_none() -> None:
    called = ContactResident(by=WHO, method=ContactMethod.CALL)
    seen = {**KNOWN, "4": {"provider": "RAVN", "settled": 2}}
    assert memories(recorded(case(seen=seen), CaseEvent.CONTACT_RESIDENT, called, [LINE])) == memories(case(seen=seen))
