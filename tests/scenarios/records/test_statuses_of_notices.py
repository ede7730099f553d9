from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codes import CaseState
from services.storage.tables import notices
from tests.support.deployment import Deployment, sqlite_engine
from tests.support.ledger import cases_by_entry, pairs, rows
from tests.support.one_line import ENTRY, NUMBER, TODAY, after_first_alert, notice, state
from tests.support.people import acknowledge_last

MOVE = str(TODAY + timedelta(days=10))
STATUSES = ("planned", "rescheduled", "paused", "completed", "withdrawn", "reverted")


def report(status: str, *, day: int, name: str = "n1", **more: Any) -> dict[str, Any]:
    return {"id": name, "status": status, "issued_at": f"2026-11-{day:02}T09:00:00Z", **more}


def codes(deployment: Deployment, *sent: dict[str, Any]) -> list[tuple[str, list[str]]]:
    _, outcomes = deployment.post_notices(*sent)
    return [(one.outcome.value, [issue.code for issue in one.issues]) for one in outcomes]


def days(deployment: Deployment) -> tuple[str, str]:
    (row,) = rows(deployment, notices)
    return str(row.planned_on), str(row.restriction_on)


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_without_a_date_erases_no_date_on_record(deployment: Deployment, status: str) -> None:
    deployment.post_notices(notice(restriction_start_date="2026-11-30"))
    deployment.post_notices(notice(issued=2, in_days=None, status=status))
    assert days(deployment) == (MOVE, "2026-11-30")


@pytest.mark.parametrize("status", ["planned", "rescheduled", "paused", "reverted"])
def test_the_sender_is_told_that_the_date_on_record_still_counts(deployment: Deployment, status: str) -> None:
    deployment.post_notices(notice())
    assert codes(deployment, notice(issued=2, in_days=None, status=status)) == [
        ("accepted_with_warnings", ["date_on_record_kept"])
    ]


@given(st.lists(st.tuples(st.sampled_from(STATUSES), st.none() | st.integers(-20, 300)), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_after_any_history_the_date_that_was_given_last_is_on_record(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, int | None]]
) -> None:
    deployment = Deployment(sqlite_engine(tmp_path_factory.mktemp("history")))
    given_last = None
    for at, (status, in_days) in enumerate(history, start=1):
        deployment.post_notices(notice(issued=at, in_days=in_days, status=status))
        given_last = given_last if in_days is None else TODAY + timedelta(days=in_days)
    assert days(deployment)[0] == str(given_last)


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_alone_keeps_the_line_on_record(deployment: Deployment, status: str) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(provider_reference="WO-1", migration_kind="non_voluntary"))
    deployment.settle()
    deployment.post_notices(report(status, day=2, name="n2", provider_reference="WO-1"))
    deployment.settle()
    (row,) = rows(deployment, notices)
    assert (row.status, row.migration_kind, str(row.planned_on)) == (status, "non_voluntary", MOVE)
    assert len(pairs(deployment)) == 1
    assert cases_by_entry(deployment)["e1"].lines == (0 if status == "withdrawn" else 1)


def test_a_withdrawal_needs_only_the_reference_and_ends_the_case(deployment: Deployment) -> None:
    after_first_alert(deployment.with_officers())
    assert codes(deployment, report("withdrawn", day=2)) == [("accepted", [])]
    deployment.settle()
    assert state(deployment) == CaseState.NOTICE_WITHDRAWN
    # The same report again changes nothing. A resumed move has its line and its date again.
    assert codes(deployment, report("withdrawn", day=2)) == [("unchanged", [])]
    deployment.post_notices(report("planned", day=3))
    deployment.settle()
    assert cases_by_entry(deployment)["e1"].harm_on == date.fromisoformat(MOVE)


def test_a_withdrawal_of_an_area_keeps_the_area_for_a_later_resumption(deployment: Deployment) -> None:
    deployment.put_entries({**ENTRY, "postcode": "FY3 8AB", "address_lines": ["14 Lapwing Close"]})
    area = {"scope": "postcode", "area_codes": ["FY3 8"], "planned_migration_date": MOVE}
    deployment.post_notices({"id": "n1", "issued_at": "2026-11-01T09:00:00Z", **area})
    deployment.post_notices(report("withdrawn", day=2))
    deployment.post_notices(report("planned", day=3))
    deployment.settle()
    assert len(pairs(deployment)) == 1


def test_a_withdrawal_that_arrives_before_its_notice_still_withdraws_it(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    assert codes(deployment, report("withdrawn", day=5)) == [("accepted_with_warnings", ["unknown_reference"])]
    assert codes(deployment, notice(issued=4))[0][0] == "stale"
    deployment.settle()
    assert deployment.cases() == []


@pytest.mark.parametrize("status", ["planned", "rescheduled", "paused", "completed", "reverted"])
def test_another_status_of_an_unknown_reference_is_refused_as_it_names_no_line(
    deployment: Deployment, status: str
) -> None:
    ((outcome, found),) = codes(deployment, report(status, day=2))
    assert (outcome, found[0]) == ("rejected", "nowhere")
    # A withdrawal without a line does not make the notice known either.
    deployment.post_notices(report("withdrawn", day=3))
    assert codes(deployment, report(status, day=4))[0][0] == "rejected"


def test_a_notice_without_a_line_and_without_a_status_is_refused(deployment: Deployment) -> None:
    deployment.post_notices(notice())
    bare = {"id": "n1", "issued_at": "2026-11-02T09:00:00Z", "planned_migration_date": MOVE}
    assert codes(deployment, bare)[0] == ("rejected", ["nowhere"])


def test_a_status_further_down_in_one_submission_is_about_the_notice_above_it(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(report("paused", day=3), notice(issued=1))
    assert rows(deployment, notices)[0].status == "planned"
    deployment.post_notices(notice("n2", issued=1), report("paused", day=3, name="n2"))
    assert [row.status for row in rows(deployment, notices)] == ["planned", "paused"]
    deployment.settle()
    assert len(pairs(deployment)) == 2


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("alone", [True, False])
def test_pause_and_resume_undo_no_acknowledgement(deployment: Deployment, *, dated: bool, alone: bool) -> None:
    told = after_first_alert(deployment.with_officers())
    acknowledge_last(told)
    in_days = 10 if dated else None
    for day, status in enumerate(("paused", "planned"), start=2):
        made = report(status, day=day) if alone else notice(issued=day, in_days=in_days, status=status)
        told.post_notices(made)
        told.tick(minutes=5)
        assert (state(told), len(told.mails())) == (CaseState.ACKNOWLEDGED, 1)


def moved_on(deployment: Deployment) -> str:
    (row,) = rows(deployment, notices)
    return str(row.planned_on)


@pytest.mark.parametrize(
    ("sent", "day", "told"),
    [
        ({"migrated_on": "2026-11-20"}, "2026-11-20", []),
        ({"planned_migration_date": "2026-11-20"}, "2026-11-20", []),
        ({"migrated_on": "2026-11-20", "planned_migration_date": "2026-12-01"}, "2026-11-20", []),
        ({}, "None", ["no_day_of_move"]),
        ({"migrated_on": "2027-11-20"}, "2027-11-20", ["move_lies_ahead"]),
        ({"planned_migration_date": "2027-11-20"}, "2027-11-20", ["move_lies_ahead"]),
    ],
)
def test_completed_carries_the_day_of_the_move(
    deployment: Deployment, sent: dict[str, str], day: str, told: list[str]
) -> None:
    made = notice(issued=21, in_days=None, status="completed", **sent)
    assert codes(deployment, made)[0][1] == told
    assert moved_on(deployment) == day


def test_the_day_of_a_move_under_another_status_is_kept_and_asked_about(deployment: Deployment) -> None:
    assert codes(deployment, notice(in_days=None, migrated_on="2026-11-20"))[0][1] == ["not_moved_yet"]
    assert moved_on(deployment) == "2026-11-20"


@pytest.mark.parametrize("replaced", ["n0", "N1", "WO-7"])
def test_an_unknown_reference_under_supersedes_is_named(deployment: Deployment, replaced: str) -> None:
    deployment.post_notices(notice())
    ((outcome, found),) = codes(deployment, notice("n2", issued=2, supersedes=replaced))
    assert (outcome, found) == ("accepted_with_warnings", ["unknown_supersedes"])


def test_a_reference_under_supersedes_is_known_on_record_and_in_the_same_submission(deployment: Deployment) -> None:
    deployment.post_notices(notice())
    assert codes(deployment, notice("n2", issued=2, supersedes="n1"))[0][0] == "accepted"
    found = codes(deployment, notice("n4", issued=4, supersedes="n3"), notice("n3", issued=3))
    assert [outcome for outcome, _ in found] == ["accepted", "accepted"]


@pytest.mark.parametrize(("ago", "told"), [(0, False), (28, False), (29, True), (400, True), (3000, True)])
def test_a_planned_date_long_past_is_asked_about(deployment: Deployment, ago: int, *, told: bool) -> None:
    found = codes(deployment, notice(in_days=-ago))[0][1]
    assert ("date_long_past" in found) is told


def test_a_number_beside_the_status_of_a_withdrawal_is_no_hindrance(deployment: Deployment) -> None:
    after_first_alert(deployment.with_officers())
    deployment.post_notices(report("withdrawn", day=2, cli="see notes"))
    deployment.settle()
    assert state(deployment) == CaseState.NOTICE_WITHDRAWN
    assert NUMBER not in str(deployment.mails()[-1].message)
