from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, select

from services.runtime.embedded.runner import Loop
from services.storage.secrets.reseal import left_to_reseal, reseal, reseal_all
from services.storage.store import Store
from services.storage.tables import notices, register_entries
from services.storage.vault import Vault, VaultKeys, key_of
from tests.support.deployment import Deployment
from tests.support.ledger import count
from tests.support.servers.killing import until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

BOTH = {"k1": b"v" * 32, "k2": b"w" * 32}
LINES = 60


class Said:
    def __init__(self) -> None:
        self.new = Event()

    def __call__(self, *, at_once: bool) -> VaultKeys | None:
        return VaultKeys(BOTH, "k2") if at_once or self.new.is_set() else None


@pytest.fixture
def full(engine: Engine) -> Deployment:
    deployment = Deployment(engine).with_officers()
    deployment.put_entries(*({"entry_id": f"e{n}", "cli": f"01632 960{n:03}"} for n in range(LINES)))
    deployment.tick(seconds=31)
    return deployment


def rotated(deployment: Deployment) -> Store:
    return replace(deployment.store, vault=Vault(BOTH, "k2"))


def post(deployment: Deployment, number: int) -> None:
    notice = {"id": f"n{number}", "cli": f"01632 960{number:03}", "planned_migration_date": "2026-12-03"}
    deployment.post_notices(notice)


def test_a_row_that_somebody_is_at_is_passed_over_and_done_later(full: Deployment) -> None:
    store = rotated(full)
    total = left_to_reseal(store)
    with full.store.writing() as connection:
        connection.execute(select(register_entries).where(register_entries.c.pk <= 2).with_for_update())
        assert sum(reseal(store, batch=7)) == total - 2
    assert sum(reseal(store)) == 2
    assert left_to_reseal(store) == 0


def test_beside_a_process_that_learns_of_the_key_late_everything_comes_under_it(full: Deployment) -> None:
    source = Said()
    full.store.vault._source = source
    dispatcher = Loop("dispatcher", full.event_dispatcher.run_once, 0.02)

    def post_all() -> None:
        for number in range(LINES):
            post(full, number)

    def meet_the_key() -> None:
        source.new.set()
        sender.join(0.2)

    sender = Thread(target=post_all)
    dispatcher.start()
    sender.start()
    store = rotated(full)
    for _ in reseal_all(store, lambda _: meet_the_key(), batch=5):
        pass
    sender.join(60)
    assert until(lambda: len(full.matches()) == LINES, 60)
    assert dispatcher.stop(10)
    assert (count(full, notices), left_to_reseal(store)) == (LINES, 0)
    with full.store.reading() as connection:
        for table in (notices, register_entries):
            assert all(row.key_id == key_of(row.sealed) == "k2" for row in connection.execute(select(table)))
