from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple

from schemas.events import CHUNK, EntriesWithdrawn, NoticesReconsidered, RecordRef
from services.core.audit import AuditAction
from services.core.errors import ConflictError, TooOftenError
from services.ingest.reading.drafts import Draft, Facts, JoinedRow, RecordKind, Refused
from services.ingest.reading.outcomes import RowOutcome
from services.ingest.recording.record_types import RecordType
from services.ingest.recording.rules.sharding import by_shard
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.unit_of_work import UnitOfWork


class IdempotencyMismatchError(ConflictError):
    """The idempotency key was used before, with another body."""


class RefusedTooOftenError(TooOftenError):
    """The feed has sent too many submissions without an accepted row."""

    def __init__(self, text: str, outcomes: Sequence[RowOutcome]) -> None:
        super().__init__(text)
        self.outcomes = outcomes


@dataclass(frozen=True, slots=True)
class Origin:
    feed_id: str
    kind: RecordKind
    channel: str
    digest: bytes  # SHA-256 of the body as sent, and of the parameters that change its meaning
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    submission_id: str
    feed_id: str
    kind: RecordKind
    received_at: datetime
    # The number of rows with each outcome.
    counts: Mapping[str, int]
    remarks: tuple[str, ...] = ()  # sentences about the whole file
    repeated: bool = False  # True if an earlier submission with the same idempotency key was answered again


@dataclass(frozen=True, slots=True)
class Reading(Generic[Facts]):
    record_type: RecordType[Facts]
    drafts: Sequence[Draft[Facts]]
    refused: Sequence[Refused]
    # The keys are the numbers of the rows with which these rows were read together.
    joined: Mapping[int, Sequence[JoinedRow]] = field(default_factory=dict)
    # True for rows of a spreadsheet.
    is_file: bool = False
    # True if the council's policy treats references as one reference when they differ in letter case alone.
    ignores_case: bool = False


class ChangedRecord(NamedTuple):
    pk: int
    revision: int
    shard: int


@dataclass(frozen=True, slots=True)
class SubmissionContext(UnitOfWork):
    feed_id: str
    submission_id: str

    def key_of(self, reference: str) -> bytes:
        # References are unique within a feed only, so the key depends on both.
        return self.store.tokeniser.record_key(self.feed_id, reference)

    def announce_changed(
        self, event: type[NoticesReconsidered | EntriesWithdrawn], changed: Sequence[ChangedRecord]
    ) -> None:
        announcements = []
        for key, members in by_shard(self.feed_id, changed, lambda record: record.shard):
            refs = tuple(RecordRef(record=record.pk, revision=record.revision) for record in members)
            data = event(feed=self.feed_id, submission=self.submission_id, records=refs)
            announcements.append(Announcement("ingest", key, data))
        self.announce(announcements)

    def record_outcome(self, action: AuditAction, records: Sequence[tuple[int, int]]) -> None:
        # In chunks, so that no audit row grows with the size of the submission.
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
