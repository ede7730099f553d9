from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from services.ingest.answers import ReceiptAnswer, column_answers, receipt_answer, rows_with_issues
from services.ingest.files.problems import FileRefused
from services.ingest.files.table import FileLimits
from services.ingest.metrics import count_submission
from services.ingest.reading.drafts import RawRow, RecordKind
from services.ingest.reading.outcomes import Issue
from services.ingest.reading.row_reader import ReadRows
from services.ingest.reading.rows.cells import clean_fields
from services.ingest.reading.rows.references import REFERENCES
from services.ingest.reading.sheets import Sheet
from services.ingest.reading.spreadsheets.remarks import no_remarks
from services.ingest.reading.validation import repeated_keys
from services.ingest.recording.replacement import Replacement, ReplacementTooLargeError
from services.ingest.recording.service import Rows, accept
from services.ingest.recording.submission import IdempotencyMismatchError, Origin, RefusedTooOftenError
from services.ingest.workers.job import WorkerLimits
from services.ingest.workers.row_readers import row_readers
from services.storage.store import Store
from services.web.bodies import NOT_AN_OBJECT, REPEATED_KEYS, Row
from services.web.problems import ProblemError, ProblemType, too_often


@dataclass(frozen=True, slots=True)
class IngestLimits:
    # No source prescribes the limits: they are our own choice.
    body_bytes: int = 32 * 1024 * 1024
    rows: int = 10_000
    # A full replacement that withdraws more than this share of the live entries (0 to 1) needs confirmation.
    withdrawal_share: float = 0.1
    files: FileLimits = field(default_factory=FileLimits)
    workers: WorkerLimits = field(default_factory=WorkerLimits)
    # Processes that share the rows of a large submission. With one, the process that writes the rows reads them too.
    readers: int = 1

    @property
    def read_rows(self) -> ReadRows:
        return row_readers(self.readers).read


def limits_of(request: Request) -> IngestLimits:
    # The assignment gives the untyped state of the application a type.
    limits: IngestLimits = request.app.state.ingest_limits
    return limits


LimitsOf = Annotated[IngestLimits, Depends(limits_of)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        description="Send the same key again to have the same answer, without anything being taken in twice.",
    ),
]

_NOT_AN_OBJECT = Issue(
    "row",
    "not_an_object",
    "This is not a JSON object.",
    "Send each row as an object with the fields of the description.",
)


def raw_rows(rows: list[Row]) -> list[RawRow]:
    """An item that is no JSON object, or that repeats a key, becomes an unusable row."""
    return [_raw_row(number, fields) for number, fields in rows]


def _raw_row(number: int, fields: Mapping[str, Any]) -> RawRow:
    if NOT_AN_OBJECT in fields:
        return RawRow(number, {}, (_NOT_AN_OBJECT,), usable=False)
    if REPEATED_KEYS in fields:
        issues = repeated_keys(fields[REPEATED_KEYS])
        # No value is read, except the reference that says which record is meant.
        return RawRow(number, {name: fields[name] for name in REFERENCES & fields.keys()}, issues, usable=False)
    return RawRow(number, *clean_fields(fields))


def origin(feed_id: str, kind: RecordKind, channel: str, body: bytes, key: str | None, *parameters: object) -> Origin:
    """`parameters` change the meaning of the body. So the digest covers the body and `parameters`."""
    # The same bytes count as another request under one idempotency key if the address or the media type differs.
    stated = repr((kind.value, channel, len(body), parameters)).encode()
    digest = hashlib.sha256(stated + body).digest()
    return Origin(feed_id, kind, channel, digest, key)


def receipt_for(
    store: Store,
    source: Origin,
    rows: Rows,
    read: ReadRows,
    replacement: Replacement | None = None,
    sheet: Sheet | None = None,
) -> ReceiptAnswer:
    """Raises ProblemError if the submission is refused, or if every row is rejected."""
    # A submission without an accepted row is stored before the error.
    remarks = sheet.remarks_after if sheet else no_remarks
    try:
        receipt, outcomes = accept(store, source, rows, replacement, remarks, read)
    except IdempotencyMismatchError as error:
        raise ProblemError(422, ProblemType.IDEMPOTENCY_MISMATCH, str(error)) from None
    except ReplacementTooLargeError as error:
        raise ProblemError(
            409,
            ProblemType.REPLACEMENT_TOO_LARGE,
            str(error),
            would_withdraw=error.would_withdraw,
            live_entries=error.live,
        ) from None
    except FileRefused as error:
        raise file_refused(error) from None
    except RefusedTooOftenError as error:
        # The submission is not stored, so only this answer tells the sender about the faults.
        named = [row.model_dump(mode="json") for row in rows_with_issues(error.outcomes)]
        raise too_often(error, rows_with_issues=named) from None
    # The rows are on disk. An error from here on would make the sender send them again, so the metrics may not raise.
    if not receipt.repeated:
        with suppress(Exception):
            count_submission(receipt.kind, source.channel, receipt.counts)
    answer = receipt_answer(receipt, outcomes, column_answers(sheet) if sheet else ())
    # The submission is stored even so; the problem carries its receipt.
    if outcomes and receipt.counts["rejected"] == len(outcomes):
        extra = answer.model_dump(mode="json")
        detail = "no row could be taken in: `rows_with_issues` says why, row by row"
        raise ProblemError(422, ProblemType.NO_ROW_ACCEPTED, detail, **extra)
    return answer


def file_refused(error: FileRefused) -> ProblemError:
    return ProblemError(
        422, ProblemType.FILE_REFUSED, str(error), code=error.code.value, reason=error.reason, remedy=error.remedy
    )
