from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.storage.tables import notices, refused_rows, register_entries
from services.web.json_keys import parsed_json, repeated_in
from tests.support.http import ENTRIES, NOTICES, Api, problem_of
from tests.support.ledger import rows

GOOD = {"entry_id": "e0", "cli": "01632 960100", "postcode": "FY3 8AB", "address_lines": ["14 Lapwing Close"]}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def put(api: Api, *items: str, media: str = "application/json") -> dict[str, Any]:
    body = f"[{','.join(items)}]" if media.endswith("/json") else "\n".join(items)
    answer: dict[str, Any] = api.ask("blackpool", "PUT", ENTRIES, content=body, headers={"Content-Type": media}).json()
    return answer


@pytest.mark.parametrize("media", ["application/json", "application/x-ndjson"])
@pytest.mark.parametrize(
    ("row", "key"),
    [
        ('{"entry_id": "e1", "cli": "01632 960101", "cli": "01632 960102"}', "cli"),
        ('{"entry_id": "e1", "entry_id": "e2", "cli": "01632 960101"}', "entry_id"),
        ('{"entry_id": "e1", "cli": "01632 960101", "cli": "01632 960101"}', "cli"),
        ('{"entry_id": "e1", "01632 960101": 1, "01632 960101": 2}', "row"),
    ],
)
def test_the_row_and_the_key_are_named_and_the_rows_beside_it_are_kept(
    api: Api, row: str, key: str, media: str
) -> None:
    answer = put(api, json.dumps(GOOD), row, media=media)
    (named,) = answer["rows_with_issues"]
    assert (named["row"], named["outcome"]) == (2, "rejected")
    assert [(issue["field"], issue["code"]) for issue in named["issues"]] == [(key, "duplicate_key")]
    assert "960101" not in json.dumps(answer)
    assert len(rows(api.deployment, register_entries)) == 1


def test_a_key_that_stands_twice_in_an_object_within_a_row_refuses_the_row(api: Api) -> None:
    contact = '{"method": "call", "date": "2026-11-01", "date": "2026-11-02"}'
    body = f'{{"id": "n1", "cli": "01632 960101", "customer_contacts": [{contact}]}}'
    answer = api.ask("raven", "POST", NOTICES, content=body, headers={"Content-Type": "application/json"})
    assert problem_of(answer) == (422, "no-row-accepted")
    assert [issue["field"] for issue in answer.json()["rows_with_issues"][0]["issues"]] == ["customer_contacts"]
    assert rows(api.deployment, notices) == []


def test_a_body_with_two_lists_is_refused_as_a_whole(api: Api) -> None:
    body = f'{{"entries": [{json.dumps(GOOD)}], "entries": [{json.dumps(GOOD | {"entry_id": "e9"})}]}}'
    answer = api.ask("blackpool", "PUT", ENTRIES, content=body, headers={"Content-Type": "application/json"})
    assert problem_of(answer) == (400, "malformed-body")
    assert "the key entries twice" in answer.json()["detail"]


def test_a_refused_row_is_closed_once_its_reference_is_taken(api: Api) -> None:
    put(api, json.dumps(GOOD), '{"entry_id": "e1", "cli": "01632 960101", "cli": "01632 960102"}')
    assert len(rows(api.deployment, refused_rows)) == 1
    put(api, json.dumps(GOOD | {"entry_id": "e1"}))
    assert rows(api.deployment, refused_rows) == []


@given(VALUES)
def test_json_without_repeated_keys_is_read_as_ever(value: object) -> None:
    text = json.dumps(value)
    assert parsed_json(text.encode()) == json.loads(text)
    assert repeated_in(parsed_json(text.encode())) == frozenset()


def test_every_repeated_key_is_found_in_time_that_grows_with_the_body() -> None:
    noise = random.Random(20261129)
    for size in (10, 1_000, 50_000):
        names = [f"k{noise.randrange(size)}" for _ in range(size)]
        text = "{" + ",".join(f'"{name}": 1' for name in names) + "}"
        expected = {name for name in names if names.count(name) > 1} if size < 5_000 else None
        found = repeated_in(parsed_json(text.encode()))
        assert found == expected if expected is not None else len(found) > 10_000


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("media", ["application/json", "application/x-ndjson"])
def test_json_in_another_encoding_is_read(api: Api, encoding: str, media: str) -> None:
    entry = GOOD | {"post_town": "Tref\u00e9gl"}
    body = json.dumps(entry, ensure_ascii=False).encode(encoding)
    answer = api.ask("blackpool", "PUT", ENTRIES, content=body, headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["counts"]["rejected"]) == (202, 0)


def test_nothing_said_of_a_rejected_row_says_that_it_was_kept(api: Api) -> None:
    noise = random.Random(7)
    faults: list[dict[str, Any]] = [
        {"updated_at": "no time"},
        {"name": "x"},
        {"shoe_size": 9},
        {"connection": "string"},
        {"cli": "???"},
        {"service_started_on": "31/02/2026"},
        {"make_model": "m" * 900},
        {"service_status": "odd"},
    ]
    sent: list[dict[str, Any]] = []
    for number in range(8):
        row: dict[str, Any] = {"entry_id": f"e{number}", "cli": "01632 960100"}
        for fault in [faults[0], *noise.sample(faults, 5)]:
            row |= fault
        sent.append(row)
    answer = api.ask("blackpool", "PUT", ENTRIES, json=sent).json()
    assert [row["outcome"] for row in answer["rows_with_issues"]] == ["rejected"] * 8
    said = [issue["reason"] for row in answer["rows_with_issues"] for issue in row["issues"]]
    assert not [reason for reason in said if "kept" in reason]


@pytest.mark.parametrize("stamps", [(None, None), ("2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z")])
def test_rows_of_one_reference_in_json_are_read_as_one_entry_with_all_their_numbers(
    api: Api, stamps: tuple[str | None, str | None]
) -> None:
    made = [
        GOOD | {"entry_id": "e1", "cli": f"01632 96010{at}", "device_kind": kind, "updated_at": stamp}
        for at, (kind, stamp) in enumerate(zip(("pendant", "smoke alarm"), stamps, strict=True))
    ]
    answer = api.ask("blackpool", "PUT", ENTRIES, json=made).json()
    assert [issue["code"] for row in answer["rows_with_issues"] for issue in row["issues"]] == ["repeated_reference"]
    for number in ("01632 960100", "01632 960101"):
        api.deployment.post_notices({"id": number[-1], "cli": number, "planned_migration_date": "2026-12-03"})
    api.deployment.settle()
    assert [case.lines for case in api.deployment.cases()] == [2]


def test_versions_of_one_reference_in_json_stay_versions(api: Api) -> None:
    made = [{**GOOD, "cli": f"01632 96010{at}", "updated_at": f"2026-11-2{at}T09:00:00Z"} for at in range(2)]
    answer = api.ask("blackpool", "PUT", ENTRIES, json=made).json()
    assert [row["outcome"] for row in answer["rows_with_issues"]] == ["stale"]
