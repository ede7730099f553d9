from __future__ import annotations

import io

import openpyxl
import pytest
from httpx import Response
from sqlalchemy import func, select

from services.storage.tables import metadata
from tests.support.http import CSV, NOTICE_UPLOADS, REGISTER_UPLOADS, XLSX, Api, problem_of

HEADINGS = ["Case ID", "Telephone Number", "Post code", "Address 1", "Surname", "Shoe size"]


def register(*numbers: int) -> bytes:
    rows = [f"e{number},01632 9601{number:02},FY3 8AB,{number} Tower Road,Smith,{number}" for number in numbers]
    return "\r\n".join([",".join(HEADINGS), *rows, ""]).encode()


def upload(api: Api, data: bytes, query: str = "", **headers: str) -> Response:
    path = f"{REGISTER_UPLOADS}?{query}"
    return api.ask("blackpool", "POST", path, content=data, headers={"Content-Type": CSV, **headers})


def size(api: Api) -> dict[str, int]:
    with api.deployment.store.reading() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
        }


def test_a_register_is_taken_in_from_a_file_and_numbered_as_the_spreadsheet_shows(api: Api) -> None:
    response = upload(api, register(1, 2) + b"e3,4.41633E+11,,,,\r\n")
    assert response.status_code == 202
    assert response.headers["Location"] == f"/v1/submissions/{response.json()['submission']}"
    assert response.json()["counts"]["accepted"] == 2
    (odd,) = response.json()["rows_with_issues"]
    assert (odd["row"], odd["outcome"]) == (4, "accepted_with_warnings")
    assert [issue["field"] for issue in odd["issues"]] == ["cli", "cli"]


def test_notices_are_taken_in_from_a_workbook(api: Api) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Reference", "Landline", "Migration date"])
    book.worksheets[0].append(["M-1", "01632 960123", "03/12/2026"])
    saved = io.BytesIO()
    book.save(saved)
    response = api.ask("raven", "POST", NOTICE_UPLOADS, content=saved.getvalue(), headers={"Content-Type": XLSX})
    assert response.status_code == 202
    assert response.json()["kind"] == "notice"
    assert response.json()["counts"]["accepted"] == 1


def test_a_dry_run_shows_how_the_file_is_understood_and_takes_nothing_in(api: Api) -> None:
    before = size(api)
    response = upload(api, register(1, 2), "dry_run=true")
    shown = response.json()
    assert response.status_code == 200
    assert "Location" not in response.headers
    assert {column["heading"]: column["field"] for column in shown["columns"]} == {
        "Case ID": "entry_id",
        "Telephone Number": "cli",
        "Post code": "postcode",
        "Address 1": "address_lines",
        "Surname": None,
        "Shoe size": None,
    }
    assert any("Surname" in remark and "not kept" in remark for remark in shown["remarks"])
    assert any("Shoe size" in remark and "not known" in remark for remark in shown["remarks"])
    assert shown["counts"]["accepted"] == 2
    assert shown["would_withdraw"] is None
    # The dry run itself is in the audit, because its answer reveals stored data.
    assert size(api) == {**before, "audit": before["audit"] + 1}


def test_a_dry_run_names_the_rows_with_issues(api: Api) -> None:
    shown = upload(api, register(1) + b",01632 960102,,,,\r\n", "dry_run=true").json()
    assert [(row["row"], row["outcome"]) for row in shown["rows_with_issues"]] == [(3, "rejected")]


def test_a_dry_run_of_a_whole_register_says_how_many_entries_it_would_withdraw(api: Api) -> None:
    upload(api, register(*range(1, 11)))
    assert upload(api, register(1, 2, 3), "mode=replace&dry_run=true").json()["would_withdraw"] == 7


def test_a_file_leaves_the_entries_it_does_not_hold_unless_it_is_the_whole_register(api: Api) -> None:
    upload(api, register(*range(1, 11)))
    upload(api, register(1))
    assert live(api) == 10
    upload(api, register(*range(1, 10)), "mode=replace")
    assert live(api) == 9


def test_a_whole_register_that_would_withdraw_many_is_asked_about_first(api: Api) -> None:
    upload(api, register(*range(1, 11)))
    asked = upload(api, register(1, 2, 3), "mode=replace")
    assert problem_of(asked) == (409, "replacement-too-large")
    assert (asked.json()["would_withdraw"], asked.json()["live_entries"]) == (7, 10)
    assert "confirm_withdrawals=7" in asked.json()["detail"]
    assert live(api) == 10


@pytest.mark.parametrize(("confirmed", "status", "left"), [(6, 409, 10), (8, 409, 10), (7, 202, 3)])
def test_only_the_exact_number_confirms(api: Api, confirmed: int, status: int, left: int) -> None:
    upload(api, register(*range(1, 11)))
    answer = upload(api, register(1, 2, 3), f"mode=replace&confirm_withdrawals={confirmed}")
    assert answer.status_code == status
    assert live(api) == left


def test_the_question_and_its_answer_may_use_one_idempotency_key(api: Api) -> None:
    upload(api, register(*range(1, 11)))
    key = {"Idempotency-Key": "whole"}
    assert upload(api, register(1, 2, 3), "mode=replace", **key).status_code == 409
    done = upload(api, register(1, 2, 3), "mode=replace&confirm_withdrawals=7", **key)
    again = upload(api, register(1, 2, 3), "mode=replace&confirm_withdrawals=7", **key)
    assert (done.status_code, again.status_code) == (202, 202)
    assert again.json()["repeated"]
    assert problem_of(upload(api, register(1, 2, 3), **key)) == (422, "idempotency-mismatch")


@pytest.mark.parametrize("media", ["", "application/json", "application/octet-stream", "application/pdf"])
def test_a_file_of_another_kind_is_refused_by_its_media_type(api: Api, media: str) -> None:
    headers = {"Content-Type": media} if media else {}
    answer = api.ask("blackpool", "POST", REGISTER_UPLOADS, content=register(1), headers=headers)
    assert problem_of(answer) == (415, "unsupported-media-type")


def live(api: Api) -> int:
    # A dry run of a replacement counts the live entries.
    shown = upload(api, register(99), "mode=replace&dry_run=true").json()
    return int(shown["would_withdraw"])
