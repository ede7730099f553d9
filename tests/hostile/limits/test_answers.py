from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import func, select

from services.ingest.reading.outcomes import Issue, Outcome, RowOutcome, pack, unpack, with_capped_issues
from services.storage.tables import submission_outcomes
from tests.support.http import ENTRIES, NOTICES, Api


def letters(number: int) -> str:
    # Answers hide a name with many digits.
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(4))


def with_unknown(count: int, **fields: Any) -> dict[str, Any]:
    return {**fields, **{f"f_{letters(number)}": 1 for number in range(count)}}


def issues_of_first(body: Mapping[str, Any]) -> list[dict[str, str]]:
    return list(body["rows_with_issues"][0]["issues"])


@pytest.mark.parametrize(("count", "more"), [(101, "And 1 more field is"), (60_000, "And 59,900 more fields are")])
@pytest.mark.parametrize(
    ("who", "method", "path", "fields"),
    [
        ("blackpool", "PUT", ENTRIES, {"entry_id": "e1", "cli": "01632 960123"}),
        ("raven", "POST", NOTICES, {"id": "n1", "cli": "01632 960123"}),
        ("raven", "POST", NOTICES, {"cli": "01632 960123"}),
    ],
    ids=["an entry", "a notice", "a notice that is refused"],
)
def test_unknown_fields_beyond_a_hundred_are_counted(
    api: Api, who: str, method: str, path: str, fields: dict[str, Any], count: int, more: str
) -> None:
    response = api.ask(who, method, path, json=with_unknown(count, **fields))
    assert len(response.content) < 40_000
    issues = issues_of_first(response.json())
    assert sum(issue["code"] == "unknown_field" for issue in issues) == 101
    assert any(issue["reason"].startswith(more) for issue in issues)


def test_a_hundred_unknown_fields_are_all_named(api: Api) -> None:
    response = api.ask("blackpool", "PUT", ENTRIES, json=with_unknown(100, entry_id="e1", cli="01632 960123"))
    fields = {issue["field"] for issue in issues_of_first(response.json()) if issue["code"] == "unknown_field"}
    assert fields == {f"f_{letters(number)}" for number in range(100)}


@pytest.mark.parametrize("seed", range(4))
def test_no_row_makes_an_answer_or_a_stored_record_that_is_larger_than_itself(api: Api, seed: int) -> None:
    source = random.Random(seed)
    row: dict[str, Any] = {"entry_id": f"e{seed}", "cli": "01632 960123"}
    values = [1, None, "x", [], {}, [1] * 50, {"a": 1}, "y" * 100]
    row |= {"".join(source.choices("abcdefgh_", k=12)): source.choice(values) for _ in range(4_000)}
    row |= {source.choice(["address_lines", "communication_needs"]): [{}] * 9_000}
    sent = json.dumps(row)
    response = api.ask("blackpool", "PUT", ENTRIES, content=sent, headers={"Content-Type": "application/json"})
    assert response.status_code == 202
    assert len(response.content) < 50_000
    with api.deployment.store.reading() as connection:
        stored = connection.scalar(select(func.max(func.length(submission_outcomes.c.outcomes))))
    assert stored is not None
    assert stored < 50_000


@pytest.mark.parametrize("faults", [200, 9_000])
def test_the_faults_of_a_request_are_counted_beyond_a_hundred(api: Api, faults: int) -> None:
    body = {"by": "Sam Officer", "cases": [1] * faults}
    response = api.ask("blackpool", "POST", "/v1/alerts/A-7K3M-2Q9P/acknowledgement", json=body)
    assert response.status_code == 422
    assert len(response.json()["faults"]) == 101
    assert response.json()["faults"][-1]["reason"].startswith("And ")


def test_the_faults_of_the_record_of_an_act_are_counted_beyond_a_hundred(api: Api) -> None:
    record = with_unknown(3_000, by="Sam Officer")
    reference, _, _ = api.alerted_case()
    sent = {"event": "contact_resident", "record": record}
    response = api.ask("blackpool", "POST", f"/v1/cases/{reference}/events", json=sent)
    assert response.status_code == 422
    assert len(response.json()["faults"]) <= 101


ISSUE = Issue("cli", "not_a_number", "This is not a number.", "Check it.")


@pytest.mark.parametrize(("rows", "each", "most"), [(1, 500, 1_000), (100, 20, 150), (1_000, 3, 1_000)])
def test_issues_beyond_the_limit_of_a_submission_are_counted_in_their_row(rows: int, each: int, most: int) -> None:
    kept = list(
        with_capped_issues([RowOutcome(number, Outcome.WARNED, (ISSUE,) * each) for number in range(rows)], most)
    )
    assert sum(len(one.issues) for one in kept) <= most + 2 * rows
    # If issues are left out, the last reason says so.
    assert all(len(one.issues) == each or one.issues[-1].reason.startswith("And ") for one in kept)
    assert all(one.issues for one in kept)


@pytest.mark.parametrize("seed", range(3))
def test_stored_outcomes_are_read_as_they_were(seed: int) -> None:
    source = random.Random(seed)
    issues = [Issue(field, code, "Reason.", "Remedy.") for field in ("cli", "uprn") for code in ("a", "b")]
    outcomes = [
        RowOutcome(row, source.choice(list(Outcome)), tuple(source.choices(issues, k=source.randrange(4))))
        for row in sorted(source.sample(range(1, 5_000), 500))
    ]
    assert unpack(json.loads(json.dumps(pack(outcomes))), [None] * len(outcomes)) == outcomes


def test_the_same_issue_in_every_row_is_stored_once() -> None:
    stored = json.dumps(pack([RowOutcome(row, Outcome.WARNED, (ISSUE,)) for row in range(1, 2_001)]))
    assert len(stored) < 40_000
