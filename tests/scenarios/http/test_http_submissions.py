from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from tests.support.http import (
    CSV,
    ENTRIES,
    ENTRY,
    NDJSON,
    NOTICE,
    NOTICE_UPLOADS,
    NOTICES,
    XLSX,
    Api,
    problem_of,
)


def test_a_batch_of_notices_is_answered_with_a_receipt_and_where_to_read_it(api: Api) -> None:
    rows = [NOTICE, {"id": "n2", "cli": "no number"}, {"id": "n3", "cli": "01632 960124"}]
    response = api.ask("raven", "POST", NOTICES, json={"notices": rows})
    receipt = response.json()
    assert response.status_code == 202
    assert response.headers["Location"] == f"/v1/submissions/{receipt['submission']}"
    assert response.headers["Cache-Control"] == "no-store"
    assert receipt["kind"] == "notice"
    assert receipt["received_at"] == "2026-11-23T10:00:00Z"
    assert receipt["counts"] == {"accepted": 1, "accepted_with_warnings": 1, "unchanged": 0, "stale": 0, "rejected": 1}
    assert [(row["row"], row["outcome"]) for row in receipt["rows_with_issues"]] == [
        (2, "rejected"),
        (3, "accepted_with_warnings"),
    ]
    assert api.ask("raven", "GET", response.headers["Location"]).json()["rows"][1]["issues"]


@pytest.mark.parametrize("body", [NOTICE, [NOTICE], {"notices": [NOTICE]}], ids=["one", "a list", "a named list"])
def test_one_notice_a_list_or_a_named_list_are_all_taken(api: Api, body: Any) -> None:
    assert api.ask("raven", "POST", NOTICES, json=body).json()["counts"]["accepted"] == 1


def test_notices_one_a_line_are_counted_by_their_lines(api: Api) -> None:
    lines = f"{json.dumps(NOTICE)}\n\n{json.dumps({'id': 'n2'})}\n"
    response = api.ask("raven", "POST", NOTICES, content=lines, headers={"Content-Type": NDJSON})
    assert response.json()["counts"]["accepted"] == 1
    assert [row["row"] for row in response.json()["rows_with_issues"]] == [3]


def test_a_council_adds_entries_and_changes_them(api: Api) -> None:
    first = api.ask("blackpool", "PUT", ENTRIES, json={"entries": [{**ENTRY, "updated_at": "2026-11-20T09:00:00Z"}]})
    newer = {**ENTRY, "connection": "sim", "updated_at": "2026-11-21T09:00:00Z"}
    changed = api.ask("blackpool", "PUT", ENTRIES, json=newer)
    again = api.ask("blackpool", "PUT", ENTRIES, json=newer)
    late = api.ask("blackpool", "PUT", ENTRIES, json={**ENTRY, "updated_at": "2026-11-19T09:00:00Z"})
    answers = [first, changed, again, late]
    assert [answer.status_code for answer in answers] == [202] * 4
    told = [next(name for name, count in answer.json()["counts"].items() if count) for answer in answers]
    assert told == ["accepted", "accepted", "unchanged", "stale"]


def test_a_submission_of_which_no_row_could_be_taken_is_a_problem_that_still_has_a_receipt(api: Api) -> None:
    response = api.ask("raven", "POST", NOTICES, json=[{"id": "n1"}, {"cli": "01632 960123"}])
    assert problem_of(response) == (422, "no-row-accepted")
    assert response.json()["counts"]["rejected"] == 2
    shown = api.ask("raven", "GET", f"/v1/submissions/{response.json()['submission']}")
    assert [row["outcome"] for row in shown.json()["rows"]] == ["rejected"] * 2


def test_the_same_request_under_the_same_key_is_taken_in_once_and_answered_alike(api: Api) -> None:
    headers = {"Idempotency-Key": "monday"}
    rows = [NOTICE, {"id": "n2", "cli": "no number"}]
    first, second = (api.ask("raven", "POST", NOTICES, json=rows, headers=headers) for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.headers["Location"] == second.headers["Location"]
    assert {**first.json(), "repeated": True} == second.json()
    assert not first.json()["repeated"]


def test_a_refused_submission_is_refused_again_under_the_same_key(api: Api) -> None:
    headers = {"Idempotency-Key": "monday"}
    first, second = (api.ask("raven", "POST", NOTICES, json={"id": "n1"}, headers=headers) for _ in range(2))
    assert problem_of(first) == problem_of(second) == (422, "no-row-accepted")
    assert first.json()["rows_with_issues"] == second.json()["rows_with_issues"]


def test_another_body_under_the_same_key_is_refused(api: Api) -> None:
    headers = {"Idempotency-Key": "monday"}
    api.ask("raven", "POST", NOTICES, json=NOTICE, headers=headers)
    other = api.ask("raven", "POST", NOTICES, json={**NOTICE, "brand": "Raven"}, headers=headers)
    assert problem_of(other) == (422, "idempotency-mismatch")


@pytest.mark.parametrize(
    ("who", "method", "first", "second"),
    [
        ("raven", "POST", (NOTICES, "application/json"), (NOTICES, NDJSON)),
        ("raven", "POST", (NOTICES, NDJSON), (NOTICES, "application/json")),
        ("blackpool", "PUT", (ENTRIES, "application/json"), (ENTRIES, NDJSON)),
    ],
)
def test_the_same_bytes_as_another_media_type_are_another_request(
    api: Api, who: str, method: str, first: tuple[str, str], second: tuple[str, str]
) -> None:
    body = json.dumps(ENTRY if who == "blackpool" else NOTICE)
    answers = [
        api.ask(who, method, path, content=body, headers={"Idempotency-Key": "monday", "Content-Type": media})
        for path, media in (first, second)
    ]
    assert answers[0].status_code == 202
    assert problem_of(answers[1]) == (422, "idempotency-mismatch")


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "Application/JSON", " application/json ;"])
def test_a_media_type_written_in_another_way_is_the_same_request(api: Api, media: str) -> None:
    kinds = ("application/json", media)
    answers = [
        api.ask(
            "raven", "POST", NOTICES, content=json.dumps(NOTICE), headers={"Idempotency-Key": "k", "Content-Type": kind}
        )
        for kind in kinds
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1].json()["repeated"]


@pytest.mark.parametrize("seed", range(6))
def test_a_file_and_rows_of_the_same_bytes_are_never_taken_for_one_request(api: Api, seed: int) -> None:
    places = [(NOTICES, "application/json"), (NOTICES, NDJSON), (NOTICE_UPLOADS, CSV), (NOTICE_UPLOADS, XLSX)]
    # The second request must be treated as a new one. It must never get the answer to the first.
    (path, media), (other_path, other) = Random(seed).sample(places, 2)
    body = json.dumps(NOTICE)
    first = api.ask("raven", "POST", path, content=body, headers={"Idempotency-Key": "k", "Content-Type": media})
    second = api.ask("raven", "POST", other_path, content=body, headers={"Idempotency-Key": "k", "Content-Type": other})
    assert not second.json().get("repeated", False)
    assert first.json() != second.json()


@pytest.mark.parametrize(
    ("entry_id", "path"),
    [
        ("e1", "e1"),
        ("TC/1001", "TC/1001"),
        ("TC/1001", "TC%2F1001"),
        ("flat 2", "flat%202"),
        ("ü#?", "%C3%BC%23%3F"),
        # The reference in the file and the one in the address may be written differently.
        ("TC\u20111001\u200b", "TC-1001"),
        ("1001", "%E2%80%8E1001.0"),
        ("'1001", "1001"),
    ],
)
def test_an_entry_is_withdrawn_by_the_councils_own_reference_whatever_signs_it_has(
    api: Api, entry_id: str, path: str
) -> None:
    api.ask("blackpool", "PUT", ENTRIES, json={**ENTRY, "entry_id": entry_id})
    response = api.ask("blackpool", "DELETE", f"{ENTRIES}/{path}")
    assert (response.status_code, response.content) == (204, b"")
    assert api.ask("blackpool", "DELETE", f"{ENTRIES}/{path}").status_code == 204


def test_withdrawing_an_entry_ends_its_case(api: Api) -> None:
    case, _, _ = api.alerted_case()
    assert api.ask("blackpool", "DELETE", f"{ENTRIES}/e1").status_code == 204
    api.deployment.tick(seconds=31)
    assert api.ask("blackpool", "GET", "/v1/cases").json() == []
    assert api.ask("blackpool", "GET", f"/v1/cases/{case}").json()["summary"]["state"] == "service_ended"


def test_withdrawing_an_entry_that_was_never_there_is_a_problem(api: Api) -> None:
    assert problem_of(api.ask("blackpool", "DELETE", f"{ENTRIES}/e1")) == (404, "not-found")


@pytest.mark.parametrize(
    ("reference", "code"),
    [("2.02612E+14", "lost_digits"), ("#REF!", "error_value"), ("########", "column_too_narrow"), ("NULL", "missing")],
)
def test_what_is_no_reference_is_refused_in_json_too(api: Api, reference: str, code: str) -> None:
    entry = api.ask("blackpool", "PUT", ENTRIES, json={**ENTRY, "entry_id": reference})
    assert entry.status_code == 422
    (row,) = entry.json()["rows_with_issues"]
    assert {issue["code"] for issue in row["issues"]} == {code, "missing"}
    notice = api.ask("raven", "POST", NOTICES, json={**NOTICE, "provider_reference": reference})
    assert notice.status_code == 202
    codes = {issue["code"] for row in notice.json()["rows_with_issues"] for issue in row["issues"]}
    assert codes == ({code} if code != "missing" else set())


@pytest.mark.parametrize(
    ("lines", "kept", "code"),
    [
        (["12 Tower Road", "#N/A"], ["12 Tower Road"], "error_value"),
        (["NULL", "12 Tower Road", "00/00/0000"], ["12 Tower Road"], None),
        (["01-Feb Tower Road", "Blackpool"], ["Tower Road", "Blackpool"], "made_a_date"),
    ],
)
def test_what_is_no_line_of_an_address_is_left_out_in_json_too(
    api: Api, lines: list[str], kept: list[str], code: str | None
) -> None:
    entry = {**ENTRY, "address_lines": lines}
    answer = api.ask("blackpool", "PUT", ENTRIES, json=entry)
    codes = [issue["code"] for row in answer.json()["rows_with_issues"] for issue in row["issues"]]
    assert codes == ([code] if code else [])
    again = api.ask("blackpool", "PUT", ENTRIES, json={**entry, "address_lines": kept})
    assert again.json()["counts"]["unchanged"] == 1


def test_a_reference_keeps_no_sign_that_nobody_sees_in_json(api: Api) -> None:
    for reference in ("TC1", "T\0C1", "TC\u200b1", "TC1\a"):
        api.ask("blackpool", "PUT", ENTRIES, json={**ENTRY, "entry_id": reference})
    assert api.ask("blackpool", "PUT", ENTRIES, json={**ENTRY, "entry_id": "TC1"}).json()["counts"]["unchanged"] == 1
    assert api.ask("blackpool", "DELETE", f"{ENTRIES}/TC1").status_code == 204
