from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy import update

from services.storage.tables import deliveries
from tests.support.servers.killing import Mailbox, Provider, ServedDeployment, put_register, until
from tests.support.servers.serving import command_line, deployment, mailbox, nothing_left_to_do

__all__ = ["deployment", "mailbox"]

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

# Seconds that a slow machine gets.
PATIENCE = 30.0
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def submissions_in(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {row[0] for row in connection.execute("SELECT submission_id FROM submissions WHERE kind = 'notice'")}


def let_attempts_run_out(deployment: ServedDeployment) -> None:
    # Some attempts were under way when the backup was made.
    with deployment.store.writing() as connection:
        connection.execute(update(deliveries).where(deliveries.c.due_at.is_not(None)).values(due_at=LONG_AGO))


@pytest.fixture
def provider(deployment: ServedDeployment) -> Provider:
    put_register(deployment, 400)
    return Provider("p", deployment, cycle(range(100)))


def test_made_under_load_it_holds_every_receipt_given_before_and_is_put_back_only_when_all_has_stopped(
    deployment: ServedDeployment, mailbox: Mailbox, provider: Provider, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.db"
    provider.start()
    assert until(lambda: len(provider.receipts) >= 5, PATIENCE)
    before = set(provider.receipts)
    made = command_line(deployment, "backup", str(backup))
    assert (made.returncode, made.stderr) == (0, "")
    assert until(lambda: len(provider.receipts) >= len(before) + 3, PATIENCE)
    provider.stop()
    assert provider.refused == []
    assert before <= submissions_in(backup)
    assert until(lambda: nothing_left_to_do(deployment), PATIENCE)

    deployment.store.engine.dispose()
    refused = command_line(deployment, "restore", str(backup), "--replace")
    assert (refused.returncode, "in use" in refused.stderr) == (2, True)
    deployment.kill()
    assert command_line(deployment, "restore", str(backup), "--replace").returncode == 0
    mailbox.taken.clear()
    let_attempts_run_out(deployment)
    deployment.start()
    assert until(lambda: nothing_left_to_do(deployment), PATIENCE)
    assert set(mailbox.taken.values()) <= {1}
    with deployment.client(deployment.provider_key) as client:
        assert client.get("/readyz").json()["faults"] == []
