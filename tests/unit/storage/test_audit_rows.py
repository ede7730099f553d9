from __future__ import annotations

import pytest
from sqlalchemy import select

from services.core.audit import FIELDS, AuditAction
from services.storage.audit import AuditRow, write_audit
from services.storage.store import Store
from services.storage.tables import audit
from services.storage.vault import place


def row_of(word: AuditAction, **changes: object) -> AuditRow:
    return AuditRow(word, {**dict.fromkeys(FIELDS[word], 1), **changes})


@pytest.mark.parametrize("word", list(AuditAction))
def test_a_row_has_exactly_the_fields_of_its_word(word: AuditAction) -> None:
    assert row_of(word)
    with pytest.raises(ValueError, match="surplus"):
        row_of(word, surplus=1)
    for field in FIELDS[word]:
        with pytest.raises(ValueError, match=field):
            AuditRow(word, dict.fromkeys(FIELDS[word] - {field}, 1))


def test_a_wrong_row_names_its_fields_and_not_what_they_hold() -> None:
    with pytest.raises(ValueError, match="surplus") as refused:
        AuditRow(AuditAction.KEY_REVOKED, {"surplus": "01632 960123"})
    assert "01632" not in str(refused.value)


def test_rows_are_numbered_in_the_order_they_were_written(store: Store) -> None:
    with store.writing() as connection:
        write_audit(
            connection, store.vault, [row_of(AuditAction.KEY_CREATED), row_of(AuditAction.KEY_REVOKED)], store.now()
        )
        write_audit(connection, store.vault, [], store.now())
        write_audit(connection, store.vault, [row_of(AuditAction.POLICY_CHANGED)], store.now())
        written = connection.execute(select(audit.c.pk, audit.c.action, audit.c.at).order_by(audit.c.pk)).all()
    assert written == [
        (1, "key_created", store.now()),
        (2, "key_revoked", store.now()),
        (3, "policy_changed", store.now()),
    ]


def test_who_acted_and_why_are_sealed_for_their_row(store: Store) -> None:
    fields = {"notice": 1, "entry": 2, "decision": "rejected", "level": "probable"}
    said = AuditRow(AuditAction.MATCH_DECIDED, fields, actor="Asha Patel", sealed={"evidence": "I rang the scheme."})
    with store.writing() as connection:
        write_audit(connection, store.vault, [row_of(AuditAction.KEY_REVOKED), said], store.now())
        first, second = connection.execute(select(audit).order_by(audit.c.pk)).all()
    assert first.actor_sealed is None
    assert b"Patel" not in second.actor_sealed
    assert "Patel" not in str(second.fields)
    assert store.vault.open(place("audit", 2), second.actor_sealed) == {
        "actor": "Asha Patel",
        "evidence": "I rang the scheme.",
    }


def test_an_audit_row_goes_with_the_transaction_it_tells_of(store: Store) -> None:
    with pytest.raises(RuntimeError):
        _write_and_fail(store)
    with store.reading() as connection:
        assert connection.execute(select(audit.c.pk)).all() == []


def _write_and_fail(store: Store) -> None:
    with store.writing() as connection:
        write_audit(connection, store.vault, [row_of(AuditAction.KEY_REVOKED)], store.now())
        raise RuntimeError
