from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import CouncilPolicy
from services.ingest.reading.rows.references import in_other_case
from services.ingest.recording.replacement import Replacement
from services.storage.tables import register_entries
from services.storage.vault import place
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.http import CSV, REGISTER_UPLOADS, Api
from tests.support.ledger import rows


@pytest.fixture
def one_case(deployment: Deployment) -> Deployment:
    set_policy(deployment.store, BLACKPOOL, CouncilPolicy(references_ignore_case=True), by="Test Setup")
    return deployment


def entry(reference: str, **more: Any) -> dict[str, Any]:
    return {"entry_id": reference, "cli": "01632 960123", **more}


def on_record(deployment: Deployment) -> list[str]:
    found = [row for row in rows(deployment, register_entries) if row.live]
    vault = deployment.store.vault
    return [vault.open(place("register_entries", row.record_key), row.sealed)["record"]["entry_id"] for row in found]


@pytest.mark.parametrize("later", ["TC-2A", "tc-2a", "Tc-2A", "TC-2a"])
def test_under_the_policy_the_same_letters_are_one_entry_as_it_was_written_first(
    one_case: Deployment, later: str
) -> None:
    one_case.put_entries(entry("TC-2a"))
    one_case.clock.advance(minutes=1)
    one_case.put_entries(entry(later, cli="01632 960124"))
    assert on_record(one_case) == ["TC-2a"]
    # The same entry again changes nothing.
    one_case.clock.advance(minutes=1)
    _, (outcome,) = one_case.put_entries(entry(later, cli="01632 960124"))
    assert outcome.outcome.value == "unchanged"


def test_within_one_submission_too(one_case: Deployment) -> None:
    _, outcomes = one_case.put_entries(entry("TC-2a"), entry("TC-2A", cli="01632 960124"))
    assert on_record(one_case) == ["TC-2a"]
    assert {issue.code for one in outcomes for issue in one.issues} >= {"repeated_reference"}


def test_a_replacing_register_in_another_case_withdraws_nobody(one_case: Deployment) -> None:
    one_case.put_entries(entry("TC-2a"), entry("AB-7"))
    faulty = entry("ab-7", updated_at="no time")
    one_case.put_entries(entry("TC-2A"), faulty, replacement=Replacement(0.0))
    assert sorted(on_record(one_case)) == ["AB-7", "TC-2a"]


def test_without_the_policy_two_are_kept_and_the_council_is_asked(api: Api) -> None:
    for reference in ("TC-2a", "TC-2A"):
        data = f"Client ref,Tel No,Post Code,Address 1\n{reference},01632 960123,FY3 8AB,14 Lapwing Close\n"
        answer = api.ask("blackpool", "POST", REGISTER_UPLOADS, content=data, headers={"Content-Type": CSV}).json()
    (row,) = answer["rows_with_issues"]
    assert "reference_nearly_the_same" in {issue["code"] for issue in row["issues"]}
    assert on_record(api.deployment) == ["TC-2a", "TC-2A"]


def test_what_differs_in_more_than_letter_case_stays_apart_under_the_policy(one_case: Deployment) -> None:
    one_case.put_entries(*(entry(reference) for reference in ("TC-2a", "TC2a", "TC-02a", "TC 2a")))
    assert len(on_record(one_case)) == 4


def test_of_two_on_record_neither_is_chosen(deployment: Deployment) -> None:
    deployment.put_entries(entry("TC-2a"), entry("TC-2A"))
    set_policy(deployment.store, BLACKPOOL, CouncilPolicy(references_ignore_case=True), by="Test Setup")
    deployment.put_entries(entry("tc-2a", cli="01632 960125"))
    assert sorted(on_record(deployment)) == ["TC-2A", "TC-2a", "tc-2a"]


@given(st.from_regex(r"[A-Za-z]{1,4}[-/ ]?[0-9]{1,5}[A-Za-z]?", fullmatch=True))
def test_the_other_cases_of_a_reference_are_found_from_each_other(reference: str) -> None:
    forms = in_other_case(reference)
    assert reference not in forms
    assert {form.casefold() for form in forms} <= {reference.casefold()}
    for regular in (reference.upper(), reference.lower()):
        assert regular == reference or regular in forms
