from __future__ import annotations

import random
from typing import Any

import pytest

from services.core.errors import RefusedError
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.sheets import read_sheet
from services.storage.tables import notices, register_entries
from tests.support.command_line import BLACKPOOL, RAVEN, Desk
from tests.support.http import CSV, ENTRIES, NOTICE_UPLOADS, NOTICES, REGISTER_UPLOADS, Api, problem_of
from tests.support.ledger import rows
from tests.support.ways_in import case_file

WORDS = case_file("14").decode()
HEADS = "Client ref,Tel No,Post Code,Status\n"


def register(*statuses: str) -> str:
    return HEADS + "".join(f"C{at},01632 9601{at:02},FY3 8AB,{word}\n" for at, word in enumerate(statuses, start=10))


def imported(desk: Desk, data: str, *options: str) -> str:
    return desk.done(
        "import", "register", desk.file("r.csv", data), "--council", BLACKPOOL, "--no-match", *options
    ).words


def kept(desk: Desk) -> list[str]:
    with desk.store() as store, store.reading() as connection:
        found = connection.execute(register_entries.select().order_by(register_entries.c.pk)).all()
    return [row.service_status for row in found]


def upload(api: Api, data: str, **parameters: Any) -> dict[str, Any]:
    answer = api.ask(
        "blackpool", "POST", REGISTER_UPLOADS, content=data, headers={"Content-Type": CSV}, params=parameters
    )
    found: dict[str, Any] = answer.json()
    return found


def test_no_row_is_refused_for_a_status_and_the_unknown_ones_are_flagged_with_the_codes(desk: Desk, api: Api) -> None:
    answer = upload(api, WORDS)
    assert answer["counts"]["rejected"] == 0
    flagged = {row["row"]: row["issues"][0] for row in answer["rows_with_issues"]}
    assert {issue["code"] for issue in flagged.values()} == {"unknown_status"}
    assert set(flagged) == {3, 4, 5, 6, 7}
    assert "active, suspended, ended, unknown, or leave it empty, which means active." in flagged[3]["remedy"]
    assert "counts as in service" in flagged[3]["reason"]
    imported(desk, WORDS)
    assert kept(desk) == ["active", *["unknown"] * 5]


def test_an_unknown_status_keeps_the_alarm_watched(api: Api) -> None:
    upload(api, register("Awaiting review"))
    deployment = api.deployment
    deployment.post_notices({"id": "n1", "cli": "01632 960110", "planned_migration_date": "2026-12-03"})
    deployment.settle()
    assert len(deployment.cases()) == 1


@pytest.mark.parametrize("word", ["Live", "", 7, ["active"], "nicht bekannt"])
def test_an_unknown_status_in_json_refuses_no_entry_either(api: Api, word: object) -> None:
    sent = {"entry_id": "e1", "cli": "01632 960110", "service_status": word}
    answer = api.ask("blackpool", "PUT", ENTRIES, json=[sent])
    assert (answer.status_code, answer.json()["counts"]["rejected"]) == (202, 0)


def test_words_are_mapped_on_the_command_line(desk: Desk) -> None:
    said = imported(desk, register("Live - awaiting review", "B/F", "In progress"), "--status", "B/F=ended")
    assert "1 accepted" not in said
    assert kept(desk) == ["unknown", "ended", "unknown"]


def test_a_mapping_is_remembered_and_the_next_answer_says_so(desk: Desk, api: Api) -> None:
    imported(desk, register("B/F"), "--status", "b f = ended")
    said = imported(desk, register("Live", "B/F").replace("C1", "D1"))
    assert "Statuses were read as you mapped them before: bf as ended." in said
    assert kept(desk) == ["ended", "active", "ended"]
    upload(api, register("B/F"), status="B/F=ended")
    answer = upload(api, register("B/F").replace("C1", "D1"))
    assert answer["remarks"] == ["Statuses were read as you mapped them before: bf as ended."]
    # Only mappings of words that are in the file are reported.
    assert upload(api, register("Live").replace("C1", "E1"))["remarks"] == []


def test_a_mapped_heading_is_remembered_too_and_one_that_the_file_lacks_is_passed_over(desk: Desk, api: Api) -> None:
    odd = "Lifeline No,Tel No,Post Code\nL1,01632 960110,FY3 8AB\n"
    upload(api, odd, column="Lifeline No=entry_id")
    answer = upload(api, odd.replace("L1", "L2"))
    assert answer["counts"]["rejected"] == 0
    assert "Read as entry_id as you mapped it before: Lifeline No (column A)." in answer["remarks"]
    assert upload(api, register("Live"))["remarks"] == []
    imported(desk, odd, "--column", "Lifeline No=entry_id")
    assert "as you mapped it before" in imported(desk, odd.replace("L1", "L2"))


def test_a_new_mapping_replaces_the_old_one(desk: Desk) -> None:
    imported(desk, register("B/F"), "--status", "B/F=ended")
    said = imported(desk, register("B/F").replace("C1", "D1"), "--status", "B/F=suspended")
    assert "mapped them before" not in said
    imported(desk, register("B/F").replace("C1", "E1"))
    assert kept(desk) == ["ended", "suspended", "suspended"]


def test_mappings_are_listed_and_forgotten(desk: Desk) -> None:
    imported(desk, register("B/F"), "--status", "B/F=ended", "--column", "Status=service_status")
    listed = desk.done("mappings", "list", "--council", BLACKPOOL).words
    assert "column status service_status" in listed
    assert "status bf ended" in listed
    desk.done("mappings", "forget", "--council", BLACKPOOL, "--status", "B/F", "--column", "Status")
    assert "Nothing is mapped" in desk.done("mappings", "list", "--council", BLACKPOOL).words
    again = desk.run("mappings", "forget", "--council", BLACKPOOL, "--status", "B/F")
    assert (again.code, "no such mapping" in again.complaint) == (2, True)


@pytest.mark.parametrize("options", [(), ("--council", BLACKPOOL, "--provider", RAVEN)])
def test_mappings_are_those_of_one_sender(desk: Desk, options: tuple[str, ...]) -> None:
    assert "name one sender" in desk.run("mappings", "list", *options).complaint


def test_a_dry_run_and_a_file_of_which_nothing_was_taken_are_not_remembered(desk: Desk, api: Api) -> None:
    imported(desk, register("B/F"), "--status", "B/F=ended", "--dry-run")
    assert upload(api, register("B/F"), status="B/F=ended", dry_run="true")["remarks"] == []
    desk.run(
        "import",
        "register",
        desk.file("n.csv", "Ref,Tel,Status\n,,B/F\n"),
        "--council",
        BLACKPOOL,
        "--status",
        "B/F=ended",
    )
    assert "Nothing is mapped" in desk.done("mappings", "list", "--council", BLACKPOOL).words
    assert upload(api, register("B/F"))["rows_with_issues"][0]["issues"][0]["code"] == "unknown_status"


def test_the_words_of_one_sender_are_not_those_of_another(api: Api) -> None:
    upload(api, register("B/F"), status="B/F=ended")
    data = "Order ref,CLI,Status,Migration date\nn1,01632 960110,B/F,03/12/2026\n"
    answer = api.ask("raven", "POST", NOTICE_UPLOADS, content=data, headers={"Content-Type": CSV})
    assert answer.json()["rows_with_issues"][0]["outcome"] == "rejected"
    mapped = api.ask(
        "raven", "POST", NOTICE_UPLOADS, content=data, headers={"Content-Type": CSV}, params={"status": "B/F=paused"}
    )
    assert mapped.json()["counts"]["rejected"] == 0
    assert [row.status for row in rows(api.deployment, notices)] == ["paused"]


@pytest.mark.parametrize(
    ("status", "words"),
    [("Live", "Word=code"), ("=active", "Word=code"), ("Live=alive", "use one of active, suspended, ended, unknown")],
)
def test_a_mapping_that_makes_no_sense_is_refused_with_what_there_is(
    desk: Desk, api: Api, status: str, words: str
) -> None:
    printed = desk.run("import", "register", desk.file("r.csv", WORDS), "--council", BLACKPOOL, "--status", status)
    assert (printed.code, words in printed.complaint) == (2, True)
    answer = api.ask(
        "blackpool", "POST", REGISTER_UPLOADS, content=WORDS, headers={"Content-Type": CSV}, params={"status": status}
    )
    assert problem_of(answer) == (422, "invalid-request")
    assert words in answer.json()["detail"]


def test_one_word_for_two_codes_is_refused() -> None:
    with pytest.raises(RefusedError, match="two codes"):
        read_sheet(WORDS.encode(), RecordKind.ENTRY, FileLimits(), words=["Live=active", "live=ended"])


@pytest.mark.parametrize(
    ("field", "listed"),
    [
        (
            "status",
            "planned, rescheduled, paused, withdrawn, completed, reverted, or leave it empty, which means planned.",
        ),
        ("scope", "line, postcode, exchange, or leave it empty, which means line."),
        ("restriction_kind", "outgoing_barred, outgoing_diverted, incoming_barred, other, or leave it empty."),
    ],
)
def test_a_notice_with_a_word_that_is_no_code_is_told_the_codes_and_whether_empty_will_do(
    api: Api, field: str, listed: str
) -> None:
    sent = {"id": "n1", "cli": "01632 960110", "planned_migration_date": "2026-12-03", field: "odd"}
    answer = api.ask("raven", "POST", NOTICES, json=[sent])
    (row,) = answer.json()["rows_with_issues"]
    assert f"Use one of {listed}" in row["issues"][0]["remedy"]


def test_any_words_at_all_refuse_no_entry(api: Api) -> None:
    noise = random.Random(20261129)
    signs = "abcdefgh XYZ-/&.()'0123456789"
    words = ["".join(noise.choices(signs, k=noise.randrange(1, 30))) for _ in range(40)]
    answer = upload(api, register(*words))
    assert answer["counts"]["rejected"] == 0
    assert {row.service_status for row in rows(api.deployment, register_entries)} <= {
        "active",
        "suspended",
        "ended",
        "unknown",
    }
