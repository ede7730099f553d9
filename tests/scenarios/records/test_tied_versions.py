"""Two versions of a record tie: lines are found by what either says, until a later stamp settles it."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.reading.outcomes import Outcome
from services.ingest.recording.withdrawals import withdraw_one
from services.storage.tables import notices, register_entries
from tests.support.deployment import BLACKPOOL, House
from tests.support.ledger import pairs, references, rows, stale_matches

TODAY = "2026-11-23T00:00:00Z"
ENTRY = {"entry_id": "e1", "cli": "01632 960123", "updated_at": TODAY}
NOTICE = {"id": "n1", "cli": "01632 960123", "planned_migration_date": "2026-12-03", "issued_at": TODAY}
OTHER = {"cli": "01632 960999"}
TOMORROW = "2026-11-24T00:00:00Z"


def settled(house: House) -> set[tuple[str, str]]:
    house.settle()
    assert stale_matches(house) == 0
    return set(pairs(house))


def undated(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "cli": "01632 960123", "planned_migration_date": "2026-12-03", **more}


@pytest.mark.parametrize("whose", ["notice", "entry"])
def test_both_numbers_match_until_a_later_stamp_settles_it(house: House, whose: str) -> None:
    house.put_entries(ENTRY)
    house.post_notices(NOTICE)
    assert settled(house) == {("n1", "e1")}
    send, record, stamp = (
        (house.post_notices, NOTICE, "issued_at") if whose == "notice" else (house.put_entries, ENTRY, "updated_at")
    )
    send(record | OTHER)
    assert settled(house) == {("n1", "e1")}
    house.clock.advance(days=1)
    send(record | OTHER | {stamp: TOMORROW})
    assert settled(house) == set()


def test_an_address_that_ties_is_compared_too(house: House) -> None:
    where = {"postcode": "FY3 8AB", "address_lines": ["18 High Street"]}
    house.put_entries({"entry_id": "e1", "updated_at": TODAY, **where})
    house.post_notices({**NOTICE, "cli": "01632 960777", **where})
    house.post_notices({**NOTICE, "cli": "01632 960777", **where, "address_lines": ["99 Low Road"]})
    house.settle()
    assert pairs(house)["n1", "e1"][0] == "probable"


def test_the_flag_stays_on_the_record_until_it_is_settled(house: House) -> None:
    house.post_notices(NOTICE)
    house.post_notices(NOTICE | OTHER)
    assert "same_stamp_differs" in rows(house, notices)[0].flags.split()
    house.post_notices(NOTICE | OTHER | {"issued_at": TOMORROW})
    (record,) = rows(house, notices)
    assert (record.flags, record.rival_status) == ("", None)


def test_no_more_than_five_other_places_are_kept(house: House) -> None:
    for one in range(8):
        house.post_notices(NOTICE | {"cli": f"01632 96012{one}"})
    house.put_entries(*(ENTRY | {"entry_id": f"e{one}", "cli": f"01632 96012{one}"} for one in range(8)))
    assert settled(house) == {("n1", f"e{one}") for one in range(2, 8)}


def test_a_service_that_ended_the_same_day_counts_as_active_until_it_is_settled(house: House) -> None:
    house.put_entries(ENTRY)
    _, told = house.put_entries(ENTRY | {"service_status": "ended"})
    assert told[0].outcome is Outcome.WARNED
    _, told = house.put_entries(ENTRY | {"service_status": "ended"})
    assert told[0].outcome is Outcome.UNCHANGED
    assert [row.service_status for row in rows(house, register_entries)] == ["active"]
    house.put_entries(ENTRY | {"service_status": "ended", "updated_at": TOMORROW})
    assert [row.service_status for row in rows(house, register_entries)] == ["ended"]


def test_an_entry_taken_off_and_sent_again_the_same_day_is_back(house: House) -> None:
    house.put_entries(ENTRY)
    withdraw_one(house.store, BLACKPOOL, "e1")
    house.put_entries(ENTRY)
    assert [row.live for row in rows(house, register_entries)] == [True]


def test_an_entry_changed_before_it_was_taken_off_stays_off_and_is_told_why(house: House) -> None:
    house.put_entries(ENTRY)
    withdraw_one(house.store, BLACKPOOL, "e1")
    _, told = house.put_entries(ENTRY | {"updated_at": "2026-11-20T09:00:00Z"})
    assert told[0].outcome is Outcome.STALE
    assert "taken off the register on 23 November 2026 at 10:00" in told[0].issues[0].reason


def test_a_chain_of_notices_without_dates_of_issue_leaves_its_last(house: House) -> None:
    for name, before in (("n1", None), ("n2", "n1"), ("n3", "n2")):
        house.post_notices(undated(name, supersedes=before) if before else undated(name))
        house.clock.advance(hours=1)
    names = references(house, notices)
    assert [names[row.pk] for row in rows(house, notices) if row.live] == ["n3"]


def test_a_completed_notice_was_announced_if_one_that_it_replaces_was(house: House) -> None:
    done = {"status": "completed", "issued_at": "2026-11-22T09:00:00Z"}
    house.post_notices(undated("n3", supersedes="n2", **done))
    house.post_notices(undated("n2", supersedes="n1", **done))
    assert [row.announced for row in rows(house, notices)] == [False, False]
    house.post_notices(undated("n1", issued_at="2026-11-20T09:00:00Z"))
    assert [row.announced for row in rows(house, notices)] == [True, True, True]
