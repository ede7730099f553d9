from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import StringConstraints

from services.core.errors import RefusedError
from services.ingest.answers import DryRunAnswer, NoRowAcceptedProblem, ReceiptAnswer, dry_run_answer
from services.ingest.files.dates import DateOrder
from services.ingest.files.problems import FileRefused
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.row_reader import ReadRows
from services.ingest.reading.sheets import Sheet
from services.ingest.recording.replacement import Replacement
from services.ingest.recording.service import DryRun, dry_run
from services.ingest.recording.store.chosen_words import keep_words, remembered_words
from services.ingest.recording.submission import Origin
from services.ingest.requests import IdempotencyKey, IngestLimits, LimitsOf, file_refused, origin, receipt_for
from services.ingest.whole_refusals import Sending
from services.ingest.workers.job import FileJob
from services.ingest.workers.pool import NoWorkerFreeError, file_readers
from services.storage.store import Store
from services.web.auth import NamedCouncilFeed, ProviderFeed, StoreOf
from services.web.bodies import media_type
from services.web.problem_schemas import FileRefusedProblem, ReplacementTooLargeProblem
from services.web.problems import RETRY_AFTER_SECONDS, ProblemError, ProblemType, answers

router = APIRouter(prefix="/v1")

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {media: {"schema": {"type": "string", "format": "binary", "minLength": 1}} for media in (CSV, XLSX)},
    }
}
DryRunFlag = Annotated[bool, Query(description="Show how the file is understood, and take nothing in.")]
Columns = Annotated[
    list[Annotated[str, StringConstraints(max_length=300)]] | None,
    Query(
        max_length=200,
        description="Map a column by hand, as `Lifeline No=entry_id`: the heading, and the field it stands for.",
    ),
]
Statuses = Annotated[
    list[Annotated[str, StringConstraints(max_length=300)]] | None,
    Query(
        max_length=200,
        description="Map your own word for a status by hand, as `Live=active`: the word, and the code it stands for.",
    ),
]
Mode = Annotated[
    Literal["update", "replace"],
    Query(description="`replace`: the file is the whole register; entries it does not hold are withdrawn."),
]
StatedOrder = Annotated[
    DateOrder | None,
    Query(description="The order of day and month in the file's dates, where it holds some with the month first."),
]
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": DryRunAnswer, "description": "A dry run: nothing was taken in"}
}
REFUSALS = ((422, FileRefusedProblem), (422, NoRowAcceptedProblem))
ERRORS = (401, 403, 413, 415, 422, 429, 503)


@router.post(
    "/migration-notices/uploads",
    status_code=202,
    summary="Upload notices as CSV or XLSX",
    tags=["provider"],
    openapi_extra=FILE_BODY,
    responses={**ANSWERS, **answers(*ERRORS, further=REFUSALS)},
)
async def upload_notices(
    request: Request,
    response: Response,
    store: StoreOf,
    limits: LimitsOf,
    feed: ProviderFeed,
    dry_run: DryRunFlag = False,
    dates: StatedOrder = None,
    column: Columns = None,
    status: Statuses = None,
    idempotency_key: IdempotencyKey = None,
) -> ReceiptAnswer | DryRunAnswer:
    """Send a file of notices.

    A dry run stores no notice. The answer to a dry run shows the field of each column and the first rows with issues.
    The answer also counts the rows with each outcome.
    """
    body = await _read_file(request, limits, Sending(store, feed, RecordKind.NOTICE, "file", dry_run))
    upload = _Upload(
        feed, RecordKind.NOTICE, body, media_type(request), idempotency_key, dates, column or (), status or ()
    )
    return await _answer(response, store, limits, upload, dry=dry_run, replacement=None)


@router.post(
    "/telecare-registers/{council}/uploads",
    status_code=202,
    summary="Upload a register as CSV or XLSX",
    tags=["council"],
    openapi_extra=FILE_BODY,
    responses={**ANSWERS, **answers(*ERRORS, further=[*REFUSALS, (409, ReplacementTooLargeProblem)])},
)
async def upload_register(
    request: Request,
    response: Response,
    store: StoreOf,
    limits: LimitsOf,
    feed: NamedCouncilFeed,
    dry_run: DryRunFlag = False,
    mode: Mode = "update",
    dates: StatedOrder = None,
    confirm_withdrawals: Annotated[int | None, Query(ge=0, le=10_000_000)] = None,
    column: Columns = None,
    status: Statuses = None,
    idempotency_key: IdempotencyKey = None,
) -> ReceiptAnswer | DryRunAnswer:
    """Send a register, or a part of a register.

    With `mode=replace`, entries that are missing from the file are withdrawn. The deployment sets the share of the
    register that one file may withdraw. You must confirm a larger withdrawal. If a row has no readable reference, you
    must confirm even a single withdrawal. Without the confirmation, no row is stored, and the answer is 409 with the
    number of withdrawals. To confirm, send the file again, and set `confirm_withdrawals` to this number.
    """
    body = await _read_file(request, limits, Sending(store, feed, RecordKind.ENTRY, "file", dry_run))
    upload = _Upload(
        feed, RecordKind.ENTRY, body, media_type(request), idempotency_key, dates, column or (), status or ()
    )
    replacement = Replacement(limits.withdrawal_share, confirm_withdrawals) if mode == "replace" else None
    return await _answer(response, store, limits, upload, dry=dry_run, replacement=replacement)


class _Upload:
    def __init__(
        self,
        feed: str,
        kind: RecordKind,
        body: bytes,
        media: str,
        key: str | None,
        dates: DateOrder | None,
        columns: Sequence[str],
        statuses: Sequence[str],
    ) -> None:
        self.feed, self.kind, self.body, self.media, self.key = feed, kind, body, media, key
        self.dates, self.columns, self.statuses = dates, tuple(columns), tuple(statuses)


async def _read_file(request: Request, limits: IngestLimits, sending: Sending) -> bytes:
    if media_type(request) not in (CSV, XLSX):
        refusal = ProblemError(415, ProblemType.UNSUPPORTED_MEDIA_TYPE, f"send {CSV} or {XLSX}")
        await run_in_threadpool(sending.note, refusal)
        raise refusal
    return await sending.body(request, limits.files.bytes)


async def _answer(
    response: Response,
    store: Store,
    limits: IngestLimits,
    upload: _Upload,
    *,
    dry: bool,
    replacement: Replacement | None,
) -> ReceiptAnswer | DryRunAnswer:
    def accept_file() -> ReceiptAnswer | DryRunAnswer:
        with Sending(store, upload.feed, upload.kind, "file", dry).refusal_noted():
            return _accept_file(store, limits, upload, replacement, dry=dry)

    answer = await run_in_threadpool(accept_file)
    if isinstance(answer, ReceiptAnswer):
        response.headers["Location"] = f"/v1/submissions/{answer.submission}"
    else:
        # A dry run stores nothing, so it has no Location, and 202 would be wrong.
        response.status_code = 200
    return answer


def _accept_file(
    store: Store, limits: IngestLimits, upload: _Upload, replacement: Replacement | None, *, dry: bool
) -> ReceiptAnswer | DryRunAnswer:
    # The same file counts as another request under one idempotency key if the mode, the order of dates or the mapped
    # columns differ.
    stated: list[object] = [
        *([upload.dates.value] if upload.dates else []),
        *([upload.columns] if upload.columns else []),
    ]
    stated += [("status", *upload.statuses)] if upload.statuses else []
    source = origin(upload.feed, upload.kind, "file", upload.body, upload.key, upload.media, replacement, *stated)
    try:
        sheet = file_readers(limits.workers).read(_job(store, upload, limits))
        if dry:
            tried = _tried(store, source, sheet, limits.read_rows, replacing=replacement is not None)
            return dry_run_answer(sheet, tried)
    except FileRefused as error:
        raise file_refused(error) from None
    except NoWorkerFreeError as error:
        headers = {"Retry-After": RETRY_AFTER_SECONDS}
        raise ProblemError(503, ProblemType.UNAVAILABLE, f"{error}; send it again", headers=headers) from None
    except RefusedError as error:
        raise ProblemError(422, ProblemType.INVALID_REQUEST, str(error)) from None
    # The rows are read here, so a damaged file is refused by `receipt_for`.
    receipt = receipt_for(store, source, sheet.rows, limits.read_rows, replacement, sheet)
    keep_words(store, upload.feed, upload.kind, sheet.to_remember)
    return receipt


def _tried(store: Store, source: Origin, sheet: Sheet, read: ReadRows, *, replacing: bool) -> DryRun:
    return dry_run(store, source, sheet.rows, replacing=replacing, remarks=sheet.remarks_after, read=read)


def _job(store: Store, upload: _Upload, limits: IngestLimits) -> FileJob:
    return FileJob(
        upload.body,
        upload.kind,
        limits.files,
        upload.media,
        dates=upload.dates,
        by_hand=tuple(upload.columns),
        words=tuple(upload.statuses),
        remembered=tuple(remembered_words(store, upload.feed, upload.kind)),
    )
