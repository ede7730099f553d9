from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from schemas.codes import CaseEvent
from services.alerts.case.acts import act, read_record
from services.storage.secrets.reseal import (
    KNOWN_WITHIN,
    SEALED_COLUMNS,
    left_to_reseal,
    reseal,
    reseal_all,
    sealed_under,
)
from services.storage.store import Store
from services.storage.tables import metadata, notices, register_entries
from services.storage.vault import Vault, VaultError, place
from tests.support.deployment import Deployment

OLD, NEW = {"k1": b"v" * 32}, {"k2": b"w" * 32}


@pytest.fixture
def full(deployment: Deployment) -> Deployment:
    deployment.put_entries(*({"cli": f"01632 96012{number}", "entry_id": f"e{number}"} for number in range(5)))
    deployment.post_notices({"cli": "01632 960121", "planned_migration_date": "2026-12-03"})
    deployment.tick(seconds=31)
    record = read_record(CaseEvent.ACKNOWLEDGE, {"by": "Asha Patel"})
    act(deployment.store, deployment.cases()[0].reference, CaseEvent.ACKNOWLEDGE, record, None)
    return deployment


def _under(deployment: Deployment, keys: dict[str, bytes], current: str) -> Store:
    return replace(deployment.store, vault=Vault(keys, current))


def _values(store: Store) -> Iterator[object]:
    with store.reading() as connection:
        for column in SEALED_COLUMNS:
            named = column.table.c[column.keyed_by]
            for key, sealed in connection.execute(select(named, column.sealed).where(column.sealed.is_not(None))):
                where = place(column.table.name, key.encode() if isinstance(key, str) else key)
                yield store.vault.open(where, sealed)


def test_every_sealed_column_is_known() -> None:
    sealed = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if "sealed" in column.name
    }
    assert {(column.table.name, column.name) for column in SEALED_COLUMNS} == sealed


def test_after_it_the_old_key_is_not_needed_and_nothing_else_has_changed(full: Deployment) -> None:
    before = list(map(repr, _values(full.store)))
    both = _under(full, OLD | NEW, "k2")
    assert left_to_reseal(both) == len(before)
    assert sum(reseal(both, batch=2)) == len(before)
    assert list(map(repr, _values(_under(full, NEW, "k2")))) == before
    with full.store.reading() as connection:
        for table in (notices, register_entries):
            assert set(connection.execute(select(table.c.key_id, table.c.revision))) == {("k2", 1)}


def test_cut_off_it_is_carried_on_and_done_it_does_nothing(full: Deployment) -> None:
    both = _under(full, OLD | NEW, "k2")
    total = left_to_reseal(both)
    first = next(iter(reseal(both, batch=2)))
    assert left_to_reseal(both) == total - first
    assert sum(reseal(both, batch=2)) == total - first
    assert list(reseal(both)) == []


def test_half_done_everything_can_be_read_with_both_keys(full: Deployment) -> None:
    both = _under(full, OLD | NEW, "k2")
    next(iter(reseal(both, batch=2)))
    assert len(list(_values(both))) > 0


def test_a_missing_old_key_is_named_and_nothing_is_lost(full: Deployment) -> None:
    before = list(map(repr, _values(full.store)))
    with pytest.raises(VaultError, match="k1"):
        list(reseal(_under(full, NEW, "k2")))
    assert list(map(repr, _values(full.store))) == before


def test_what_others_seal_under_the_old_key_meanwhile_is_done_on_a_later_pass(full: Deployment) -> None:
    both = _under(full, OLD | NEW, "k2")
    paused: list[float] = []

    def somebody_writes(seconds: float) -> None:
        if seconds == KNOWN_WITHIN and KNOWN_WITHIN not in paused:
            full.put_entries({"entry_id": "late", "cli": "01632 960199"})
        paused.append(seconds)

    total = left_to_reseal(both)
    assert sum(reseal_all(both, somebody_writes, batch=2)) == total + 2  # the entry, and the reference in its outcome
    assert left_to_reseal(both) == 0
    assert paused.count(KNOWN_WITHIN) == 2


def test_it_gives_up_on_somebody_who_goes_on_sealing_under_the_old_key(full: Deployment) -> None:
    both = _under(full, OLD | NEW, "k2")
    numbers = iter(range(200, 300))

    def never_learns(seconds: float) -> None:
        if seconds == KNOWN_WITHIN:
            number = next(numbers)
            full.put_entries({"entry_id": f"late{number}", "cli": f"01632 960{number}"})

    assert sum(reseal_all(both, never_learns)) > 0
    assert left_to_reseal(both) == 2  # the last entry, and the reference in its outcome


def test_how_much_is_under_each_key_is_counted(full: Deployment) -> None:
    both = _under(full, OLD | NEW, "k2")
    total = left_to_reseal(both)
    first = next(iter(reseal(both, batch=2)))
    with full.store.reading() as connection:
        assert sealed_under(connection, both.vault) == {"k1": total - first, "k2": first}
        assert sealed_under(connection, Vault(NEW, "k2")) == {"k2": first, None: total - first}
