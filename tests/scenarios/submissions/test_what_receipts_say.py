from __future__ import annotations

import random
from typing import Any

import pytest

from schemas.codes import CaseState
from tests.support.http import CSV, ENTRIES, REGISTER_UPLOADS, Api
from tests.support.ledger import pairs
from tests.support.ways_in import case_file

HEADS = "Client ref,Tel No,Post Code,Address 1,Connection\n"


def replaced(api: Api, data: bytes | str, **more: Any) -> dict[str, Any]:
    parameters = {"mode": "replace", **more}
    answer = api.ask(
        "blackpool", "POST", REGISTER_UPLOADS, content=data, headers={"Content-Type": CSV}, params=parameters
    )
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def two_cases(api: Api) -> Api:
    # The file 58b has lost the leading zeros of three references. The cases belong to two of these references.
    replaced(api, case_file("58a"))
    for number in ("01632 960003", "01632 960007"):
        api.deployment.post_notices({"id": number[-1], "cli": number, "planned_migration_date": "2027-01-18"})
    api.deployment.settle()
    return api


def test_58_a_replacement_says_how_many_it_withdrew_and_which_cases_that_ends(two_cases: Api) -> None:
    cases = sorted(case.reference for case in two_cases.deployment.cases())
    tried = replaced(two_cases, case_file("58b"), dry_run="true")["remarks"]
    said = replaced(two_cases, case_file("58b"))["remarks"]
    assert said[0] == "3 entries on record were withdrawn, because the file does not hold the reference."
    assert said[1].startswith(f"This ends 2 open cases: {', '.join(cases)}. ")
    assert tried[:2] == [said[0].replace("were", "would be"), said[1].replace("ends", "would end")]


def test_a_case_that_has_ended_is_not_touched(two_cases: Api) -> None:
    two_cases.deployment.clock.advance(minutes=1)
    two_cases.deployment.post_notices({"id": "3", "status": "withdrawn"})
    two_cases.deployment.settle()
    assert {case.state for case in two_cases.deployment.cases()} == {CaseState.OPEN, CaseState.NOTICE_WITHDRAWN}
    assert "This ends 1 open case: C-" in replaced(two_cases, case_file("58b"))["remarks"][1]


def test_many_cases_are_named_up_to_a_number_and_counted(api: Api) -> None:
    rows = [f"{one:03},01632 96{one:04},FY3 8AB,{one} Row," for one in range(1, 31)]
    replaced(api, HEADS + "\n".join(rows))
    for one in range(1, 21):
        notice = {"id": str(one), "cli": f"01632 96{one:04}", "planned_migration_date": "2027-01-18"}
        api.deployment.post_notices(notice)
    api.deployment.settle()
    said = replaced(api, HEADS + "\n".join(rows[20:]), confirm_withdrawals=20)["remarks"]
    assert said[1].startswith("This ends 20 open cases: C-")
    assert "and 8 more." in said[1]
    assert said[1].endswith("send them again.")


def test_entries_without_a_number_are_named_by_row_unless_their_alarm_needs_no_line(api: Api) -> None:
    noise = random.Random(5)
    rows, expected = [], []
    for row in range(2, 22):
        number = noise.choice(["01632 960123", "", "TBC", "see notes"])
        connection = noise.choice(["analogue line", "SIM", "", "IP"])
        rows.append(f"e{row},{number},FY3 8AB,{row} Row,{connection}")
        expected += [row] if not number.startswith("0") and connection in ("analogue line", "") else []
    (said,) = replaced(api, HEADS + "\n".join(rows))["remarks"]
    assert said.startswith(f"{len(expected)} entries have no usable telephone number")
    assert said.endswith(f"row {', '.join(map(str, expected))}.")


@pytest.mark.parametrize("number", [None, "", "four"])
def test_an_entry_in_json_without_a_number_is_named_too(api: Api, number: str | None) -> None:
    entry = {"entry_id": "e1", "cli": number, "postcode": "FY3 8AB", "address_lines": ["14 Lapwing Close"]}
    (said,) = api.ask("blackpool", "PUT", ENTRIES, json=[entry]).json()["remarks"]
    assert said.startswith("1 entry has no usable telephone number")


@pytest.mark.parametrize(
    ("sent", "matches"),
    [
        ({"postcode": "FY3 8AB"}, True),
        ({"area_codes": ["FY3 8"]}, True),
        ({"area_codes": ["FY3"], "postcode": "FY1 1AA"}, True),
        ({"exchange": "Marton"}, False),
        ({"postcode": "nowhere"}, False),
    ],
)
def test_a_notice_for_an_exchange_says_that_it_matches_nothing_only_if_it_does(
    api: Api, sent: dict[str, Any], *, matches: bool
) -> None:
    entry = {"entry_id": "e1", "cli": "01632 960123", "postcode": "FY3 8AB", "address_lines": ["14 Lapwing Close"]}
    api.deployment.put_entries(entry)
    made = {"id": "n1", "scope": "exchange", "planned_migration_date": "2027-01-18", **sent}
    _, (outcome,) = api.deployment.post_notices(made)
    api.deployment.settle()
    assert bool(pairs(api.deployment)) is matches
    assert ("exchange_only" in {issue.code for issue in outcome.issues}) is not matches
