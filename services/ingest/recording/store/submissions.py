"""Stores and finds submissions: their receipts, the outcomes of their rows, and their idempotency keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert, select, update

from services.core.errors import NotFoundError
from services.core.tokens import Tokeniser
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import RowOutcome, pack, unpack
from services.ingest.recording.submission import IdempotencyMismatchError, Origin, Receipt, SubmissionContext
from services.storage.tables import feeds, idempotency_keys, submission_outcomes, submissions

OUTCOMES_A_CHUNK = 2_000


def earlier_answer(connection: Connection, tokeniser: Tokeniser, origin: Origin) -> Receipt | None:
    """Return the receipt of the earlier submission with the same idempotency key, or None if there was none.

    Raises IdempotencyMismatchError if the earlier submission had another body.
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


def find_receipt(connection: Connection, submission_id: str, feed_id: str | None, *, repeated: bool = False) -> Receipt:
    """Return the receipt of a submission. If `feed_id` is not None, that feed must have sent the submission.

    Raises NotFoundError if there is no such submission.
    """
    query = select(submissions).where(submissions.c.submission_id == submission_id)
    if feed_id is not None:
        query = query.where(submissions.c.feed_id == feed_id)
    row = connection.execute(query).one_or_none()
    # An unknown id and another feed's id get the same answer, so that the answer does not reveal which ids exist.
    if row is None:
        raise NotFoundError("no submission of yours has this id")
    kind = RecordKind(row.kind)
    return Receipt(row.submission_id, row.feed_id, kind, row.received_at, row.counts, tuple(row.remarks), repeated)


def find_outcomes(connection: Connection, submission_id: str) -> list[RowOutcome]:
    query = (
        select(submission_outcomes.c.outcomes)
        .where(submission_outcomes.c.submission_id == submission_id)
        .order_by(submission_outcomes.c.chunk)
    )
    return [outcome for packed in connection.scalars(query) for outcome in unpack(packed)]


def insert_submission(context: SubmissionContext, origin: Origin) -> None:
    # A keyed digest: from a plain one, the telephone number in a small body could be guessed.
    keyed = context.store.tokeniser.digest
    context.connection.execute(
        insert(submissions).values(
            submission_id=context.submission_id,
            feed_id=origin.feed_id,
            kind=origin.kind.value,
            channel=origin.channel,
            received_at=context.now,
            content_digest=keyed(origin.digest),
            # Both are set by `insert_outcomes`.
            counts={},
            remarks=[],
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


def insert_outcomes(
    context: SubmissionContext, outcomes: Sequence[RowOutcome], counts: Mapping[str, int], remarks: Sequence[str]
) -> None:
    connection, submission_id = context.connection, context.submission_id
    # In chunks, so that no single JSON value grows with the file.
    chunks = [outcomes[start : start + OUTCOMES_A_CHUNK] for start in range(0, len(outcomes), OUTCOMES_A_CHUNK)]
    if chunks:
        connection.execute(
            insert(submission_outcomes),
            [
                {"submission_id": submission_id, "chunk": number, "first_row": chunk[0].row, "outcomes": pack(chunk)}
                for number, chunk in enumerate(chunks)
            ],
        )
    values = {"counts": dict(counts), "remarks": list(remarks)}
    connection.execute(update(submissions).where(submissions.c.submission_id == submission_id).values(values))
    connection.execute(update(feeds).where(feeds.c.feed_id == context.feed_id).values(last_heard_at=context.now))
