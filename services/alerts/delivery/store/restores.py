from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from services.core.audit import AuditAction
from services.storage.tables import audit


@dataclass(frozen=True, slots=True)
class Restore:
    at: datetime
    record_ends: datetime  # the time of the newest record in the restored database


def last_restore(connection: Connection) -> Restore | None:
    query = select(audit.c.at, audit.c.fields).where(audit.c.action == AuditAction.DATABASE_RESTORED.value)
    row = connection.execute(query.order_by(audit.c.at.desc()).limit(1)).one_or_none()
    return Restore(row.at, datetime.fromisoformat(row.fields["record_ends"])) if row else None
