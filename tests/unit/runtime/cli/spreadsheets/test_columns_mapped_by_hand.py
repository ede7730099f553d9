from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import RefusedError
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.sheets import read_sheet
from tests.support.checks.spreadsheet_answers import answer_on
from tests.support.command_line import BLACKPOOL, Desk
from tests.support.http import CSV, REGISTER_UPLOADS, Api, problem_of

ODD = "Lifeline No,Tel No,Post Code,Shoe size\n" + "".join(
    f"L{one},01632 9601{one},FY3 8AB,9\n" for one in range(10, 50)
)


def test_forty_refusals_are_one_sentence_that_names_the_column(desk: Desk, api: Api) -> None:
    shown = answer_on("register", ODD.encode(), desk, api)
    assert shown.counts["rejected"] == 40
    assert shown.remarks[0].startswith(
        "No column was read for entry_id (the council's reference), so no row could be kept."
    )
    assert "Lifeline No (column A)" in shown.remarks[0]
    assert "Shoe size" not in shown.remarks[0]
    printed = desk.run("import", "register", desk.file("odd.csv", ODD), "--council", BLACKPOOL, "--dry-run")
    assert printed.words.count("No column was read for entry_id") == 1
    assert "The field is missing" not in printed.words


def test_it_can_be_mapped_by_hand(desk: Desk, api: Api) -> None:
    shown = answer_on("register", ODD.encode(), desk, api, "Lifeline No=entry_id")
    assert shown.counts["accepted"] + shown.counts["accepted_with_warnings"] == 40
    assert shown.read["Lifeline No"] == "entry_id"


@pytest.mark.parametrize(
    ("kind", "headings", "columns", "fields"),
    [
        ("register", "Lifeline No,Digits", ["lifeline no = entry_id", "DIGITS=cli"], ["entry_id", "cli"]),
        ("register", "Client ref,Lifeline No,Tel", ["Lifeline No=entry_id"], [None, "entry_id", "cli"]),
        ("register", "Client ref,Tel,NOK phone", ["NOK phone=cli"], ["entry_id", "cli", "cli"]),
        (
            "notices",
            "Ticket,CLI,Go",
            ["Ticket=id", "Go=planned_migration_date"],
            ["id", "cli", "planned_migration_date"],
        ),
        ("notices", "Ticket=x,CLI,Go", ["Ticket=x=id"], ["id", "cli", None]),
    ],
)
def test_any_heading_can_be_mapped(
    kind: str, headings: str, columns: list[str], fields: list[str | None], desk: Desk, api: Api
) -> None:
    values = {"entry_id": "C1", "id": "N1", "cli": "01632 960135", "planned_migration_date": "18/01/2027", None: "x"}
    row = ",".join(values[field] for field in fields)
    shown = answer_on(kind, f"{headings}\n{row}\n".encode(), desk, api, *columns)
    assert [column["field"] for column in shown.columns] == fields
    assert shown.counts["rejected"] == 0


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("Lifeline Number=entry_id", "It has Lifeline No (column A), Tel No (column B)"),
        ("Lifeline No=entry", "use one of"),
        ("Lifeline No", "Heading=field"),
        ("=entry_id", "Heading=field"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(column: str, words: str, desk: Desk, api: Api) -> None:
    typed = ("import", "register", desk.file("odd.csv", ODD), "--council", BLACKPOOL, "--column", column)
    printed = desk.run(*typed)
    assert printed.code != 0
    assert words in printed.complaint
    for dry in ("true", "false"):
        parameters = {"column": column, "dry_run": dry}
        headers = {"Content-Type": CSV}
        answer = api.ask("blackpool", "POST", REGISTER_UPLOADS, content=ODD, headers=headers, params=parameters)
        assert problem_of(answer) == (422, "invalid-request")
        assert words in answer.json()["detail"]


def test_one_column_for_two_fields_is_refused() -> None:
    with pytest.raises(RefusedError, match="two fields"):
        read_sheet(ODD.encode(), RecordKind.ENTRY, FileLimits(), by_hand=["Lifeline No=entry_id", "lifeline no=uprn"])


def test_the_columns_are_part_of_the_request(api: Api) -> None:
    sent = {"content": ODD, "headers": {"Content-Type": CSV, "Idempotency-Key": "one"}}
    api.ask("blackpool", "POST", REGISTER_UPLOADS, **sent)
    other = api.ask("blackpool", "POST", REGISTER_UPLOADS, **sent, params={"column": "Lifeline No=entry_id"})
    assert problem_of(other) == (422, "idempotency-mismatch")


def test_json_has_no_columns_to_map(desk: Desk) -> None:
    printed = desk.run("import", "register", desk.file("r.json", "[]"), "--council", BLACKPOOL, "--column", "a=cli")
    assert "--column goes with" in printed.complaint


@pytest.mark.parametrize("options", [("--status", "Live=active"), ("--dates", "month-first")])
def test_what_is_for_spreadsheets_alone_is_refused_with_json_and_not_passed_over(
    desk: Desk, options: tuple[str, ...]
) -> None:
    printed = desk.run("import", "register", desk.file("r.json", "[]"), "--council", BLACKPOOL, *options)
    assert (printed.code, f"{options[0]} goes with CSV and XLSX" in printed.complaint) == (2, True)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_json_in_another_encoding_is_imported(desk: Desk, encoding: str) -> None:
    data = '[{"entry_id": "e1", "cli": "01632 960110", "postcode": "FY3 8AB"}]'.encode(encoding)
    printed = desk.done("import", "register", desk.file("r.json", data), "--council", BLACKPOOL, "--no-match")
    assert "On disk as submission" in printed.words


@given(st.text(max_size=40), st.sampled_from(["", "=", "=cli", "=entry_id"]))
def test_a_mapping_is_used_or_refused(heading: str, rest: str) -> None:
    try:
        sheet = read_sheet(ODD.encode(), RecordKind.ENTRY, FileLimits(), by_hand=[heading + rest])
    except RefusedError:
        return
    assert rest.removeprefix("=") in sheet.columns.fields.values()
