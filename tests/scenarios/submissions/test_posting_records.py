from __future__ import annotations

from typing import Any

import pytest

from services.ingest.reading.outcomes import Outcome, RowOutcome
from services.ingest.recording.store.submissions import find_outcomes, find_receipt
from services.ingest.recording.submission import IdempotencyMismatchError
from services.ingest.recording.withdrawals import withdraw_one
from services.storage.tables import notices, outbox, register_entries, submissions
from tests.support.deployment import BLACKPOOL, RAVEN, Deployment
from tests.support.ledger import cases_by_entry, count, pairs, rows, state_of_record

ENTRY = {"entry_id": "e1", "cli": "01632 960123", "updated_at": "2026-11-01T09:00:00Z"}
NOTICE = {
    "id": "n1",
    "cli": "01632 960123",
    "planned_migration_date": "2026-12-03",
    "issued_at": "2026-11-20T09:00:00Z",
}
LATER = NOTICE | {"planned_migration_date": "2026-12-10", "issued_at": "2026-11-21T09:00:00Z"}


def outcomes(answer: tuple[object, list[RowOutcome]]) -> list[Outcome]:
    return [row.outcome for row in answer[1]]


def codes(row: RowOutcome) -> set[str]:
    return {issue.code for issue in row.issues}


def test_a_receipt_says_what_became_of_every_row_and_can_be_asked_for_again(deployment: Deployment) -> None:
    receipt, told = deployment.post_notices(NOTICE, {"id": "n2"}, {"id": "n3", "cli": "01632 960124"})
    assert [row.row for row in told] == [1, 2, 3]
    assert [row.outcome for row in told] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.WARNED]
    with deployment.store.reading() as connection:
        assert find_receipt(connection, receipt.submission_id, RAVEN).counts == receipt.counts
        assert find_outcomes(connection, deployment.store.vault, receipt.submission_id) == told


def test_nothing_valid_is_lost_beside_bad_rows(deployment: Deployment) -> None:
    bad: list[dict[str, Any]] = [
        {"id": "b1"},
        NOTICE | {"id": "b2", "planned_migration_date": "1900-01-01"},
        {"cli": 7},
    ]
    deployment.post_notices(*bad, NOTICE, *bad)
    deployment.put_entries({"entry_id": " "}, ENTRY)
    deployment.settle()
    assert pairs(deployment) == {("n1", "e1"): ("confirmed", "same_telephone_number")}
    assert count(deployment, notices) == 1


def test_the_same_file_twice_changes_nothing_and_pages_nobody(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.tick(seconds=31)
    before, told = state_of_record(deployment), count(deployment, outbox)
    assert outcomes(deployment.post_notices(NOTICE)) == [Outcome.UNCHANGED]
    assert outcomes(deployment.put_entries(ENTRY)) == [Outcome.UNCHANGED]
    deployment.tick(seconds=90)
    after = state_of_record(deployment)
    assert count(deployment, outbox) == told
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"submissions", "submission_outcomes", "feeds"}  # what was sent, and that the feed was heard
    assert len(deployment.mails()) == 1


def test_a_file_without_times_imported_again_a_day_later_is_no_new_version(deployment: Deployment) -> None:
    undated = {name: value for name, value in NOTICE.items() if name != "issued_at"}
    deployment.post_notices(undated)
    deployment.clock.advance(days=1)
    assert outcomes(deployment.post_notices(undated)) == [Outcome.UNCHANGED]
    assert [row.revision for row in rows(deployment, notices)] == [1]


def test_a_later_version_supersedes_the_earlier(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.settle()
    assert outcomes(deployment.post_notices(LATER)) == [Outcome.ACCEPTED]
    deployment.settle()
    assert str(cases_by_entry(deployment)["e1"].harm_on) == "2026-12-10"
    assert count(deployment, notices) == 1


def test_an_older_version_arriving_late_changes_nothing(deployment: Deployment) -> None:
    deployment.post_notices(LATER)
    deployment.settle()
    before, told = rows(deployment, notices), count(deployment, outbox)
    assert outcomes(deployment.post_notices(NOTICE)) == [Outcome.STALE]
    assert (rows(deployment, notices), count(deployment, outbox)) == (before, told)


def test_a_content_that_returns_after_another_counts_as_newer(deployment: Deployment) -> None:
    deployment.post_notices(NOTICE)
    deployment.post_notices(LATER)
    back = NOTICE | {"issued_at": "2026-11-22T09:00:00Z"}
    assert outcomes(deployment.post_notices(back)) == [Outcome.ACCEPTED]
    assert [str(row.planned_on) for row in rows(deployment, notices)] == ["2026-12-03"]


def test_a_confirmation_of_the_same_content_makes_what_was_issued_before_it_too_late(deployment: Deployment) -> None:
    deployment.post_notices(NOTICE)
    deployment.post_notices(NOTICE | {"issued_at": "2026-11-22T09:00:00Z"})
    assert outcomes(deployment.post_notices(LATER)) == [Outcome.STALE]


def test_the_same_idempotency_key_and_body_give_the_same_receipt(deployment: Deployment) -> None:
    first, _ = deployment.post_notices(NOTICE, key="k1")
    deployment.clock.advance(minutes=5)
    again, _ = deployment.post_notices(NOTICE, key="k1")
    assert again.repeated
    assert (again.submission_id, again.received_at, again.counts) == (
        first.submission_id,
        first.received_at,
        first.counts,
    )
    assert count(deployment, submissions) == 1


def test_the_same_idempotency_key_with_another_body_is_refused_and_takes_nothing(deployment: Deployment) -> None:
    deployment.post_notices(NOTICE, key="k1")
    with pytest.raises(IdempotencyMismatchError):
        deployment.post_notices(NOTICE | {"id": "n2"}, key="k1")
    assert count(deployment, notices) == 1


def test_an_idempotency_key_belongs_to_its_sender(deployment: Deployment) -> None:
    deployment.post_notices(NOTICE, key="k1")
    _, told = deployment.put_entries(ENTRY)
    assert [row.outcome for row in told] == [Outcome.WARNED]
    receipt, _ = deployment.post_notices(NOTICE | {"id": "n2"}, key="k2")
    assert not receipt.repeated


def test_a_row_repeated_within_one_submission_is_said_to_be_the_same(deployment: Deployment) -> None:
    _, told = deployment.post_notices(NOTICE, NOTICE)
    assert [row.outcome for row in told] == [Outcome.ACCEPTED, Outcome.UNCHANGED]
    assert codes(told[1]) == {"repeated_reference"}


def test_of_two_versions_in_one_submission_the_later_is_kept_whichever_comes_first(deployment: Deployment) -> None:
    assert outcomes(deployment.post_notices(LATER, NOTICE)) == [Outcome.ACCEPTED, Outcome.STALE]
    other = [{**row, "id": "n2"} for row in (NOTICE, LATER)]
    assert outcomes(deployment.post_notices(*other)) == [Outcome.STALE, Outcome.ACCEPTED]
    assert {str(row.planned_on) for row in rows(deployment, notices)} == {"2026-12-10"}


def test_of_two_contents_of_one_reference_without_an_order_the_lower_row_is_kept_and_both_are_flagged(
    deployment: Deployment,
) -> None:
    _, told = deployment.post_notices(NOTICE, NOTICE | {"planned_migration_date": "2026-12-24"})
    assert [row.outcome for row in told] == [Outcome.WARNED] * 2
    assert [codes(row) for row in told] == [{"same_stamp_differs"}] * 2
    (record,) = rows(deployment, notices)
    assert (str(record.planned_on), str(record.rival_planned_on)) == ("2026-12-24", "2026-12-03")


def test_a_number_that_cannot_be_mended_is_kept_flagged_and_the_line_found_by_uprn(deployment: Deployment) -> None:
    _, told = deployment.put_entries(ENTRY | {"cli": "4.41633E+11", "uprn": "100012345678"})
    assert told[0].outcome is Outcome.WARNED
    assert {issue.field for issue in told[0].issues} == {"cli"}
    deployment.post_notices(NOTICE | {"uprn": "100012345678"})
    deployment.settle()
    assert pairs(deployment) == {("n1", "e1"): ("probable", "same_uprn")}


def test_a_number_that_cannot_be_mended_is_kept_flagged_and_the_line_found_by_address(deployment: Deployment) -> None:
    where = {"postcode": "FY3 8AB", "address_lines": ["18 High Street"]}
    _, told = deployment.put_entries(ENTRY | {"cli": "not on file", **where})
    assert told[0].outcome is Outcome.WARNED
    deployment.post_notices(NOTICE | where)
    deployment.settle()
    assert pairs(deployment)["n1", "e1"][0] == "probable"
    assert rows(deployment, register_entries)[0].flags != ""


def test_an_entry_that_cannot_be_matched_at_all_is_kept_and_matched_when_it_is_mended(deployment: Deployment) -> None:
    _, told = deployment.put_entries({"entry_id": "e1", "updated_at": "2026-11-01T09:00:00Z"})
    assert codes(told[0]) == {"cannot_be_matched"}
    deployment.post_notices(NOTICE)
    deployment.settle()
    assert pairs(deployment) == {}
    deployment.put_entries(ENTRY | {"updated_at": "2026-11-02T09:00:00Z"})
    deployment.settle()
    assert set(pairs(deployment)) == {("n1", "e1")}


def test_withdrawing_an_entry_ends_its_matches_and_its_case_once(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.tick(seconds=31)
    withdraw_one(deployment.store, BLACKPOOL, "e1")
    deployment.settle()
    told = count(deployment, outbox)
    withdraw_one(deployment.store, BLACKPOOL, "e1")
    deployment.tick(days=20)
    assert pairs(deployment) == {}
    assert cases_by_entry(deployment)["e1"].state == "service_ended"
    assert (count(deployment, outbox), len(deployment.mails())) == (told, 1)


def test_a_withdrawn_entry_that_comes_back_is_at_risk_again(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    deployment.tick(seconds=31)
    withdraw_one(deployment.store, BLACKPOOL, "e1")
    deployment.tick(hours=1)
    assert outcomes(deployment.put_entries(ENTRY | {"updated_at": deployment.clock.now().isoformat()})) == [
        Outcome.WARNED
    ]
    deployment.tick(seconds=61)
    assert cases_by_entry(deployment)["e1"].state == "open"
    assert len(deployment.mails()) == 2
