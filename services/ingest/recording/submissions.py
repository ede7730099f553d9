"""A submission: what one call or one file held, taken in a single transaction and answered with a receipt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

from sqlalchemy import Connection, insert, select, update

from services.core.audit import AuditAction
from services.core.errors import ConflictError, NotFoundError
from services.core.ids import event_id
from services.core.tokens import Tokeniser
from services.ingest.reading.drafts import Draft, Facts, RecordKind, Refused
from services.ingest.reading.outcomes import Outcome, RowOutcome, count, pack, unpack
from services.ingest.recording.record_types import ENTRIES, NOTICES, RecordType
from services.ingest.recording.store import try_drafts, write_drafts
from services.ingest.recording.submission_context import SubmissionContext
from services.storage.audit import AuditRow, write_audit
from services.storage.store import Store
from services.storage.tables import feeds, idempotency_keys, submission_outcomes, submissions

OUTCOMES_A_CHUNK = 2_000


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


def record_type_of(kind: RecordKind) -> Any:
    """How a kind of record is kept."""
    return NOTICES if kind is RecordKind.NOTICE else ENTRIES


def sort_rows(record_type: RecordType[Facts], rows: Iterable[Draft[Facts] | Refused]) -> Reading[Facts]:
    """Tell drafts from refusals."""
    drafts: list[Draft[Facts]] = []
    refused: list[Refused] = []
    for row in rows:
        if isinstance(row, Refused):
            refused.append(row)
        else:
            drafts.append(row)
    return Reading(record_type, drafts, refused)


def earlier_answer(connection: Connection, tokeniser: Tokeniser, origin: Origin) -> Receipt | None:
    """The receipt already given under this idempotency key.

    Raises IdempotencyMismatchError when the key came with another body.
    """
    if origin.idempotency_key is None:
        return None
    row = connection.execute(
        select(idempotency_keys.c.request_digest, idempotency_keys.c.submission_id).where(
            idempotency_keys.c.feed_id == origin.feed_id,
            idempotency_keys.c.key_hash == tokeniser.digest(origin.idempotency_key.encode()),
        )
    ).one_or_none()
    if row is None:
        return None
    if row.request_digest != tokeniser.digest(origin.digest):
        raise IdempotencyMismatchError("this Idempotency-Key was used before with another body: use a new key")
    return find_receipt(connection, row.submission_id, origin.feed_id, repeated=True)


def write_submission(
    connection: Connection, store: Store, origin: Origin, reading: Reading[Facts], now: datetime
) -> tuple[Receipt, list[RowOutcome]]:
    """Record a submission and everything it holds."""
    context = SubmissionContext(connection, store, origin.feed_id, f"sub_{event_id(now, store.random)}", now)
    _begin(context, origin)
    outcomes = _of_every_row(write_drafts(context, reading.record_type, reading.drafts), reading)
    counts = count(outcomes)
    _end(context, origin, outcomes, counts)
    return Receipt(context.submission_id, origin.feed_id, origin.kind, now, counts), outcomes


def try_out(context: SubmissionContext, reading: Reading[Facts]) -> list[RowOutcome]:
    """What would become of every row, by what is on record now; nothing is written."""
    return _of_every_row(try_drafts(context, reading.record_type, reading.drafts), reading)


def _of_every_row(told: Sequence[RowOutcome], reading: Reading[Facts]) -> list[RowOutcome]:
    refused = [RowOutcome(row.row, Outcome.REJECTED, row.issues) for row in reading.refused]
    return sorted((*told, *refused), key=lambda outcome: outcome.row)


def find_receipt(connection: Connection, submission_id: str, feed_id: str | None, *, repeated: bool = False) -> Receipt:
    """The receipt of a submission; with `feed_id`, only if it is that feed's own.

    Raises NotFoundError.
    """
    query = select(submissions).where(submissions.c.submission_id == submission_id)
    if feed_id is not None:
        query = query.where(submissions.c.feed_id == feed_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFoundError("no submission of yours has this id")
    kind = RecordKind(row.kind)
    return Receipt(row.submission_id, row.feed_id, kind, row.received_at, row.counts, repeated=repeated)


def find_outcomes(connection: Connection, submission_id: str) -> list[RowOutcome]:
    """What became of each row of a submission, in the order of the rows."""
    query = (
        select(submission_outcomes.c.outcomes)
        .where(submission_outcomes.c.submission_id == submission_id)
        .order_by(submission_outcomes.c.chunk)
    )
    return [outcome for packed in connection.scalars(query) for outcome in unpack(packed)]


def _begin(context: SubmissionContext, origin: Origin) -> None:
    # Keyed: from the plain digest of a small body a telephone number could be guessed.
    keyed = context.store.tokeniser.digest
    context.connection.execute(
        insert(submissions).values(
            submission_id=context.submission_id,
            feed_id=origin.feed_id,
            kind=origin.kind.value,
            channel=origin.channel,
            received_at=context.now,
            content_digest=keyed(origin.digest),
            counts={},
        )
    )
    if origin.idempotency_key is not None:
        context.connection.execute(
            insert(idempotency_keys).values(
                feed_id=origin.feed_id,
                key_hash=keyed(origin.idempotency_key.encode()),
                request_digest=keyed(origin.digest),
                submission_id=context.submission_id,
                created_at=context.now,
            )
        )


def _end(context: SubmissionContext, origin: Origin, outcomes: Sequence[RowOutcome], counts: Mapping[str, int]) -> None:
    connection, submission_id = context.connection, context.submission_id
    chunks = [outcomes[start : start + OUTCOMES_A_CHUNK] for start in range(0, len(outcomes), OUTCOMES_A_CHUNK)]
    if chunks:
        connection.execute(
            insert(submission_outcomes),
            [
                {"submission_id": submission_id, "chunk": number, "first_row": chunk[0].row, "outcomes": pack(chunk)}
                for number, chunk in enumerate(chunks)
            ],
        )
    connection.execute(
        update(submissions).where(submissions.c.submission_id == submission_id).values(counts=dict(counts))
    )
    connection.execute(update(feeds).where(feeds.c.feed_id == origin.feed_id).values(last_heard_at=context.now))
    fields = {"submission": submission_id, "records": origin.kind.value, **_audit_counts(counts)}
    row = AuditRow(AuditAction.SUBMISSION_ACCEPTED, fields, subject=submission_id, feed_id=origin.feed_id)
    write_audit(connection, context.store.vault, [row], context.now)


def _audit_counts(counts: Mapping[str, int]) -> dict[str, int]:
    return {
        "accepted": counts[Outcome.ACCEPTED],
        "warned": counts[Outcome.WARNED],
        "unchanged": counts[Outcome.UNCHANGED],
        "stale": counts[Outcome.STALE],
        "rejected": counts[Outcome.REJECTED],
    }
