from __future__ import annotations

import pytest
from sqlalchemy import select

from services.runtime.maintenance.keyring import read_keyring, with_newest_current, write_keyring
from services.storage.tables import audit
from tests.support.command_line import Desk

POSTGRES = "postgresql+psycopg://pullcord:secret-word@db.example/pullcord"


def words_of_audit(desk: Desk) -> list[str]:
    with desk.store() as store, store.reading() as connection:
        return list(connection.scalars(select(audit.c.action).order_by(audit.c.pk)))


def test_a_backup_says_what_it_holds_and_where_its_keys_are(desk: Desk) -> None:
    desk.with_a_case()
    printed = desk.done("backup", str(desk.folder / "backup.db")).words
    assert "1 register row, 1 notice, 1 case, 0 alerts" in printed
    assert "The keys are not in it. Without k1 from" in printed
    assert "keys.json nobody in it can be read" in printed


def test_a_backup_is_put_back_and_the_database_that_was_there_is_kept(desk: Desk) -> None:
    case = desk.with_a_case()
    desk.done("backup", str(desk.folder / "backup.db"))
    desk.done("councils", "add", "W06000015", "Cardiff Council")
    printed = desk.done("restore", str(desk.folder / "backup.db"), "--replace").words
    assert "The database that was there is now" in printed
    assert "send again what they sent since" in printed
    assert "Cardiff" not in desk.done("councils", "list").out
    assert "01632 960123" in desk.done("case", "show", case).words
    assert words_of_audit(desk)[-1] == "database_restored"


def test_a_backup_of_an_older_key_is_put_back_while_that_key_is_kept(desk: Desk) -> None:
    case = desk.with_a_case()
    desk.done("backup", str(desk.folder / "backup.db"))
    keys = desk.folder / "var/keys.json"
    write_keyring(keys, with_newest_current(read_keyring(keys)))
    desk.done("restore", str(desk.folder / "backup.db"), "--replace")
    assert "01632 960123" in desk.done("case", "show", case).words


def test_where_no_database_is_left_a_backup_needs_no_leave_to_be_put_back(desk: Desk) -> None:
    desk.done("backup", str(desk.folder / "backup.db"))
    for path in (desk.folder / "var").glob("pullcord.db*"):
        path.unlink()
    desk.done("restore", str(desk.folder / "backup.db"))
    assert "Blackpool" in desk.done("councils", "list").out


def test_a_database_put_back_by_other_tools_is_settled_once(desk: Desk) -> None:
    for _ in range(2):
        assert "is not on record" in desk.done("restore", "--placed").words
    assert words_of_audit(desk).count("database_restored") == 1


@pytest.mark.parametrize("typed", [(), ("backup.db", "--placed")])
def test_what_is_to_be_restored_is_said_in_one_way(desk: Desk, typed: tuple[str, ...]) -> None:
    printed = desk.run("restore", *typed)
    assert (printed.code, "name a backup, or say --placed" in printed.complaint) == (2, True)


def test_a_backup_that_is_not_there_is_named(desk: Desk) -> None:
    printed = desk.run("restore", str(desk.folder / "none.db"), "--replace")
    assert (printed.code, "none.db: No such file or directory" in printed.complaint) == (2, True)


def test_a_backup_made_by_other_tools_is_written_down(desk: Desk) -> None:
    made = desk.file("base.tar", "twelve bytes")
    assert "a backup made by pg_basebackup" in desk.done("backup", made, "--record", "pg_basebackup").words
    with desk.store() as store, store.reading() as connection:
        fields = connection.scalar(select(audit.c.fields).where(audit.c.action == "backup_made"))
    assert fields == {"kind": "pg_basebackup", "bytes": 12}


@pytest.mark.parametrize("made", ["none.dump", "empty.dump"])
def test_a_backup_that_was_not_made_is_not_written_down(desk: Desk, made: str) -> None:
    desk.file("empty.dump", "")
    printed = desk.run("backup", str(desk.folder / made), "--record", "pg_dump")
    assert (printed.code, "that is no backup" in printed.complaint) == (2, True)
    assert "backup_made" not in words_of_audit(desk)


@pytest.mark.parametrize(
    ("command", "tool"),
    [
        ("backup", "`pg_dump --format=custom --file=x.dump postgresql://pullcord@db.example/pullcord`"),
        ("restore", "--dbname=postgresql://pullcord@db.example/pullcord x.dump`"),
    ],
)
def test_for_postgresql_its_own_tools_are_named_without_the_password(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str, tool: str
) -> None:
    monkeypatch.setenv("PULLCORD_DATABASE_URL", POSTGRES)
    printed = desk.run(command, "x.dump")
    assert (printed.code, tool in printed.complaint, "secret-word" in printed.complaint) == (2, True, False)
