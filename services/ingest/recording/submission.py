"""A submission: what one call or one file held, taken in a single transaction and answered with a receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple

from schemas.events import CHUNK
from services.core.audit import AuditAction
from services.core.errors import ConflictError
from services.ingest.reading.drafts import Draft, Facts, RecordKind, Refused
from services.ingest.recording.record_types import RecordType
from services.storage.audit import AuditRow
from services.storage.unit_of_work import UnitOfWork


class IdempotencyMismatchError(ConflictError):
    """The idempotency key was used before with another body."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent a submission, how, and under which idempotency key; `digest` is SHA-256 of the body as sent."""

    feed_id: str
    kind: RecordKind
    channel: str
    digest: bytes
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was answered: the submission's id, when it was taken, how many rows came to which outcome."""

    submission_id: str
    feed_id: str
    kind: RecordKind
    received_at: datetime
    counts: Mapping[str, int]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Reading(Generic[Facts]):
    """The rows of a submission after reading."""

    record_type: RecordType[Facts]
    drafts: Sequence[Draft[Facts]]
    refused: Sequence[Refused]


class ChangedRecord(NamedTuple):
    """A record on file that was changed, at its new revision."""

    pk: int
    revision: int
    shard: int


@dataclass(frozen=True, slots=True)
class SubmissionContext(UnitOfWork):
    """The transaction of one submission, with the feed that sent it."""

    feed_id: str
    submission_id: str

    def key_of(self, reference: str) -> bytes:
        """Return the key under which the feed's record of this reference is kept."""
        return self.store.tokeniser.record_key(self.feed_id, reference)

    def record_outcome(self, action: AuditAction, records: Sequence[tuple[int, int]]) -> None:
        """Record in the audit what became of records, each by its id and revision."""
        rows = [
            AuditRow(
                action,
                {"submission": self.submission_id, "records": records[start : start + CHUNK]},
                subject=self.submission_id,
                feed_id=self.feed_id,
            )
            for start in range(0, len(records), CHUNK)
        ]
        self.record_audit(*rows)
