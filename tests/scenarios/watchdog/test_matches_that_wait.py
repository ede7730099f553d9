from __future__ import annotations

from services.watchdog.findings import FaultKind
from tests.scenarios.records.test_matching import FLAT_A, NUMBER, OTHER_NUMBER, entry, notice
from tests.scenarios.watchdog.watching import by_sql, kinds, run_for
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry

HOME = {"cli": NUMBER, **FLAT_A}
SAME_PLACE = {"cli": OTHER_NUMBER, **FLAT_A}


def test_no_case_is_missed_for_a_match_that_waits(deployment: Deployment) -> None:
    deployment.post_notices(notice(**HOME))
    deployment.put_entries(entry(**HOME), entry("e2", **SAME_PLACE))
    run_for(deployment, hours=3)
    assert set(cases_by_entry(deployment)) == {"e1"}
    assert kinds(deployment) == set()


def test_a_case_that_ended_because_its_match_waits_is_no_fault(deployment: Deployment) -> None:
    deployment.post_notices(notice(**HOME))
    deployment.put_entries(entry("e2", **SAME_PLACE))
    run_for(deployment, hours=1)
    assert cases_by_entry(deployment)["e2"].state == "open"
    deployment.put_entries(entry(**HOME))
    run_for(deployment, hours=3)
    assert cases_by_entry(deployment)["e2"].ended
    assert kinds(deployment) == set()


def test_a_match_that_was_made_to_wait_by_sql_is_found(deployment: Deployment) -> None:
    deployment.put_entries(entry(cli=NUMBER), entry("e2", **SAME_PLACE))
    deployment.post_notices(notice(**HOME))
    run_for(deployment, hours=1)
    by_sql(deployment, "UPDATE matches SET settles = TRUE WHERE level = 'confirmed'")
    deployment.put_entries(entry("e2", day=2, protocol="stmf", **SAME_PLACE))
    run_for(deployment, hours=3)
    assert cases_by_entry(deployment)["e2"].ended
    assert FaultKind.ENDED_AT_RISK in kinds(deployment)
