"""A match waits if another match shows whose line a notice is about: there, number and place agree."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.recording.withdrawals import withdraw_one
from tests.scenarios.records.test_matching import FLAT_A, FLAT_C, NUMBER, OTHER_NUMBER, UPRN, area, entry, notice
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import cases_by_entry, pairs
from tests.support.people import confirm, reject

HOME: dict[str, Any] = {"cli": NUMBER, **FLAT_A}
SAME_PLACE: dict[str, Any] = {"cli": OTHER_NUMBER, **FLAT_A}
IN_DECEMBER, IN_JANUARY = "2026-12-03", "2027-01-15"


def open_cases(deployment: Deployment) -> dict[str, str]:
    return {name: str(case.harm_on) for name, case in cases_by_entry(deployment).items() if case.state == "open"}


@pytest.fixture(params=["notices first", "entries first", "the weaker match first"])
def order(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def arrive(deployment: Deployment, order: str, notices: list[dict[str, Any]], entries: list[dict[str, Any]]) -> None:
    """Post the notices and the entries in the given order.

    The weaker match is the match of the last notice with the last entry.
    """
    if order == "entries first":
        deployment.put_entries(*entries)
        deployment.post_notices(*notices)
    elif order == "notices first":
        deployment.post_notices(*notices)
        deployment.put_entries(*entries)
    else:
        for some, others in ((notices[-1:], entries[-1:]), (notices, entries)):
            deployment.post_notices(*some)
            deployment.put_entries(*others)
            deployment.tick(seconds=61)
    deployment.tick(seconds=61)


def test_another_line_of_the_same_home_waits_for_that_of_the_alarm(deployment: Deployment, order: str) -> None:
    notices = [
        notice(planned_migration_date=IN_DECEMBER, **HOME),
        notice("n2", planned_migration_date=IN_JANUARY, **SAME_PLACE),
    ]
    arrive(deployment, order, notices, [entry(**HOME)])
    assert set(pairs(deployment)) == {("n1", "e1"), ("n2", "e1")}
    case = cases_by_entry(deployment)["e1"]
    assert (case.lines, str(case.harm_on)) == (1, IN_DECEMBER)


def test_a_line_with_an_earlier_harm_does_not_wait(deployment: Deployment, order: str) -> None:
    notices = [
        notice(planned_migration_date=IN_JANUARY, **HOME),
        notice("n2", planned_migration_date=IN_DECEMBER, **SAME_PLACE),
    ]
    arrive(deployment, order, notices, [entry(**HOME)])
    case = cases_by_entry(deployment)["e1"]
    assert (case.lines, str(case.harm_on)) == (2, IN_DECEMBER)


def test_a_line_without_a_date_does_not_wait_for_one_with_a_date(deployment: Deployment) -> None:
    undated = {name: value for name, value in notice("n2", **SAME_PLACE).items() if name != "planned_migration_date"}
    deployment.put_entries(entry(**HOME))
    deployment.post_notices(notice(**HOME), undated)
    deployment.settle()
    assert cases_by_entry(deployment)["e1"].lines == 2


def test_a_neighbour_is_not_alerted_of_a_line_that_is_anothers(deployment: Deployment, order: str) -> None:
    arrive(deployment, order, [notice(**HOME)], [entry(**HOME), entry("e2", **SAME_PLACE)])
    assert set(pairs(deployment)) == {("n1", "e1"), ("n1", "e2")}
    assert set(open_cases(deployment)) == {"e1"}


def test_two_people_of_one_home_are_both_alerted_if_one_of_them_has_no_number(deployment: Deployment) -> None:
    deployment.put_entries(entry(**HOME), entry("e2", **FLAT_A))
    deployment.post_notices(notice(**HOME))
    deployment.settle()
    assert set(open_cases(deployment)) == {"e1", "e2"}


def test_the_same_number_alone_settles_nothing(deployment: Deployment) -> None:
    # The number may have a wrong digit, and the line may be that of the second entry.
    deployment.put_entries(entry(cli=NUMBER), entry("e2", **SAME_PLACE))
    deployment.post_notices(notice(**HOME))
    deployment.settle()
    assert set(open_cases(deployment)) == {"e1", "e2"}


def without_the_reason(deployment: Deployment, way: str) -> None:
    if way == "rejected":
        reject(deployment, "n1", "e1")
    elif way == "entry withdrawn":
        withdraw_one(deployment.store, BLACKPOOL, "e1")
    elif way == "entry elsewhere":
        deployment.put_entries(entry(day=2, cli=NUMBER, **FLAT_C))
    else:
        deployment.put_entries(entry(day=2, cli="01632 960789", **FLAT_A))
    deployment.tick(seconds=61)


@pytest.mark.parametrize("way", ["rejected", "entry withdrawn", "entry elsewhere", "another number"])
def test_a_neighbour_is_alerted_as_soon_as_nothing_shows_that_the_line_is_anothers(
    deployment: Deployment, way: str
) -> None:
    deployment.put_entries(entry(**HOME), entry("e2", **SAME_PLACE))
    deployment.post_notices(notice(**HOME))
    deployment.tick(seconds=61)
    assert set(open_cases(deployment)) == {"e1"}
    without_the_reason(deployment, way)
    assert "e2" in open_cases(deployment)


@pytest.mark.parametrize("status", ["withdrawn", "superseded"])
def test_another_line_of_the_home_counts_again_when_the_notice_of_the_first_is_gone(
    deployment: Deployment, status: str
) -> None:
    deployment.put_entries(entry(**HOME))
    deployment.post_notices(
        notice(planned_migration_date=IN_DECEMBER, **HOME),
        notice("n2", planned_migration_date=IN_JANUARY, **SAME_PLACE),
    )
    deployment.tick(seconds=61)
    if status == "withdrawn":
        deployment.post_notices(notice(day=2, status="withdrawn", planned_migration_date=IN_DECEMBER, **HOME))
    else:
        deployment.post_notices(notice(day=2, cli="01632 960789", postcode="LS1 4AP", address_lines=["9 Park Row"]))
    deployment.tick(seconds=61)
    assert open_cases(deployment) == {"e1": IN_JANUARY}


def test_what_a_person_has_confirmed_settles_whose_line_it_is(deployment: Deployment) -> None:
    deployment.put_entries(entry(uprn=UPRN, **FLAT_A), entry("e2", **SAME_PLACE))
    deployment.post_notices(notice(uprn=UPRN, **HOME))
    deployment.tick(seconds=61)
    assert set(open_cases(deployment)) == {"e1", "e2"}
    confirm(deployment, "n1", "e1")
    deployment.tick(seconds=61)
    assert set(open_cases(deployment)) == {"e1"}
    reject(deployment, "n1", "e1")
    deployment.tick(seconds=61)
    assert set(open_cases(deployment)) == {"e2"}


def test_a_match_that_a_person_confirmed_does_not_wait(deployment: Deployment) -> None:
    deployment.put_entries(entry("e2", **SAME_PLACE))
    deployment.post_notices(notice(**HOME))
    deployment.settle()
    confirm(deployment, "n1", "e2")
    deployment.put_entries(entry(**HOME))
    deployment.tick(seconds=61)
    assert set(open_cases(deployment)) == {"e1", "e2"}


def test_a_notice_on_an_area_does_not_wait(deployment: Deployment) -> None:
    deployment.put_entries(entry(**HOME))
    deployment.post_notices(
        notice(planned_migration_date=IN_DECEMBER, **HOME), area("FY3 8AB", planned_migration_date=IN_JANUARY)
    )
    deployment.settle()
    assert cases_by_entry(deployment)["e1"].lines == 2
