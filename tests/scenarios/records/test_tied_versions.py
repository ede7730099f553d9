from __future__ import annotations

from typing import Any

import pytest

from services.ingest.reading.outcomes import Outcome
from services.ingest.recording.withdrawals import withdraw_one
from services.storage.tables import notices, register_entries
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import pairs, references, rows, stale_matches

TODAY = "2026-11-23T00:00:00Z"
ENTRY = {"entry_id": "e1", "cli": "01632 960123", "updated_at": TODAY}
NOTICE = {"id": "n1", "cli": "01632 960123", "planned_migration_date": "2026-12-03", "issued_at": TODAY}
OTHER = {"cli": "01632 960999"}
TOMORROW = "2026-11-24T00:00:00Z"


def settled(deployment: Deployment) -> set[tuple[str, str]]:
    deployment.settle()
    assert stale_matches(deployment) == 0
    return set(pairs(deployment))


def undated(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "cli": "01632 960123", "planned_migration_date": "2026-12-03", **more}


@pytest.mark.parametrize("whose", ["notice", "entry"])
def test_both_numbers_match_until_a_later_stamp_settles_it(deployment: Deployment, whose: str) -> None:
    deployment.put_entries(ENTRY)
    deployment.post_notices(NOTICE)
    assert settled(deployment) == {("n1", "e1")}
    send, record, stamp = (
        (deployment.post_notices, NOTICE, "issued_at")
        if whose == "notice"
        else (deployment.put_entries, ENTRY, "updated_at")
    )
    send(record | OTHER)
    assert settled(deployment) == {("n1", "e1")}
    deployment.clock.advance(days=1)
    send(record | OTHER | {stamp: TOMORROW})
    assert settled(deployment) == set()


def test_an_address_that_ties_is_compared_too(deployment: Deployment) -> None:
    where = {"postcode": "FY3 8AB", "address_lines": ["18 High Street"]}
    deployment.put_entries({"entry_id": "e1", "updated_at": TODAY, **where})
    deployment.post_notices({**NOTICE, "cli": "01632 960777", **where})
    deployment.post_notices({**NOTICE, "cli": "01632 960777", **where, "address_lines": ["99 Low Road"]})
    deployment.settle()
    assert pairs(deployment)["n1", "e1"][0] == "probable"


def test_the_flag_stays_on_the_record_until_it_is_settled(deployment: Deployment) -> None:
    deployment.post_notices(NOTICE)
    deployment.post_notices(NOTICE | OTHER)
    assert "same_stamp_differs" in rows(deployment, notices)[0].flags.split()
    deployment.post_notices(NOTICE | OTHER | {"issued_at": TOMORROW})
    (record,) = rows(deployment, notices)
    assert (record.flags, record.rival_status) == ("", None)


def test_no_more_than_five_other_places_are_kept(deployment: Deployment) -> None:
    for one in range(8):
        deployment.post_notices(NOTICE | {"cli": f"01632 96012{one}"})
    deployment.put_entries(*(ENTRY | {"entry_id": f"e{one}", "cli": f"01632 96012{one}"} for one in range(8)))
    assert settled(deployment) == {("n1", f"e{one}") for one in range(2, 8)}


def test_a_service_that_ended_the_same_day_counts_as_active_until_it_is_settled(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    _, told = deployment.put_entries(ENTRY | {"service_status": "ended"})
    assert told[0].outcome is Outcome.WARNED
    _, told = deployment.put_entries(ENTRY | {"service_status": "ended"})
    assert told[0].outcome is Outcome.UNCHANGED
    assert [row.service_status for row in rows(deployment, register_entries)] == ["active"]
    deployment.put_entries(ENTRY | {"service_status": "ended", "updated_at": TOMORROW})
    assert [row.service_status for row in rows(deployment, register_entries)] == ["ended"]


def test_an_entry_taken_off_and_sent_again_the_same_day_is_back(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    withdraw_one(deployment.store, BLACKPOOL, "e1")
    deployment.put_entries(ENTRY)
    assert [row.live for row in rows(deployment, register_entries)] == [True]


def test_an_entry_changed_before_it_was_taken_off_stays_off_and_is_told_why(deployment: Deployment) -> None:
    deployment.put_entries(ENTRY)
    withdraw_one(deployment.store, BLACKPOOL, "e1")
    _, told = deployment.put_entries(ENTRY | {"updated_at": "2026-11-20T09:00:00Z"})
    assert told[0].outcome is Outcome.STALE
    assert "taken off the register on 23 November 2026 at 10:00" in told[0].issues[0].reason


def test_a_chain_of_notices_without_dates_of_issue_leaves_its_last(deployment: Deployment) -> None:
    for name, before in (("n1", None), ("n2", "n1"), ("n3", "n2")):
        deployment.post_notices(undated(name, supersedes=before) if before else undated(name))
        deployment.clock.advance(hours=1)
    names = references(deployment, notices)
    assert [names[row.pk] for row in rows(deployment, notices) if row.live] == ["n3"]


def test_a_completed_notice_was_announced_if_one_that_it_replaces_was(deployment: Deployment) -> None:
    done = {"status": "completed", "issued_at": "2026-11-22T09:00:00Z"}
    deployment.post_notices(undated("n3", supersedes="n2", **done))
    deployment.post_notices(undated("n2", supersedes="n1", **done))
    assert [row.announced for row in rows(deployment, notices)] == [False, False]
    deployment.post_notices(undated("n1", issued_at="2026-11-20T09:00:00Z"))
    assert [row.announced for row in rows(deployment, notices)] == [True, True, True]
