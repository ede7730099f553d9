from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from schemas.notice import MigrationNotice
from schemas.register_entry import RegisterEntry
from services.core.errors import NotFoundError
from services.ingest.answers import NoRowAcceptedProblem, ReceiptAnswer, SubmissionAnswer, submission_answer
from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.store.submissions import find_outcomes, find_receipt
from services.ingest.recording.withdrawals import withdraw_one
from services.ingest.requests import IdempotencyKey, LimitsOf, origin, raw_rows, receipt_for
from services.ingest.row_bodies import EntryBatch, NoticeBatch, rows_body
from services.ingest.whole_refusals import Sending
from services.storage.secrets.keys import Role
from services.web.auth import CallerOf, NamedCouncilFeed, ProviderFeed, StoreOf
from services.web.bodies import media_type, read_json_rows
from services.web.paging import Cursor, link_next
from services.web.problems import ProblemError, ProblemType, answers

router = APIRouter(prefix="/v1")
# Nine digits fit in every database's integer.
_ROW = re.compile(r"[0-9]{1,9}")
ACCEPTED = 202  # not 201: matching and alerts follow after the answer


@router.post(
    "/migration-notices",
    status_code=ACCEPTED,
    summary="Post migration notices",
    tags=["provider"],
    openapi_extra=rows_body(MigrationNotice, NoticeBatch),
    responses=answers(400, 413, 415, 429, further=[(422, NoRowAcceptedProblem)]),
)
async def post_notices(
    request: Request,
    response: Response,
    store: StoreOf,
    limits: LimitsOf,
    feed: ProviderFeed,
    idempotency_key: IdempotencyKey = None,
) -> ReceiptAnswer:
    """Post one notice, or a batch of up to 10,000 notices, as JSON or NDJSON.

    The answer 202 means that the submission is on disk. A rejected row does not stop the other rows. The answer is 422
    if every row is rejected.

    The answer lists the first 100 rows with issues, and all stale rows. A stale row changes nothing, because Pullcord
    has a later version of the notice. `GET /v1/submissions/{submission}` gives all rows.
    """
    sending = Sending(store, feed, RecordKind.NOTICE, "api")
    body = await sending.body(request, limits.body_bytes)
    media = media_type(request)

    def accept_body() -> ReceiptAnswer:
        with sending.refusal_noted():
            rows = raw_rows(read_json_rows(body, media, "notices", limits.rows))
            source = origin(feed, RecordKind.NOTICE, "api", body, idempotency_key, media)
            return receipt_for(store, source, rows, limits.read_rows)

    # In a thread: parsing and writing a large batch would stop the event loop for seconds.
    return _with_location(response, await run_in_threadpool(accept_body))


@router.put(
    "/telecare-registers/{council}/entries",
    status_code=ACCEPTED,
    summary="Add or change register entries",
    tags=["council"],
    openapi_extra=rows_body(RegisterEntry, EntryBatch),
    responses=answers(400, 413, 415, 429, further=[(422, NoRowAcceptedProblem)]),
)
async def put_entries(
    request: Request,
    response: Response,
    store: StoreOf,
    limits: LimitsOf,
    feed: NamedCouncilFeed,
    idempotency_key: IdempotencyKey = None,
) -> ReceiptAnswer:
    """Add new entries and change existing entries. Other entries stay on the register.

    The answer 202 means that the submission is on disk.
    """
    sending = Sending(store, feed, RecordKind.ENTRY, "api")
    body = await sending.body(request, limits.body_bytes)
    media = media_type(request)

    def accept_body() -> ReceiptAnswer:
        with sending.refusal_noted():
            rows = raw_rows(read_json_rows(body, media, "entries", limits.rows))
            source = origin(feed, RecordKind.ENTRY, "api", body, idempotency_key, media)
            return receipt_for(store, source, rows, limits.read_rows)

    return _with_location(response, await run_in_threadpool(accept_body))


@router.delete(
    "/telecare-registers/{council}/entries/{entry_id:path}",
    status_code=204,
    summary="Take an entry off the register",
    tags=["council"],
    responses=answers(401, 403, 404, 422),
)
def delete_entry(
    store: StoreOf, feed: NamedCouncilFeed, entry_id: Annotated[str, Path(min_length=1, max_length=120)]
) -> None:
    """Take an entry off the register.

    Pullcord then ends the entry's matches and closes the entry's case. A second request for the same entry changes
    nothing.
    """
    try:
        withdraw_one(store, feed, entry_id)
    except NotFoundError as error:
        raise ProblemError(404, ProblemType.NOT_FOUND, str(error)) from None


@router.get(
    "/submissions/{submission}",
    summary="What became of a submission",
    tags=["provider", "council"],
    responses=answers(401, 403, 404, 422),
)
def get_submission(
    request: Request,
    response: Response,
    store: StoreOf,
    caller: CallerOf,
    submission: Annotated[str, Path(max_length=40, pattern="^[A-Za-z0-9_-]+$")],
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    cursor: Cursor = None,
) -> SubmissionAnswer:
    """Read the receipt of your submission, and one page of the rows.

    `next_cursor` and the header `Link` lead to the next page.
    """
    # Callers with other roles have no feed, so they have no submissions.
    if caller.role not in (Role.PROVIDER, Role.COUNCIL):
        raise ProblemError(403, ProblemType.FORBIDDEN, "this needs a provider's or a council's key")
    with store.reading() as connection:
        try:
            receipt = find_receipt(connection, submission, caller.feed_id)
        except NotFoundError as error:
            raise ProblemError(404, ProblemType.NOT_FOUND, str(error)) from None
        # One more than the page holds shows that there is another page.
        found = find_outcomes(connection, store.vault, submission, _first_row(cursor), limit + 1)
    answer = submission_answer(receipt, found[:limit], found[limit].row if len(found) > limit else None)
    link_next(request, response, answer.next_cursor)
    return answer


def _first_row(cursor: str | None) -> int:
    # The cursor is the number of the first row of a page.
    if cursor is None:
        return 0
    if not _ROW.fullmatch(cursor):
        raise ProblemError(422, ProblemType.INVALID_REQUEST, "no page has this cursor: begin again without one")
    return int(cursor)


def _with_location(response: Response, answer: ReceiptAnswer) -> ReceiptAnswer:
    response.headers["Location"] = f"/v1/submissions/{answer.submission}"
    return answer
