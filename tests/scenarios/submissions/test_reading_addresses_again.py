"""After an upgrade that reads addresses in a new way, stored records get the tokens of the new version."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table, delete, select, update

from services.core.tokens import TokenKind
from services.ingest.recording import rereading
from services.ingest.recording.rereading import read_again
from services.ingest.recording.sealed_check import sealed_differences
from services.runtime.maintenance.rebuild import rebuild
from services.storage.tables import entry_tokens, matches, notice_tokens, notices, register_entries
from services.storage.vault import place
from tests.scenarios.records.test_matching import FLAT_A, area, entry, notice
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, pairs, rows

OLD = b"a token of another version"[:16]
HOUSE: dict[str, Any] = {"postcode": "FY3 8AB", "address_lines": ["9 Mill Lane"]}


def tokens(deployment: Deployment) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for table in (notice_tokens, entry_tokens) for row in rows(deployment, table))


def differences(deployment: Deployment) -> list[str]:
    with deployment.store.reading() as connection:
        return [one.what for one in sealed_differences(connection, deployment.store)]


def as_before_the_upgrade(deployment: Deployment) -> None:
    """Delete the keys and the read parts of the addresses, and add a token of an older version."""
    store = deployment.store
    with store.writing() as connection:
        for owned, table in ((notice_tokens, notices), (entry_tokens, register_entries)):
            connection.execute(delete(owned).where(owned.c.kind == int(TokenKind.ADDRESS)))
            for row in connection.execute(select(table.c.pk, table.c.record_key, table.c.sealed)).all():
                _forget(deployment, connection, table, row)
        pk = connection.scalars(select(register_entries.c.pk)).first()
        connection.execute(entry_tokens.insert().values(token=OLD, entry_pk=pk, kind=int(TokenKind.ADDRESS)))


def _forget(deployment: Deployment, connection: Any, table: Table, row: Any) -> None:
    where = place(table.name, row.record_key)
    private = deployment.store.vault.open(where, row.sealed)
    kept = {name: value for name, value in private.items() if name not in ("parts", "places")}
    connection.execute(update(table).where(table.c.pk == row.pk).values(sealed=_sealed(deployment, where, kept)))


def _sealed(deployment: Deployment, where: bytes, private: dict[str, Any]) -> bytes:
    return deployment.store.vault.seal(where, private)


def run(deployment: Deployment, *, drop: bool) -> int:
    return sum(read_again(deployment.store, drop=drop))


def match_again(deployment: Deployment) -> None:
    for _ in rebuild(deployment.store, deployment.consumers):
        pass
    deployment.settle()


@pytest.fixture
def upgraded(deployment: Deployment) -> Deployment:
    deployment.put_entries(entry(**FLAT_A), entry("e2", **HOUSE))
    deployment.post_notices(notice(**FLAT_A), area("FY3 8AB"))
    deployment.settle()
    as_before_the_upgrade(deployment)
    return deployment


def test_records_get_the_tokens_and_the_parts_that_they_would_have_been_given(deployment: Deployment) -> None:
    deployment.put_entries(entry(**FLAT_A), entry("e2", **HOUSE))
    deployment.post_notices(notice(**FLAT_A), area("FY3 8AB"))
    deployment.settle()
    before = tokens(deployment)
    as_before_the_upgrade(deployment)
    assert differences(deployment) != []
    assert run(deployment, drop=False) == 5
    assert set(before) < set(tokens(deployment))
    run(deployment, drop=True)
    assert tokens(deployment) == before
    assert differences(deployment) == []


def test_records_that_are_as_they_should_be_are_not_written(upgraded: Deployment) -> None:
    run(upgraded, drop=True)
    before = rows(upgraded, register_entries), rows(upgraded, notices)
    run(upgraded, drop=True)
    assert (rows(upgraded, register_entries), rows(upgraded, notices)) == before


def test_a_run_that_was_cut_off_is_finished_by_the_next(upgraded: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereading, "BATCH", 1)
    next(read_again(upgraded.store, drop=True))
    assert differences(upgraded) != []
    run(upgraded, drop=True)
    assert differences(upgraded) == []


def test_a_match_neither_ends_nor_opens_its_case_again(upgraded: Deployment) -> None:
    found, opened = pairs(upgraded), cases_by_entry(upgraded)["e1"]
    run(upgraded, drop=False)
    match_again(upgraded)
    run(upgraded, drop=True)
    upgraded.settle()
    assert pairs(upgraded) == found
    case = cases_by_entry(upgraded)["e1"]
    assert (case.state, case.lines, case.facts) == (opened.state, opened.lines, opened.facts)


def test_a_pair_that_only_the_new_tokens_bring_together_is_found(upgraded: Deployment) -> None:
    with upgraded.store.writing() as connection:
        connection.execute(delete(matches))
    match_again(upgraded)
    assert ("n1", "e1") not in pairs(upgraded)
    run(upgraded, drop=False)
    match_again(upgraded)
    assert pairs(upgraded)["n1", "e1"][0] == "probable"


def test_a_record_that_cannot_be_opened_keeps_its_tokens_and_stops_no_other(upgraded: Deployment) -> None:
    run(upgraded, drop=True)
    with upgraded.store.writing() as connection:
        connection.execute(update(register_entries).where(register_entries.c.pk == 1).values(sealed=b"\\x00" * 40))
    before = tokens(upgraded)
    run(upgraded, drop=True)
    assert tokens(upgraded) == before
