from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.reading.drafts import Draft, NoticeFacts, RawRow, RecordKind
from services.ingest.reading.outcomes import Issue, Outcome
from services.ingest.reading.rules import read_notice
from services.ingest.recording.rules.step import Keyed, Plan, plan

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
TODAY, LATER_TODAY = "2026-11-28T00:00:00+00:00", "2026-11-28T11:00:00+00:00"
JUNE, JANUARY = "2027-06-01", "2027-01-11"


def version(row: int, planned: str | None = JUNE, issued: str | None = TODAY, **more: Any) -> Keyed[NoticeFacts]:
    fields = {"id": "n1", "cli": "01632 960460", "planned_migration_date": planned, "issued_at": issued, **more}
    given = {name: value for name, value in fields.items() if value is not None}
    draft = read_notice(RawRow(row, given), "RAVN", NOW)
    assert isinstance(draft, Draft)
    return Keyed(b"k" * 16, draft.content.ljust(16), draft)


def planned(*versions: Keyed[NoticeFacts]) -> Plan[NoticeFacts]:
    return plan(RecordKind.NOTICE, versions, {}, lambda _record: {})


def issues(made: Plan[NoticeFacts], row: int) -> tuple[Issue, ...]:
    return next(one.issues for one in made.outcomes if one.row == row)


@pytest.mark.parametrize(
    "stamps",
    [
        (TODAY, TODAY),
        (LATER_TODAY, LATER_TODAY),
        (LATER_TODAY, TODAY),
        (TODAY, LATER_TODAY),
        (None, TODAY),
        (TODAY, None),
        (None, None),
    ],
)
def test_of_two_that_tie_the_later_row_counts_and_the_other_day_is_kept(stamps: tuple[str | None, str | None]) -> None:
    made = planned(version(1, JUNE, stamps[0]), version(2, JANUARY, stamps[1]))
    (kept,) = made.new
    assert (kept.draft.row, str(kept.draft.facts.planned_on)) == (2, JANUARY)
    assert kept.rival is not None
    assert str(kept.rival.risk.planned_on) == JUNE
    assert {one.outcome for one in made.outcomes} == {Outcome.WARNED}
    assert {issue.code for one in made.outcomes for issue in one.issues} == {"same_stamp_differs"}


def test_a_difference_that_does_no_harm_keeps_no_rival() -> None:
    (kept,) = planned(version(1, status="planned"), version(2, status="rescheduled")).new
    assert (kept.draft.row, kept.rival) == (2, None)
    (kept,) = planned(version(1, None), version(2, JANUARY)).new
    assert (kept.draft.row, kept.rival) == (2, None)


def test_the_other_number_is_kept_and_never_repeated_in_words() -> None:
    made = planned(version(1), version(2, cli="01632 960461"))
    (kept,) = made.new
    assert kept.rival is not None
    assert [one["numbers"] for one in kept.rival.places] == [["+441632960460"]]
    assert "960" not in issues(made, 2)[0].reason


def test_the_most_dangerous_status_of_all_that_tie_is_kept() -> None:
    statuses = ("planned", "completed", "withdrawn", "paused")
    (kept,) = planned(*(version(row, status=status) for row, status in enumerate(statuses, start=1))).new
    assert kept.rival is not None
    assert (kept.draft.facts.status, kept.rival.risk.status) == ("paused", "completed")


def test_a_later_stamp_clears_what_was_kept() -> None:
    made = planned(version(1, JUNE), version(2, JANUARY), version(3, JANUARY, "2026-11-29T00:00:00+00:00"))
    (kept,) = made.new
    assert (kept.draft.row, kept.rival) == (3, None)


def test_a_strictly_earlier_row_is_named_with_both_stamps() -> None:
    made = planned(version(1, issued=LATER_TODAY), version(2, JANUARY, "2026-11-27T00:00:00+00:00"))
    assert [one.draft.row for one in made.new] == [1]
    (issue,) = issues(made, 2)
    assert issue.code == "stale"
    assert issue.reason == (
        "Row 1 is a later version, issued 28 November 2026 at 11:00. This one was issued 27 November 2026."
    )


def test_a_notice_counts_as_announced_once_any_version_spoke_of_what_was_to_come() -> None:
    done = version(2, issued=LATER_TODAY, status="completed")
    assert planned(version(1, issued="2026-11-27T09:00:00Z"), done).new[0].announced
    assert not planned(done).new[0].announced


DAYS = st.dates(date(2026, 12, 1), date(2027, 6, 1)).map(str)


@given(days=st.lists(DAYS, min_size=1, max_size=6))
def test_of_any_versions_that_tie_the_last_is_on_record_and_the_earliest_day_is_kept(days: Sequence[str]) -> None:
    (kept,) = planned(*(version(row, day) for row, day in enumerate(days))).new
    known = [str(kept.draft.facts.planned_on)]
    assert known == [days[-1]]
    if kept.rival is not None:
        known.append(str(kept.rival.risk.planned_on))
    assert min(known) == min(days)


@given(days=st.lists(DAYS, min_size=1, max_size=4))
def test_versions_with_stamps_in_order_leave_the_same_record_in_any_order(days: Sequence[str]) -> None:
    stamps = [(NOW - timedelta(days=len(days) - number)).isoformat() for number in range(len(days))]
    versions = [version(row, day, stamps[row]) for row, day in enumerate(days)]
    left = {(one.draft.facts, one.rival) for order in permutations(versions) for one in planned(*order).new}
    assert left == {(versions[-1].draft.facts, None)}
