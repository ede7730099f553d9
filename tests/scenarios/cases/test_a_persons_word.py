from __future__ import annotations

from typing import Any

import pytest

from schemas.codes import MatchDecision
from services.core.audit import AuditAction
from services.core.errors import NotFoundError
from services.ingest.recording.withdrawals import withdraw_one
from services.matcher.decisions import MatchId, decide_match
from services.storage.feeds import add_feed
from services.storage.tables import matches, notices
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import cases_by_entry, match_id, pairs, references, rows, said
from tests.support.people import confirm, reject

UPRN = "100012345678"


def tower_road_entry(day: int = 1, **more: Any) -> dict[str, Any]:
    return {"entry_id": "e1", "updated_at": f"2026-11-{day:02}T09:00:00Z", "uprn": UPRN, **more}


def notice(name: str = "n1", day: int = 1, **more: Any) -> dict[str, Any]:
    dates = {"planned_migration_date": "2026-12-03", "issued_at": f"2026-11-{day:02}T09:00:00Z"}
    return {"id": name, **dates, "uprn": UPRN, **more}


@pytest.fixture
def rejected(deployment: Deployment) -> Deployment:
    # The match was found by UPRN.
    deployment.put_entries(tower_road_entry())
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    reject(deployment)
    deployment.settle()
    return deployment


def decision(deployment: Deployment) -> tuple[str, str | None]:
    (match,) = rows(deployment, matches)
    return match.decision, match.decided_level


def test_a_rejection_ends_the_case_and_the_paging(rejected: Deployment) -> None:
    rejected.tick(days=30)
    assert cases_by_entry(rejected)["e1"].state == "false_match"
    assert len(rejected.mails()) == 1


def test_a_rejection_says_who_and_why_under_seal_only(rejected: Deployment) -> None:
    notice_pk, entry_pk = match_id(rejected, "n1", "e1")
    expected = {"notice": notice_pk, "entry": entry_pk, "decision": "rejected", "level": "probable"}
    assert said(rejected, AuditAction.MATCH_DECIDED) == [expected]


@pytest.mark.parametrize("side", ["notice", "entry"])
def test_a_rejection_is_kept_through_later_versions_of_either_record(rejected: Deployment, side: str) -> None:
    if side == "notice":
        rejected.post_notices(notice(day=2, brand="Raven"))
    else:
        rejected.put_entries(tower_road_entry(day=2, protocol="stmf"))
    rejected.tick(days=1)
    assert decision(rejected) == ("rejected", "probable")
    assert cases_by_entry(rejected)["e1"].state == "false_match"
    assert len(rejected.mails()) == 1


def test_a_rejection_is_kept_when_the_pair_ends_and_is_found_again(rejected: Deployment) -> None:
    rejected.put_entries(tower_road_entry(day=2) | {"uprn": "100012345679"})
    rejected.settle()
    rejected.put_entries(tower_road_entry(day=3))
    rejected.tick(days=1)
    assert set(pairs(rejected)) == {("n1", "e1")}
    assert cases_by_entry(rejected)["e1"].state == "false_match"
    assert len(rejected.mails()) == 1


def test_surer_evidence_than_the_person_saw_puts_the_line_at_risk_again_and_keeps_their_word(
    rejected: Deployment,
) -> None:
    rejected.put_entries(tower_road_entry(day=2, cli="01632 960123"))
    rejected.post_notices(notice(day=2, cli="01632 960123"))
    rejected.tick(seconds=61)
    case = cases_by_entry(rejected)["e1"]
    assert (case.state, case.level) == ("open", "confirmed")
    assert len(rejected.mails()) == 2
    assert decision(rejected) == ("rejected", "probable")


def test_rejecting_the_surer_evidence_too_ends_the_case_for_good(rejected: Deployment) -> None:
    rejected.put_entries(tower_road_entry(day=2, cli="01632 960123"))
    rejected.post_notices(notice(day=2, cli="01632 960123"))
    rejected.tick(seconds=61)
    reject(rejected)
    rejected.tick(days=20)
    assert cases_by_entry(rejected)["e1"].state == "false_match"
    assert len(rejected.mails()) == 2


def test_weaker_evidence_does_not_undo_a_rejection(rejected: Deployment) -> None:
    address = {"postcode": "FY3 8AB"}
    rejected.put_entries(tower_road_entry(day=2, address_lines=["18 High Street"], **address))
    rejected.post_notices(notice(day=2, address_lines=["20 High Street"], **address))
    rejected.tick(days=1)
    assert pairs(rejected)["n1", "e1"][0] == "possible"
    assert cases_by_entry(rejected)["e1"].state == "false_match"


def test_rejecting_one_of_two_lines_leaves_the_case_open_for_the_other(deployment: Deployment) -> None:
    deployment.put_entries(tower_road_entry(cli="01632 960123"))
    deployment.post_notices(notice("n1"), notice("n2", cli="01632 960123", planned_migration_date="2026-12-17"))
    deployment.tick(seconds=31)
    reject(deployment, "n1")
    deployment.settle()
    case = cases_by_entry(deployment)["e1"]
    assert (case.state, case.lines, str(case.harm_on)) == ("open", 1, "2026-12-17")


def test_another_notice_for_the_same_line_opens_a_rejected_case_again(rejected: Deployment) -> None:
    rejected.post_notices(notice("n2", cli="01632 960123"))
    rejected.tick(seconds=61)
    assert cases_by_entry(rejected)["e1"].state == "open"
    assert len(rejected.mails()) == 2


def test_a_confirmation_outweighs_a_register_that_says_the_alarm_has_a_sim(deployment: Deployment) -> None:
    deployment.put_entries(tower_road_entry(connection="sim"))
    deployment.post_notices(notice())
    deployment.tick(seconds=31)
    assert deployment.mails() == []
    confirm(deployment)
    deployment.tick(seconds=61)
    assert cases_by_entry(deployment)["e1"].state == "open"
    assert len(deployment.mails()) == 1


def test_a_person_can_take_a_rejection_back(rejected: Deployment) -> None:
    confirm(rejected)
    rejected.tick(seconds=61)
    assert cases_by_entry(rejected)["e1"].state == "open"
    assert decision(rejected) == ("confirmed", "probable")


def test_a_match_that_holds_no_longer_cannot_be_decided_on(rejected: Deployment) -> None:
    match = MatchId(*match_id(rejected, "n1", "e1"))
    withdraw_one(rejected.store, BLACKPOOL, "e1")
    rejected.settle()
    with pytest.raises(NotFoundError):
        decide_match(rejected.store, match, MatchDecision.CONFIRMED, "Asha Patel", "seen")


def test_a_council_cannot_decide_on_another_councils_match(rejected: Deployment) -> None:
    cardiff = add_feed(rejected.store, "council", "W06000015", "Cardiff")
    match = MatchId(*match_id(rejected, "n1", "e1"))
    with pytest.raises(NotFoundError):
        decide_match(rejected.store, match, MatchDecision.CONFIRMED, "Asha Patel", "seen", cardiff)
    assert decision(rejected) == ("rejected", "probable")


def test_a_rejection_closes_the_other_matches_of_the_entry_with_the_same_line(deployment: Deployment) -> None:
    deployment.put_entries(tower_road_entry())
    deployment.post_notices(
        notice("n1"), notice("n2", planned_migration_date="2026-12-10"), notice("n3", cli="01632960555")
    )
    deployment.settle()
    reject(deployment, "n1")
    deployment.settle()
    # The notice with a number of its own may be about another line.
    assert decisions(deployment) == {"n1": "rejected", "n2": "rejected", "n3": "undecided"}
    assert cases_by_entry(deployment)["e1"].state != "false_match"
    reject(deployment, "n3")
    deployment.settle()
    assert cases_by_entry(deployment)["e1"].state == "false_match"


def test_a_confirmation_brings_back_what_a_rejection_closed(deployment: Deployment) -> None:
    deployment.put_entries(tower_road_entry())
    deployment.post_notices(notice("n1"), notice("n2"))
    deployment.settle()
    reject(deployment, "n1")
    confirm(deployment, "n1")
    deployment.settle()
    assert decisions(deployment) == {"n1": "confirmed", "n2": "confirmed"}
    assert cases_by_entry(deployment)["e1"].state != "false_match"


def test_a_rejection_takes_back_no_confirmation(deployment: Deployment) -> None:
    deployment.put_entries(tower_road_entry())
    deployment.post_notices(notice("n1"))
    deployment.settle()
    confirm(deployment, "n1")
    deployment.post_notices(notice("n2"))
    deployment.settle()
    reject(deployment, "n2")
    assert decisions(deployment) == {"n1": "confirmed", "n2": "rejected"}


def test_the_same_spelling_key_is_not_the_same_line(deployment: Deployment) -> None:
    home: dict[str, Any] = {"uprn": None, "postcode": "FY3 8AB"}
    deployment.put_entries(tower_road_entry(address_lines=["18 Oak Road"], **home))
    deployment.post_notices(
        notice("n1", address_lines=["18 Oak Road"], **home), notice("n2", address_lines=["18 Oak Roads"], **home)
    )
    deployment.settle()
    reject(deployment, "n1")
    assert decisions(deployment)["n1"] == "rejected"
    assert decisions(deployment).get("n2", "undecided") == "undecided"


def test_a_persons_word_on_another_line_of_the_entry_says_nothing_of_this_one(rejected: Deployment) -> None:
    rejected.post_notices(notice("n2"))
    rejected.settle()
    # A later notice is asked about anew.
    assert decisions(rejected) == {"n1": "rejected", "n2": "undecided"}


def decisions(deployment: Deployment) -> dict[str, str]:
    names = references(deployment, notices)
    return {names[match.notice_pk]: match.decision for match in rows(deployment, matches)}
