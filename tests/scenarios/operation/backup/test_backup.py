from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from services.core.audit import AuditAction
from services.core.errors import RefusedError
from services.core.tokens import Tokeniser
from services.runtime.maintenance.backups import back_up, check_unused, restore
from services.storage.backup.backup import CopyError, copy_database
from services.storage.store import Store
from services.storage.tables import alert_cases
from services.storage.vault import Vault
from tests.support.checks.backups import copy, rows_in, told
from tests.support.deployment import Deployment
from tests.support.ledger import said

__all__ = ["copy", "told"]

# The page size of SQLite in bytes.
PAGE = 4096

HOLD_OPEN = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT 1 FROM feeds").fetchall()
print("open", flush=True)
sys.stdin.read()
"""


class TestTheBackup:
    def test_it_holds_what_is_on_record_and_says_until_when(self, told: Deployment, tmp_path: Path) -> None:
        made = back_up(told.store, tmp_path / "backup.db")
        assert (made.rows["register_entries"], made.rows["notices"], made.rows["cases"]) == (3, 3, 3)
        assert (made.keys, made.record_ends) == (("k1",), told.clock.now())

    def test_it_is_of_one_moment_while_somebody_writes(self, told: Deployment, tmp_path: Path) -> None:
        target = tmp_path / "copy.db"
        with told.store.writing() as connection:
            connection.execute(delete(alert_cases))
            counted = copy_database(told.store, target)
        assert (counted["alert_cases"], rows_in(target, "alert_cases")) == (3, 3)

    def test_it_is_one_file_that_only_its_owner_can_read(self, copy: Path) -> None:
        assert copy.stat().st_mode & 0o777 == 0o600
        assert beside(copy.parent) == ["backup.db"]

    def test_it_holds_no_key_and_no_number(self, copy: Path) -> None:
        held = copy.read_bytes()
        assert (b"v" * 32 in held, b"t" * 32 in held, b"1632960100" in held) == (False, False, False)

    def test_that_it_was_made_is_on_record(self, told: Deployment, copy: Path) -> None:
        (made,) = said(told, AuditAction.BACKUP_MADE)
        assert made == {"kind": "sqlite", "bytes": copy.stat().st_size}

    def test_a_file_that_is_there_is_left_as_it_is(self, told: Deployment, tmp_path: Path) -> None:
        there = tmp_path / "backup.db"
        there.write_text("something else")
        with pytest.raises(RefusedError, match="never overwritten"):
            back_up(told.store, there)
        assert there.read_text() == "something else"

    def test_one_that_the_keys_do_not_open_is_not_made(self, told: Deployment, tmp_path: Path) -> None:
        with pytest.raises(CopyError, match="do not open"):
            back_up(replace(told.store, vault=Vault({"k1": b"x" * 32}, "k1")), tmp_path / "backup.db")
        assert beside(tmp_path) == []
        assert said(told, AuditAction.BACKUP_MADE) == []


def beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("pullcord.db"))


def other_key(store: Store) -> Store:
    return replace(store, vault=Vault({"k1": b"x" * 32}, "k1"))


def no_key(store: Store) -> Store:
    return replace(store, vault=Vault({"k2": b"v" * 32}, "k2"))


def other_token_key(store: Store) -> Store:
    return replace(store, tokeniser=Tokeniser(b"x" * 32))


class TestWhatIsNotRestored:
    @pytest.mark.parametrize(
        ("wrong", "complaint"),
        [(other_key, "do not open"), (no_key, "not among the keys"), (other_token_key, "another token key")],
    )
    def test_a_backup_that_is_not_of_these_keys(
        self, told: Deployment, copy: Path, wrong: Callable[[Store], Store], complaint: str
    ) -> None:
        with unchanged(told), pytest.raises(CopyError, match=complaint):
            restore(wrong(told.store), copy, replacing=True)

    @pytest.mark.parametrize("page", [0, 2, 12])
    def test_a_backup_that_was_damaged(self, told: Deployment, copy: Path, page: int) -> None:
        place = page * PAGE
        held = bytearray(copy.read_bytes())
        held[place : place + 400] = bytes(byte ^ 0xFF for byte in held[place : place + 400])
        copy.write_bytes(held)
        with unchanged(told), pytest.raises(CopyError):
            restore(told.store, copy, replacing=True)

    @pytest.mark.parametrize("share", [0, 0.5, 0.99])
    def test_a_backup_that_was_cut_off(self, told: Deployment, copy: Path, share: float) -> None:
        held = copy.read_bytes()
        copy.write_bytes(held[: int(len(held) * share)])
        with unchanged(told), pytest.raises(CopyError):
            restore(told.store, copy, replacing=True)

    def test_over_a_database_that_is_there_without_being_told_to(self, told: Deployment, copy: Path) -> None:
        with unchanged(told), pytest.raises(RefusedError, match="--replace"):
            restore(told.store, copy, replacing=False)

    def test_the_file_of_a_database_in_use(self, told: Deployment, copy: Path) -> None:
        copy.with_name("backup.db-wal").touch()
        with unchanged(told), pytest.raises(RefusedError, match="no backup but a database"):
            restore(told.store, copy, replacing=True)

    def test_over_a_database_that_a_process_has_open(self, told: Deployment, copy: Path) -> None:
        with unchanged(told), held_open(told):
            with pytest.raises(RefusedError, match="in use"):
                restore(told.store, copy, replacing=True)
            with pytest.raises(RefusedError, match="in use"):
                check_unused(told.store.engine.url.render_as_string())


@contextmanager
def unchanged(deployment: Deployment) -> Iterator[None]:
    # The block changes neither the database nor its folder.
    deployment.store.engine.dispose()
    path = Path(str(deployment.store.engine.url.database))
    before = path.read_bytes(), sorted(path.parent.iterdir())
    yield
    assert (path.read_bytes(), sorted(path.parent.iterdir())) == before


@contextmanager
def held_open(deployment: Deployment) -> Iterator[None]:
    # Another process keeps the database open, and does nothing else.
    command = [sys.executable, "-c", HOLD_OPEN, str(deployment.store.engine.url.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield
        process.communicate()
