"""Writes the audit: append-only rows, each in the transaction of the effect that it records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from services.core.audit import FIELDS, AuditAction
from services.storage.sequences import allocate_ids
from services.storage.tables import audit
from services.storage.vault import Vault, place


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One action. `fields` are exactly those of the action. `actor` is the person who acted, sealed when written."""

    action: AuditAction
    fields: Mapping[str, Any]
    subject: str | None = None
    feed_id: str | None = None
    actor: str | None = None
    # Other content that only an authorised reader may see: a person's evidence or reason.
    sealed: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # An unlisted field could hold personal data, so it is an error and never written.
        if set(self.fields) != FIELDS[self.action]:
            raise ValueError(f"{self.action}: fields {sorted(self.fields)}, not {sorted(FIELDS[self.action])}")


def write_audit(connection: Connection, vault: Vault, rows: Sequence[AuditRow], now: datetime) -> None:
    if not rows:
        return
    # Allotted first, because the seal is bound to the row's id.
    pks = allocate_ids(connection, "audit", len(rows))
    values = [
        {
            "pk": pk,
            # The time of the transaction, not of each row.
            "at": now,
            "action": row.action.value,
            "feed_id": row.feed_id,
            "subject": row.subject,
            "fields": dict(row.fields),
            "actor_sealed": _seal(vault, pk, row),
        }
        for pk, row in zip(pks, rows, strict=True)
    ]
    connection.execute(insert(audit), values)


def _seal(vault: Vault, pk: int, row: AuditRow) -> bytes | None:
    if row.actor is None and not row.sealed:
        return None
    return vault.seal(place("audit", pk), {"actor": row.actor, **row.sealed})
