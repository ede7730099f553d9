from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from tests.hostile.http_fuzz import STREET, TELLTALE, assert_silent, issues_of, outcomes_of
from tests.hostile.rows import ENTRY_ROWS, NOTICE_ROWS, REFUSED, HostileRow
from tests.support.http import ENTRIES, NOTICES, Api

NUMBERS = count(1)
NOTICE = {"cli": TELLTALE, "planned_migration_date": "2027-03-01", "issued_at": "2026-11-20T08:15:00Z"}
ENTRY = {"cli": TELLTALE, "postcode": "FY4 1QZ", "address_lines": [f"3 {STREET} Road"]}


@pytest.mark.parametrize("hostile", NOTICE_ROWS, ids=lambda row: row.name)
def test_a_hostile_notice_is_answered_by_name_and_the_notices_beside_it_are_kept(api: Api, hostile: HostileRow) -> None:
    send_between_good_rows(api, "raven", "POST", NOTICES, "id", NOTICE, hostile)


@pytest.mark.parametrize("hostile", ENTRY_ROWS, ids=lambda row: row.name)
def test_a_hostile_entry_is_answered_by_name_and_the_entries_beside_it_are_kept(api: Api, hostile: HostileRow) -> None:
    send_between_good_rows(api, "blackpool", "PUT", ENTRIES, "entry_id", ENTRY, hostile)


def send_between_good_rows(
    api: Api, who: str, method: str, path: str, identity: str, good: dict[str, Any], hostile: HostileRow
) -> None:
    number = next(NUMBERS)
    row = {identity: f"hostile {number}", **good, **hostile.changes}
    row = {field: value for field, value in row.items() if value is not ...}
    before, after = ({identity: f"good {number}{side}", **good} for side in "ab")
    response = api.ask(who, method, path, json=[before, row, after])
    assert response.status_code == 202
    answer = response.json()
    assert_silent(response, row)
    if hostile.field is None:
        assert answer["rows_with_issues"] == []
    else:
        assert outcomes_of(answer) == {2: hostile.outcome}
        assert (hostile.field, hostile.code) in issues_of(answer, 2)
    assert answer["counts"]["accepted"] == (3 if hostile.field is None else 2)
    assert_kept_on_record(api, who, answer, hostile)


def assert_kept_on_record(api: Api, who: str, answer: dict[str, Any], hostile: HostileRow) -> None:
    shown = api.ask(who, "GET", f"/v1/submissions/{answer['submission']}").json()
    assert [row["outcome"] for row in shown["rows"]] == ["accepted", hostile.outcome, "accepted"]
    assert [row for row in shown["rows"] if row["issues"]] == answer["rows_with_issues"]
    api.deployment.settle()


@pytest.mark.parametrize("hostile", [row for row in NOTICE_ROWS if row.outcome == REFUSED], ids=lambda row: row.name)
def test_a_hostile_notice_alone_is_a_problem_that_names_the_row(api: Api, hostile: HostileRow) -> None:
    row = {"id": f"alone {next(NUMBERS)}", **NOTICE, **hostile.changes}
    row = {field: value for field, value in row.items() if value is not ...}
    response = api.ask("raven", "POST", NOTICES, json=row)
    assert response.status_code == 422
    assert response.json()["type"] == "urn:pullcord:problem:no-row-accepted"
    assert (hostile.field, hostile.code) in issues_of(response.json(), 1)
    assert_silent(response, row)
