from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest

from tests.support.command_line import BLACKPOOL, ENTRY, NOTICE, NUMBER, RAVEN, Desk

REGISTER = ("--council", BLACKPOOL)
NOTICES = ("--provider", RAVEN)


def _entries(count: int) -> list[dict[str, str]]:
    return [{**ENTRY, "Client Ref": f"TC{number}"} for number in range(1, count + 1)]


def _workbook(rows: list[dict[str, str]]) -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].append(list(rows[0]))
    for row in rows:
        book.worksheets[0].append(list(row.values()))
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def test_a_register_and_notices_imported_give_a_case_right_away(desk: Desk) -> None:
    register = desk.run("import", "register", desk.sheet("r.csv", [ENTRY]), *REGISTER)
    assert "accepted 1" in register.words
    assert "0 open cases, as many as before" in register.words
    notices = desk.run("import", "notices", desk.file("n.json", json.dumps([NOTICE])), *NOTICES)
    assert "1 open case, 1 more than before" in notices.words


def test_matching_can_be_left_to_serve(desk: Desk) -> None:
    desk.run("import", "register", desk.sheet("r.csv", [ENTRY]), *REGISTER, "--no-match")
    desk.run("import", "notices", desk.file("n.json", json.dumps([NOTICE])), *NOTICES, "--no-match")
    assert "No case" in desk.run("cases").out
    assert json.loads(desk.run("status", "--json").out)["outbox"] == 2


def test_the_same_file_imported_twice_changes_nothing(desk: Desk) -> None:
    desk.with_a_case()
    again = desk.run("import", "register", str(desk.folder / "register.csv"), *REGISTER)
    assert (again.code, "unchanged 1" in again.words) == (0, True)
    assert "1 open case, as many as before" in again.words


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"notices": [NOTICE]}, indent=2).encode(),
        json.dumps(NOTICE).encode(),
        b"\xef\xbb\xbf" + json.dumps([NOTICE]).encode(),
        b"\n".join([json.dumps(NOTICE).encode(), json.dumps({**NOTICE, "id": "n2"}).encode()]),
        _workbook([{"id": "n1", "cli": NUMBER, "Switch Date": "03/12/2026"}]),
        b"id;cli;Switch Date\nn1;01632 960123;03/12/2026\n",
    ],
    ids=["wrapped", "one object", "list", "ndjson", "xlsx", "csv"],
)
def test_what_a_file_is_shows_in_its_content_and_not_in_its_name(desk: Desk, content: bytes) -> None:
    desk.run("import", "register", desk.sheet("r.csv", [ENTRY]), *REGISTER)
    printed = desk.run("import", "notices", desk.file("anything.dat", content), *NOTICES)
    assert printed.code == 0
    assert "1 open case" in printed.words


def test_a_dry_run_shows_how_each_column_is_understood_and_takes_nothing_in(desk: Desk) -> None:
    rows = [{**ENTRY, "Surname": "Example", "Ward": "Norbreck"}]
    printed = desk.run("import", "register", desk.sheet("r.csv", rows), *REGISTER, "--dry-run")
    assert "Tel No cli" in printed.words
    assert "Ward not read" in printed.words
    assert "Not read and not kept: Surname" in printed.words
    assert "Nothing was taken in" in printed.words
    assert "Example" not in printed.out
    assert "Blackpool Council never 0" in desk.run("councils", "list").words


def test_rows_with_issues_are_named_by_row_field_reason_and_remedy_and_never_by_value(desk: Desk) -> None:
    rows = [ENTRY, {**ENTRY, "Client Ref": ""}, {**ENTRY, "Client Ref": "TC3", "Tel No": "4.41633E+11"}]
    printed = desk.run("import", "register", desk.sheet("r.csv", rows), *REGISTER)
    assert printed.code == 0
    assert "3 not kept entry_id" in printed.words
    assert "4 kept cli" in printed.words
    assert "scientific notation" in printed.words
    assert "4.41633" not in printed.out + printed.err


def test_the_first_fifty_issues_are_shown_those_not_kept_first_and_a_file_takes_all(desk: Desk) -> None:
    rows = [{**entry, "Tel No": "unknown", "Address 1": f"{at} Lapwing Close"} for at, entry in enumerate(_entries(60))]
    rows.append({**ENTRY, "Client Ref": ""})
    file = desk.sheet("r.csv", rows)
    shown = desk.run("import", "register", file, *REGISTER, "--dry-run")
    assert shown.words.index("62 not kept entry_id") < shown.words.index("2 kept cli")
    assert "11 more issues not shown: --errors FILE" in shown.words
    desk.run("import", "register", file, *REGISTER, "--errors", str(desk.folder / "mend.csv"))
    with (desk.folder / "mend.csv").open(newline="") as mend:
        lines = list(csv.DictReader(mend))
    assert len(lines) == 61
    assert lines[-1]["row"] == "62"
    assert lines[-1]["outcome"] == "rejected"


def test_a_file_of_which_no_row_could_be_taken_in_ends_with_one(desk: Desk) -> None:
    printed = desk.run("import", "notices", desk.file("n.json", '[{"id": "n1"}]'), *NOTICES)
    assert printed.code == 1
    assert "no row could be taken in" in printed.complaint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"{not json", "the file is not JSON"),
        (b"just a text about 01632 960123", "No row with two known headings"),
        (b"PK\x03\x04 no workbook", "save it as .xlsx or .csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(desk: Desk, content: bytes, said: str) -> None:
    printed = desk.run("import", "register", desk.file("r.csv", content), *REGISTER)
    assert printed.code == 2
    assert said in printed.complaint
    assert "960123" not in printed.out + printed.err


def test_a_missing_file_and_an_unknown_council_are_said(desk: Desk, tmp_path: Path) -> None:
    missing = desk.run("import", "register", str(tmp_path / "none.csv"), *REGISTER)
    assert (missing.code, "No such file" in missing.complaint) == (2, True)
    unknown = desk.run("import", "register", desk.sheet("r.csv", [ENTRY]), "--council", "E06000001")
    assert (unknown.code, "`pullcord councils add`" in unknown.complaint) == (2, True)


def test_a_replacement_that_would_withdraw_many_asks_for_the_exact_number(desk: Desk) -> None:
    desk.run("import", "register", desk.sheet("r.csv", _entries(10)), *REGISTER)
    half = desk.sheet("half.csv", _entries(5))
    tried = desk.run("import", "register", half, *REGISTER, "--replace", "--dry-run")
    assert "5 entries on record would be withdrawn" in tried.words
    refused = desk.run("import", "register", half, *REGISTER, "--replace")
    assert refused.code == 2
    assert "would withdraw 5 of 10 entries, and nothing was taken in" in refused.complaint
    assert "--confirm-withdrawals 5" in refused.complaint
    done = desk.run("import", "register", half, *REGISTER, "--replace", "--confirm-withdrawals", "5")
    assert done.code == 0
    assert desk.run("councils", "list").words.endswith("just now 5")


def test_a_number_of_withdrawals_without_a_replacement_is_a_slip(desk: Desk) -> None:
    printed = desk.run("import", "register", desk.sheet("r.csv", [ENTRY]), *REGISTER, "--confirm-withdrawals", "5")
    assert (printed.code, "goes with --replace" in printed.complaint) == (2, True)
