"""What a sender is told, and what repeating, changing or taking back a record does."""

from __future__ import annotations

import pytest

from services.ingest.reading.outcomes import Outcome, RowOutcome
from services.ingest.recording.submissions import IdempotencyMismatchError, find_outcomes, find_receipt
from services.ingest.recording.withdrawals import withdraw_one
from services.storage.tables import notices, outbox, register_entries, submissions
from tests.support.deployment import BLACKPOOL, RAVEN, House
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


def test_a_receipt_says_what_became_of_every_row_and_can_be_asked_for_again(house: House) -> None:
    receipt, told = house.post_notices(NOTICE, {"id": "n2"}, {"id": "n3", "cli": "01632 960124"})
    assert [row.row for row in told] == [1, 2, 3]
    assert [row.outcome for row in told] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.WARNED]
    with house.store.reading() as connection:
        assert find_receipt(connection, receipt.submission_id, RAVEN).counts == receipt.counts
        assert find_outcomes(connection, receipt.submission_id) == told


def test_nothing_valid_is_lost_beside_bad_rows(house: House) -> None:
    bad = [{"id": "b1"}, NOTICE | {"id": "b2", "planned_migration_date": "1900-01-01"}, {"cli": 7}]
    house.post_notices(*bad, NOTICE, *bad)
    house.put_entries({"entry_id": " "}, ENTRY)
    house.settle()
    assert pairs(house) == {("n1", "e1"): ("confirmed", "same_telephone_number")}
    assert count(house, notices) == 1


def test_the_same_file_twice_changes_nothing_and_pages_nobody(house: House) -> None:
    house.put_entries(ENTRY)
    house.post_notices(NOTICE)
    house.tick(seconds=31)
    before, told = state_of_record(house), count(house, outbox)
    assert outcomes(house.post_notices(NOTICE)) == [Outcome.UNCHANGED]
    assert outcomes(house.put_entries(ENTRY)) == [Outcome.UNCHANGED]
    house.tick(seconds=90)
    after = state_of_record(house)
    assert count(house, outbox) == told
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"submissions", "submission_outcomes", "feeds"}  # what was sent, and that the feed was heard
    assert len(house.mails()) == 1


def test_a_file_without_times_imported_again_a_day_later_is_no_new_version(house: House) -> None:
    undated = {name: value for name, value in NOTICE.items() if name != "issued_at"}
    house.post_notices(undated)
    house.clock.advance(days=1)
    assert outcomes(house.post_notices(undated)) == [Outcome.UNCHANGED]
    assert [row.revision for row in rows(house, notices)] == [1]


def test_a_later_version_supersedes_the_earlier(house: House) -> None:
    house.put_entries(ENTRY)
    house.post_notices(NOTICE)
    house.settle()
    assert outcomes(house.post_notices(LATER)) == [Outcome.ACCEPTED]
    house.settle()
    assert str(cases_by_entry(house)["e1"].harm_on) == "2026-12-10"
    assert count(house, notices) == 1


def test_an_older_version_arriving_late_changes_nothing(house: House) -> None:
    house.post_notices(LATER)
    house.settle()
    before, told = rows(house, notices), count(house, outbox)
    assert outcomes(house.post_notices(NOTICE)) == [Outcome.STALE]
    assert (rows(house, notices), count(house, outbox)) == (before, told)


def test_a_content_that_returns_after_another_counts_as_newer(house: House) -> None:
    house.post_notices(NOTICE)
    house.post_notices(LATER)
    back = NOTICE | {"issued_at": "2026-11-22T09:00:00Z"}
    assert outcomes(house.post_notices(back)) == [Outcome.ACCEPTED]
    assert [str(row.planned_on) for row in rows(house, notices)] == ["2026-12-03"]


def test_a_confirmation_of_the_same_content_makes_what_was_issued_before_it_too_late(house: House) -> None:
    house.post_notices(NOTICE)
    house.post_notices(NOTICE | {"issued_at": "2026-11-22T09:00:00Z"})
    assert outcomes(house.post_notices(LATER)) == [Outcome.STALE]


def test_the_same_idempotency_key_and_body_give_the_same_receipt(house: House) -> None:
    first, _ = house.post_notices(NOTICE, key="k1")
    house.clock.advance(minutes=5)
    again, _ = house.post_notices(NOTICE, key="k1")
    assert again.repeated
    assert (again.submission_id, again.received_at, again.counts) == (
        first.submission_id,
        first.received_at,
        first.counts,
    )
    assert count(house, submissions) == 1


def test_the_same_idempotency_key_with_another_body_is_refused_and_takes_nothing(house: House) -> None:
    house.post_notices(NOTICE, key="k1")
    with pytest.raises(IdempotencyMismatchError):
        house.post_notices(NOTICE | {"id": "n2"}, key="k1")
    assert count(house, notices) == 1


def test_an_idempotency_key_belongs_to_its_sender(house: House) -> None:
    house.post_notices(NOTICE, key="k1")
    _, told = house.put_entries(ENTRY)
    assert [row.outcome for row in told] == [Outcome.WARNED]
    receipt, _ = house.post_notices(NOTICE | {"id": "n2"}, key="k2")
    assert not receipt.repeated


def test_a_row_repeated_within_one_submission_is_said_to_be_the_same(house: House) -> None:
    _, told = house.post_notices(NOTICE, NOTICE)
    assert [row.outcome for row in told] == [Outcome.ACCEPTED, Outcome.UNCHANGED]
    assert codes(told[1]) == {"repeated_reference"}


def test_of_two_versions_in_one_submission_the_later_is_kept_whichever_comes_first(house: House) -> None:
    assert outcomes(house.post_notices(LATER, NOTICE)) == [Outcome.ACCEPTED, Outcome.STALE]
    other = [{**row, "id": "n2"} for row in (NOTICE, LATER)]
    assert outcomes(house.post_notices(*other)) == [Outcome.STALE, Outcome.ACCEPTED]
    assert {str(row.planned_on) for row in rows(house, notices)} == {"2026-12-10"}


def test_of_two_contents_of_one_reference_without_an_order_the_lower_row_is_kept_and_both_are_flagged(
    house: House,
) -> None:
    _, told = house.post_notices(NOTICE, NOTICE | {"planned_migration_date": "2026-12-24"})
    assert [row.outcome for row in told] == [Outcome.WARNED] * 2
    assert [codes(row) for row in told] == [{"same_stamp_differs"}] * 2
    (record,) = rows(house, notices)
    assert (str(record.planned_on), str(record.rival_planned_on)) == ("2026-12-24", "2026-12-03")


def test_a_number_that_cannot_be_mended_is_kept_flagged_and_the_line_found_by_uprn(house: House) -> None:
    _, told = house.put_entries(ENTRY | {"cli": "4.41633E+11", "uprn": "100012345678"})
    assert told[0].outcome is Outcome.WARNED
    assert {issue.field for issue in told[0].issues} == {"cli"}
    house.post_notices(NOTICE | {"uprn": "100012345678"})
    house.settle()
    assert pairs(house) == {("n1", "e1"): ("probable", "same_uprn")}


def test_a_number_that_cannot_be_mended_is_kept_flagged_and_the_line_found_by_address(house: House) -> None:
    where = {"postcode": "FY3 8AB", "address_lines": ["18 High Street"]}
    _, told = house.put_entries(ENTRY | {"cli": "not on file", **where})
    assert told[0].outcome is Outcome.WARNED
    house.post_notices(NOTICE | where)
    house.settle()
    assert pairs(house)["n1", "e1"][0] == "probable"
    assert rows(house, register_entries)[0].flags != ""


def test_an_entry_that_cannot_be_matched_at_all_is_kept_and_matched_when_it_is_mended(house: House) -> None:
    _, told = house.put_entries({"entry_id": "e1", "updated_at": "2026-11-01T09:00:00Z"})
    assert codes(told[0]) == {"cannot_be_matched"}
    house.post_notices(NOTICE)
    house.settle()
    assert pairs(house) == {}
    house.put_entries(ENTRY | {"updated_at": "2026-11-02T09:00:00Z"})
    house.settle()
    assert set(pairs(house)) == {("n1", "e1")}


def test_withdrawing_an_entry_ends_its_matches_and_its_case_once(house: House) -> None:
    house.put_entries(ENTRY)
    house.post_notices(NOTICE)
    house.tick(seconds=31)
    withdraw_one(house.store, BLACKPOOL, "e1")
    house.settle()
    told = count(house, outbox)
    withdraw_one(house.store, BLACKPOOL, "e1")
    house.tick(days=20)
    assert pairs(house) == {}
    assert cases_by_entry(house)["e1"].state == "service_ended"
    assert (count(house, outbox), len(house.mails())) == (told, 1)


def test_a_withdrawn_entry_that_comes_back_is_at_risk_again(house: House) -> None:
    house.put_entries(ENTRY)
    house.post_notices(NOTICE)
    house.tick(seconds=31)
    withdraw_one(house.store, BLACKPOOL, "e1")
    house.tick(hours=1)
    assert outcomes(house.put_entries(ENTRY | {"updated_at": house.clock.now().isoformat()})) == [Outcome.WARNED]
    house.tick(seconds=61)
    assert cases_by_entry(house)["e1"].state == "open"
    assert len(house.mails()) == 2
