"""A submission while it is being taken in: one transaction, one feed, one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from schemas.events import CHUNK
from services.core.audit import AuditAction
from services.storage.audit import AuditRow, write_audit
from services.storage.events.outbox import Announcement, announce
from services.storage.store import Store


@dataclass(frozen=True, slots=True)
class SubmissionContext:
    """What everything that is written for a submission has in common."""

    connection: Connection
    store: Store
    feed_id: str
    submission_id: str
    now: datetime

    def key_of(self, reference: str) -> bytes:
        """The key under which the feed's record of this reference is kept."""
        return self.store.tokeniser.record_key(self.feed_id, reference)

    def tell(self, announcements: Sequence[Announcement]) -> None:
        """Raise events."""
        announce(self.connection, announcements, self.now, self.store.random)

    def note(self, word: AuditAction, records: Sequence[tuple[int, int]]) -> None:
        """Say in the audit what became of records, each by its id and revision."""
        rows = [
            AuditRow(
                word,
                {"submission": self.submission_id, "records": records[start : start + CHUNK]},
                subject=self.submission_id,
                feed_id=self.feed_id,
            )
            for start in range(0, len(records), CHUNK)
        ]
        write_audit(self.connection, self.store.vault, rows, self.now)
