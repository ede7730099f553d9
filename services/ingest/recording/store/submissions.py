from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from services.core.errors import NotFoundError
from services.core.tokens import Tokeniser
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import RowOutcome, pack, unpack
from services.ingest.recording.submission import IdempotencyMismatchError, Origin, Receipt, SubmissionContext
from services.storage.tables import feeds, idempotency_keys, submission_outcomes, submissions
from services.storage.vault import Vault, VaultError, place

OUTCOMES_A_CHUNK = 2_000


def earlier_answer(connection: Connection, tokeniser: Tokeniser, origin: Origin) -> Receipt | None:
    """Return the earlier receipt for the same idempotency key, or None.

    Raises IdempotencyMismatchError if the earlier request had another body.
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
    """Raises NotFoundError if the submission is unknown or belongs to another feed."""
    query = select(submissions).where(submissions.c.submission_id == submission_id)
    if feed_id is not None:
        query = query.where(submissions.c.feed_id == feed_id)
    row = connection.execute(query).one_or_none()
    # An unknown id and another feed's id get the same answer, so that the answer does not reveal which ids exist.
    if row is None:
        raise NotFoundError("no submission of yours has this id")
    kind = RecordKind(row.kind)
    return Receipt(row.submission_id, row.feed_id, kind, row.received_at, row.counts, tuple(row.remarks), repeated)


def find_outcomes(
    connection: Connection, vault: Vault, submission_id: str, first_row: int = 0, limit: int | None = None
) -> list[RowOutcome]:
    # The first row has at least the number `first_row`.
    column = submission_outcomes.c
    own = column.submission_id == submission_id
    # Rows of a chunk follow each other, so the first row asked for is in the last chunk that begins at or before it.
    begin = select(func.coalesce(func.max(column.chunk), 0)).where(own, column.first_row <= first_row)
    query = select(submission_outcomes).where(own, column.chunk >= begin.scalar_subquery()).order_by(column.chunk)
    if limit is not None:
        # One more than the rows fill, because the first chunk may begin before them.
        query = query.limit(limit // OUTCOMES_A_CHUNK + 2)
    chunks = (unpack(row.outcomes, _references(vault, row)) for row in connection.execute(query))
    return list(islice((one for chunk in chunks for one in chunk if one.row >= first_row), limit))


def _place(chunk_id: str) -> bytes:
    return place("submission_outcomes", chunk_id.encode())


def _references(vault: Vault, row: Any) -> Sequence[str | None]:
    try:
        opened: list[str | None] = vault.open(_place(row.chunk_id), row.references_sealed)
    except VaultError:
        # The outcomes are still of use without the references.
        return [None] * len(row.outcomes["letters"])
    return opened


def insert_submission(context: SubmissionContext, origin: Origin) -> None:
    # `insert_outcomes` adds the receipt later.
    # A keyed digest: with a plain digest, somebody could guess the telephone number in a small body.
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
            remarks=[],
        )
    )


def insert_key(context: SubmissionContext, origin: Origin) -> None:
    if origin.idempotency_key is None:
        return
    keyed = context.store.tokeniser.digest
    key = {"feed_id": origin.feed_id, "key_hash": keyed(origin.idempotency_key.encode())}
    column = idempotency_keys.c
    # The same request may have come twice at once. Then the one that ended first is answered again.
    known = select(column.submission_id).where(*(column[name] == value for name, value in key.items()))
    if context.connection.scalar(known) is None:
        context.connection.execute(
            insert(idempotency_keys).values(
                **key,
                request_digest=keyed(origin.digest),
                submission_id=context.submission_id,
                created_at=context.now,
            )
        )


def sealed_outcomes(vault: Vault, submission_id: str, outcomes: Sequence[RowOutcome]) -> list[dict[str, Any]]:
    # In chunks, so that no single JSON value grows with the file.
    chunks = [outcomes[start : start + OUTCOMES_A_CHUNK] for start in range(0, len(outcomes), OUTCOMES_A_CHUNK)]
    return [
        {"submission_id": submission_id, "chunk": number} | _stored(vault, f"{submission_id}/{number}", chunk)
        for number, chunk in enumerate(chunks)
    ]


def insert_outcomes(
    context: SubmissionContext, outcomes: Sequence[dict[str, Any]], counts: Mapping[str, int], remarks: Sequence[str]
) -> None:
    connection, submission_id = context.connection, context.submission_id
    if outcomes:
        connection.execute(insert(submission_outcomes), list(outcomes))
    values = {"counts": dict(counts), "remarks": list(remarks)}
    connection.execute(update(submissions).where(submissions.c.submission_id == submission_id).values(values))
    connection.execute(update(feeds).where(feeds.c.feed_id == context.feed_id).values(last_heard_at=context.now))


def _stored(vault: Vault, chunk_id: str, chunk: Sequence[RowOutcome]) -> dict[str, Any]:
    references = [outcome.reference for outcome in chunk]
    return {
        "chunk_id": chunk_id,
        "first_row": chunk[0].row,
        "outcomes": pack(chunk),
        "references_sealed": vault.seal(_place(chunk_id), references),
    }
