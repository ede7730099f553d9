from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import CaseEvent
from services.alerts.case.acts import read_record
from services.alerts.review.recording import RecordFaultyError, check_days
from tests.unit.alerts.review.cases import NOW, TODAY, case

BY = {"by": "Asha Patel"}
TEST = BY | {"arc_name": "Fylde ARC", "tested_by": "Jo Field"}
SAFE = BY | {"party": "customer", "evidence": "seen at the visit"}
# For each field: its act, the act's other fields, and the most days before and after today that it may name.
FIELDS: dict[str, tuple[CaseEvent, dict[str, Any], int, int]] = {
    "visit_on": (CaseEvent.BOOK_VISIT, BY, 31, 366),
    "retest_on": (CaseEvent.FIT_SOLUTION, BY | {"kind": "converter_interim"}, 0, 732),
    "review_on": (CaseEvent.FIT_SOLUTION, BY | {"kind": "pdpl"}, 0, 1830),
    "ends_on": (CaseEvent.CONFIRM_HOLD, BY | {"provider_reference": "H-1"}, 0, 366),
}
TIMES = {
    "at": [
        (CaseEvent.PASS_TEST, TEST),
        (CaseEvent.FAIL_TEST, BY | {"tested_by": "Jo Field"}),
        (CaseEvent.PASS_POST_CHECK, TEST),
    ],
    "told_provider_at": [(CaseEvent.CONFIRM_SAFE, SAFE)],
}


def refused(event: CaseEvent, values: dict[str, Any]) -> list[str]:
    try:
        check_days(case(), read_record(event, values), NOW)
    except RecordFaultyError as error:
        return [field for field, _ in error.faults]
    return []


@pytest.mark.parametrize("field", FIELDS)
@given(days=st.integers(-3650, 4000))
def test_a_day_is_taken_within_its_reach_and_refused_with_its_name_beyond(field: str, days: int) -> None:
    event, others, back, ahead = FIELDS[field]
    day = TODAY + timedelta(days=days)
    expected = [] if -back <= days <= ahead else [field]
    assert refused(event, {**others, field: str(day)}) == expected


@pytest.mark.parametrize("field", TIMES)
@given(hours=st.integers(-24 * 800, 24 * 800))
def test_a_time_of_something_done_lies_neither_ahead_nor_far_back(field: str, hours: int) -> None:
    at = NOW + timedelta(hours=hours)
    for event, others in TIMES[field]:
        assert refused(event, {**others, field: at.isoformat()}) == (
            [] if timedelta(days=-183) <= at - NOW <= timedelta(0) else [field]
        )


@pytest.mark.parametrize("minutes", [0, 5, 15])
def test_the_clock_of_the_person_may_be_a_little_fast(minutes: int) -> None:
    at = NOW + timedelta(minutes=minutes)
    assert refused(CaseEvent.PASS_TEST, TEST | {"at": at.isoformat()}) == []


def test_a_test_call_of_next_year_by_a_slip_covers_nothing() -> None:
    at = datetime.fromisoformat(f"{TODAY.year + 1}-01-02T10:00:00+00:00")
    with pytest.raises(RecordFaultyError, match="at: lies ahead"):
        check_days(case(), read_record(CaseEvent.PASS_POST_CHECK, TEST | {"at": at.isoformat()}), NOW)


def test_a_year_that_is_past_by_a_slip_is_refused_for_a_visit() -> None:
    day = date(TODAY.year - 1, 12, 4)
    with pytest.raises(RecordFaultyError, match="visit_on: is more than a month ago"):
        check_days(case(), read_record(CaseEvent.BOOK_VISIT, BY | {"visit_on": str(day)}), NOW)
