from __future__ import annotations

import json
from itertools import cycle
from pathlib import Path

import pytest

from services.runtime.bootstrap import make_store
from services.runtime.maintenance.keyring import read_keyring
from services.runtime.settings import Settings
from services.storage.secrets.reseal import left_to_reseal
from tests.support.servers.killing import ROWS, Mailbox, Provider, ServedDeployment, put_register, until
from tests.support.servers.serving import command_line, deployment, mailbox, nothing_left_to_do

__all__ = ["deployment", "mailbox"]

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

LINES = 400
# Seconds that a slow machine gets.
PATIENCE = 30.0
# The number of a line that no notice has named before.
LATE = 399


@pytest.fixture
def provider(deployment: ServedDeployment) -> Provider:
    # All lines in the notices are on the register.
    put_register(deployment, LINES)
    return Provider("p", deployment, cycle(range((LATE - 1) // ROWS)))


def logged(folder: Path) -> list[str]:
    return [json.loads(line)["event"] for line in (folder / "serve.log").read_text().splitlines() if line]


def test_the_key_is_changed_under_load_and_the_old_one_taken_away(
    deployment: ServedDeployment, mailbox: Mailbox, provider: Provider
) -> None:
    provider.start()
    assert until(lambda: len(provider.receipts) >= 5, PATIENCE)
    rotated = command_line(deployment, "vault", "rotate", "--yes")
    assert (rotated.returncode, rotated.stderr) == (0, "")
    taken = len(provider.receipts)
    assert until(lambda: len(provider.receipts) >= taken + 3, PATIENCE)
    provider.stop()
    assert until(lambda: nothing_left_to_do(deployment), PATIENCE)

    fresh = make_store(Settings(data_dir=deployment.folder))
    assert (fresh.vault.current, left_to_reseal(fresh)) == ("k2", 0)
    fresh.engine.dispose()
    removed = command_line(deployment, "vault", "remove-key", "k1", "--yes")
    assert (removed.returncode, list(read_keyring(deployment.folder / "keys.json").vault)) == (0, ["k2"])
    it_goes_on_without_the_old_key(deployment, mailbox)
    assert provider.refused == []
    assert set(logged(deployment.folder)) & {"step_failed", "message_not_made", "keys_not_read"} == set()
    # Each of the two processes has read the keys again twice.
    assert logged(deployment.folder).count("keys_read_again") == 4


def it_goes_on_without_the_old_key(deployment: ServedDeployment, mailbox: Mailbox) -> None:
    before = len(mailbox.taken)
    with deployment.client(deployment.provider_key) as client:
        notice = {"id": "late", "cli": f"01632 960{LATE}", "planned_migration_date": "2027-01-14"}
        assert client.post("/v1/migration-notices", json=[notice]).is_success
        assert until(lambda: nothing_left_to_do(deployment) and len(mailbox.taken) > before, PATIENCE)
