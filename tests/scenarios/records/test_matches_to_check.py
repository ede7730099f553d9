from __future__ import annotations

from typing import Any

import pytest

from services.alerts.checks import MatchToCheck, matches_to_check
from services.core.match_reference import match_reference
from tests.scenarios.records.test_matching import (
    FLAT_A,
    FLAT_C,
    NUMBER,
    OTHER_NUMBER,
    OTHER_UPRN,
    UPRN,
    area,
    entry,
    notice,
)
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.ledger import match_id, pairs
from tests.support.people import confirm, reject

HOUSE: dict[str, Any] = {"postcode": "FY3 8AB", "address_lines": ["18 High Street"]}


def to_check(deployment: Deployment, limit: int = 100, council: str = BLACKPOOL) -> list[MatchToCheck]:
    with deployment.store.reading() as connection:
        return matches_to_check(connection, deployment.store, council, limit).matches


def named(deployment: Deployment, *found: tuple[str, str]) -> list[str]:
    return [match_reference(deployment.store.tokeniser, *match_id(deployment, *pair)) for pair in found]


def shown(deployment: Deployment) -> list[str]:
    return [one.match for one in to_check(deployment)]


def test_a_sure_match_waits_for_nobody(deployment: Deployment) -> None:
    deployment.put_entries(entry(cli=NUMBER, **FLAT_A))
    deployment.post_notices(notice(cli=NUMBER, **FLAT_A))
    deployment.settle()
    assert to_check(deployment) == []


def test_a_possible_match_is_listed_with_its_case_and_what_speaks_for_and_against_it(deployment: Deployment) -> None:
    deployment.put_entries(entry(**FLAT_A))
    deployment.post_notices(notice(**HOUSE))
    deployment.settle()
    (one,) = to_check(deployment)
    assert [one.match] == named(deployment, ("n1", "e1"))
    assert one.case == deployment.cases()[0].reference
    assert one.reasons == ["near_address", "numbers_agree", "streets_agree", "sub_unit_missing"]
    assert (str(one.harm_on), one.provider_references, one.others) == ("2026-12-03", ["n1"], 0)


@pytest.mark.parametrize("decide", [confirm, reject])
def test_a_match_that_a_person_has_decided_on_leaves_the_list(deployment: Deployment, decide: Any) -> None:
    deployment.put_entries(entry(**FLAT_A))
    deployment.post_notices(notice(**HOUSE))
    deployment.settle()
    decide(deployment)
    assert to_check(deployment) == []


def test_of_matches_with_as_near_a_harm_the_surest_comes_first(deployment: Deployment) -> None:
    # Of the first entry the UPRN differs.
    deployment.put_entries(entry("e1", uprn=OTHER_UPRN, **FLAT_A), entry("e2", **FLAT_A))
    deployment.post_notices(notice(uprn=UPRN, **HOUSE))
    deployment.settle()
    assert shown(deployment) == named(deployment, ("n1", "e2"), ("n1", "e1"))


def test_the_nearest_harm_comes_first_whatever_the_weight(deployment: Deployment) -> None:
    place: dict[str, Any] = {"postcode": "FY3 9XY", "address_lines": ["7 Mill Lane"]}
    deployment.put_entries(entry(**FLAT_A), entry("e2", postcode="FY3 9XY", address_lines=["Flat 2, 7 Mill Lane"]))
    deployment.post_notices(
        notice(planned_migration_date="2027-06-01", **HOUSE), notice("n2", planned_migration_date="2026-11-30", **place)
    )
    deployment.settle()
    assert shown(deployment) == named(deployment, ("n2", "e2"), ("n1", "e1"))


def test_the_same_number_at_another_address_is_looked_at_first(deployment: Deployment) -> None:
    elsewhere: dict[str, Any] = {"postcode": "FY3 9XY", "address_lines": ["7 Mill Lane"]}
    deployment.put_entries(entry(**FLAT_A), entry("e2", cli=NUMBER, **elsewhere))
    deployment.post_notices(notice(**HOUSE), notice("n2", cli=NUMBER, **FLAT_C))
    deployment.settle()
    assert shown(deployment) == named(deployment, ("n2", "e2"), ("n1", "e1"))


def test_an_entry_has_one_match_in_the_list_and_the_next_one_once_that_is_rejected(deployment: Deployment) -> None:
    deployment.put_entries(entry(**FLAT_A))
    deployment.post_notices(notice(**HOUSE), notice("n2", cli=NUMBER, **HOUSE))
    deployment.settle()
    (first,) = to_check(deployment)
    assert first.others == 1
    for number in ("n1", "n2"):
        if named(deployment, (number, "e1")) == [first.match]:
            reject(deployment, number)
    (second,) = to_check(deployment)
    assert second.match != first.match
    assert second.others == 0


def test_a_match_that_waits_is_not_in_the_list(deployment: Deployment) -> None:
    deployment.put_entries(entry(cli=NUMBER, **FLAT_A))
    deployment.post_notices(notice(cli=NUMBER, **FLAT_A), notice("n2", planned_migration_date="2027-01-15", **HOUSE))
    deployment.settle()
    assert to_check(deployment) == []


def test_another_line_of_a_known_home_is_in_the_list_if_its_harm_is_earlier(deployment: Deployment) -> None:
    deployment.put_entries(entry(cli=NUMBER, **FLAT_A))
    deployment.post_notices(
        notice(cli=NUMBER, planned_migration_date="2027-01-15", **FLAT_A), notice("n2", cli=OTHER_NUMBER, **FLAT_A)
    )
    deployment.settle()
    assert shown(deployment) == named(deployment, ("n2", "e1"))


def test_what_is_not_at_risk_and_what_covers_an_area_is_not_in_the_list(deployment: Deployment) -> None:
    deployment.put_entries(entry(connection="sim", **FLAT_A), entry("e2", postcode="LS1 4AP"))
    deployment.post_notices(notice(**HOUSE), area("LS1 4AP"))
    deployment.settle()
    assert {name for _, name in pairs(deployment)} == {"e1", "e2"}
    assert to_check(deployment) == []


def test_a_council_sees_only_its_own(deployment: Deployment) -> None:
    deployment.put_entries(entry(**FLAT_A))
    deployment.post_notices(notice(**HOUSE))
    deployment.settle()
    assert to_check(deployment, council="council:E08000035") == []


def test_how_many_are_left_is_said_when_not_all_are_shown(deployment: Deployment) -> None:
    deployment.put_entries(*(entry(f"e{number}", **FLAT_A) for number in range(3)))
    deployment.post_notices(notice(**HOUSE))
    deployment.settle()
    with deployment.store.reading() as connection:
        found = matches_to_check(connection, deployment.store, BLACKPOOL, 2)
    assert (len(found.matches), found.left) == (2, 3)
