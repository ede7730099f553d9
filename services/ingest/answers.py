"""Bodies of the ingest API: receipts, outcomes row by row, dry runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice

from pydantic import BaseModel, ConfigDict

from services.ingest.reading.outcomes import Outcome, RowOutcome
from services.ingest.reading.sheets import Sheet
from services.ingest.recording.service import DryRun
from services.ingest.recording.submission import Receipt

SHOWN = 100
"""How many rows with issues an answer shows at once; the rest are read with GET on the submission."""
STALE_SHOWN = 10_000
"""How many rows that are not used it shows beyond those: all of a posted batch, and the first of a longer file."""


class Answer(BaseModel):
    """A body the ingest API sends."""

    model_config = ConfigDict(frozen=True)


class IssueAnswer(Answer):
    """Something amiss in a row."""

    field: str
    code: str
    reason: str
    remedy: str


class RowAnswer(Answer):
    """What became of a row."""

    row: int
    outcome: Outcome
    issues: list[IssueAnswer]


class ReceiptAnswer(Answer):
    """That a submission is on disk, and what became of its rows."""

    submission: str
    kind: str
    received_at: datetime
    counts: dict[str, int]
    repeated: bool
    """True when this is the answer given before under the same Idempotency-Key."""
    rows_with_issues: list[RowAnswer]


class SubmissionAnswer(Answer):
    """A submission with a page of its rows."""

    submission: str
    kind: str
    received_at: datetime
    counts: dict[str, int]
    total_rows: int
    rows: list[RowAnswer]


class ColumnAnswer(Answer):
    """How a column was understood; `field` is null where it is not read."""

    heading: str
    field: str | None


class DryRunAnswer(Answer):
    """What an upload would come to. Nothing was taken in."""

    columns: list[ColumnAnswer]
    remarks: list[str]
    counts: dict[str, int]
    would_withdraw: int | None
    rows_with_issues: list[RowAnswer]


def receipt_answer(receipt: Receipt, outcomes: Iterable[RowOutcome]) -> ReceiptAnswer:
    """A receipt, with the first rows that have issues, and those that are not used."""
    return ReceiptAnswer(
        submission=receipt.submission_id,
        kind=receipt.kind.value,
        received_at=receipt.received_at,
        counts=dict(receipt.counts),
        repeated=receipt.repeated,
        rows_with_issues=_with_issues(outcomes),
    )


def submission_answer(receipt: Receipt, outcomes: Sequence[RowOutcome], offset: int, limit: int) -> SubmissionAnswer:
    """A page of a submission's rows."""
    return SubmissionAnswer(
        submission=receipt.submission_id,
        kind=receipt.kind.value,
        received_at=receipt.received_at,
        counts=dict(receipt.counts),
        total_rows=len(outcomes),
        rows=[row_answer(outcome) for outcome in outcomes[offset : offset + limit]],
    )


def dry_run_answer(sheet: Sheet, result: DryRun) -> DryRunAnswer:
    """How the columns were understood and what the rows would come to."""
    columns = [
        ColumnAnswer(heading=_shown(heading), field=sheet.columns.fields.get(index))
        for index, heading in enumerate(sheet.headings)
    ]
    return DryRunAnswer(
        columns=columns,
        remarks=list(sheet.remarks),
        counts=dict(result.counts),
        would_withdraw=result.would_withdraw,
        rows_with_issues=_with_issues(result.outcomes),
    )


def row_answer(outcome: RowOutcome) -> RowAnswer:
    """What became of a row, as it is answered."""
    issues = [
        IssueAnswer(field=issue.field, code=issue.code, reason=issue.reason, remedy=issue.remedy)
        for issue in outcome.issues
    ]
    return RowAnswer(row=outcome.row, outcome=outcome.outcome, issues=issues)


def _with_issues(outcomes: Iterable[RowOutcome]) -> list[RowAnswer]:
    amiss = (outcome for outcome in outcomes if outcome.issues or outcome.outcome is Outcome.REJECTED)
    first = list(islice(amiss, SHOWN))
    stale = islice((outcome for outcome in amiss if outcome.outcome is Outcome.STALE), STALE_SHOWN)
    return [row_answer(outcome) for outcome in chain(first, stale)]


def _shown(heading: str) -> str:
    digits = sum(sign.isdigit() for sign in heading)
    return heading[:60] if digits < 5 else "(a heading that looks like a number)"  # noqa: PLR2004 - "Address 1" is fine
