from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from services.core.audit import FIELDS, AuditAction
from services.storage.sequences import allocate_ids
from services.storage.tables import audit
from services.storage.vault import Vault, place


@dataclass(frozen=True, slots=True)
class AuditRow:
    action: AuditAction
    # Exactly the fields that `FIELDS` lists for the action.
    fields: Mapping[str, Any]
    subject: str | None = None
    feed_id: str | None = None
    # Sealed when the row is written.
    actor: str | None = None
    # Other content that only an authorised reader may see, such as a person's evidence or reason.
    sealed: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # An unlisted field could hold personal data, so the row is refused.
        if set(self.fields) != FIELDS[self.action]:
            raise ValueError(f"{self.action}: fields {sorted(self.fields)}, not {sorted(FIELDS[self.action])}")


def count_recorded(connection: Connection, actions: Collection[AuditAction], feed_id: str, since: datetime) -> int:
    query = select(func.count()).where(
        audit.c.action.in_([action.value for action in actions]), audit.c.at >= since, audit.c.feed_id == feed_id
    )
    return connection.scalar(query) or 0


def count_acts(connection: Connection, subject: str, action: AuditAction, since: datetime) -> int:
    query = select(func.count()).where(
        audit.c.subject == subject,
        audit.c.action == action.value,
        audit.c.at >= since,
        audit.c.actor_sealed.is_not(None),
    )
    return connection.scalar(query) or 0


def write_audit(connection: Connection, vault: Vault, rows: Sequence[AuditRow], now: datetime) -> None:
    if not rows:
        return
    # The ids are allotted first, because a sealed value is bound to the id of its row.
    pks = allocate_ids(connection, "audit", len(rows))
    values = [
        {
            "pk": pk,
            # All rows of a transaction have the same time.
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
