from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from services.storage.audit import AuditRow, write_audit
from services.storage.events.outbox import Announcement, announce
from services.storage.store import Store


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    connection: Connection
    store: Store
    # In UTC, and the same for all steps in the transaction.
    now: datetime

    def announce(self, announcements: Sequence[Announcement]) -> None:
        announce(self.connection, announcements, self.now, self.store.random)

    def record_audit(self, *rows: AuditRow) -> None:
        write_audit(self.connection, self.store.vault, rows, self.now)
