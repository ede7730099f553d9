from __future__ import annotations

import pytest
from sqlalchemy import select

from services.storage.tables import refused_files
from tests.support.command_line import BLACKPOOL, ENTRY, RAVEN, Desk

REGISTER = ("--council", BLACKPOOL)


def noted(desk: Desk) -> list[tuple[str, str, str, str]]:
    row = refused_files.c
    with desk.store() as store, store.reading() as connection:
        return [tuple(one) for one in connection.execute(select(row.feed_id, row.kind, row.sent_as, row.code))]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"Shopping,List\r\nmilk,2\r\n", "no_headings"),
        (b"PK\x03\x04 no workbook", "unreadable"),
        (b'[{"id": "n1",', "invalid-request"),
    ],
)
def test_a_file_that_cannot_be_read_is_noted_without_its_name(desk: Desk, content: bytes, code: str) -> None:
    refused = desk.run("import", "notices", desk.file("mrs-example.csv", content), "--provider", RAVEN)
    assert refused.code != 0
    assert noted(desk) == [(f"provider:{RAVEN}", "notice", "file", code)]


def test_a_replacement_that_withdraws_too_many_is_noted_until_a_file_is_taken_in(desk: Desk) -> None:
    entries = [{**ENTRY, "Client Ref": f"TC{one}"} for one in range(20)]
    desk.done("import", "register", desk.sheet("whole.csv", entries), *REGISTER)
    short = desk.sheet("short.csv", entries[:2])
    assert desk.run("import", "register", short, *REGISTER, "--replace").code != 0
    assert [one[:3] for one in noted(desk)] == [(f"council:{BLACKPOOL}", "entry", "file")]
    desk.done("import", "register", desk.sheet("whole.csv", entries), *REGISTER, "--replace")
    assert noted(desk) == []


def test_a_dry_run_and_a_file_that_is_not_there_are_not_noted(desk: Desk) -> None:
    assert desk.run("import", "register", desk.file("odd.csv", b""), *REGISTER, "--dry-run").code != 0
    assert desk.run("import", "register", str(desk.folder / "nowhere.csv"), *REGISTER).code != 0
    assert noted(desk) == []
