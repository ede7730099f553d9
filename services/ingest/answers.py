from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.core.hidden_numbers import has_uk_number
from services.ingest.reading.outcomes import Outcome, RowOutcome, with_capped_issues
from services.ingest.reading.sheets import Sheet
from services.ingest.recording.service import DryRun
from services.ingest.recording.submission import Receipt
from services.web.problem_schemas import Problem

# Rows with issues in one answer. The others are read with GET on the submission.
SHOWN = 100
# Stale rows that are shown beyond those. There is room for a whole posted batch: a sender must learn of a version that
# was not used.
STALE_SHOWN = 10_000
# Issues in one answer, besides the first of each row [P].
ISSUES_SHOWN = 10_000

# A text without a digit may be a name. A text with blanks may be an address.
_REFERENCE = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9/_.:#-]*")
# A UPRN, or a postcode.
_PLACE = re.compile(r"[0-9]{11,12}|[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}", re.IGNORECASE)


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class IssueAnswer(Answer):
    """A fault in a row."""

    field: str
    code: str
    reason: str
    remedy: str


class RowAnswer(Answer):
    """The outcome of a row."""

    row: int
    reference: str | None  # the sender's own, if it could be read and can name nobody
    outcome: Outcome
    issues: list[IssueAnswer]


class ColumnAnswer(Answer):
    """One column of a file. `field` is null if Pullcord does not read the column."""

    heading: str
    field: str | None


class ReceiptAnswer(Answer):
    """The receipt of a stored submission, and the first rows with issues."""

    submission: str
    kind: str
    received_at: datetime
    counts: dict[str, int]
    repeated: bool  # True if this answer was given before under the same Idempotency-Key
    columns: list[ColumnAnswer]  # how each column of the file was understood; JSON has none
    remarks: list[str]  # on the whole file, such as columns that were not read
    rows_with_issues: list[RowAnswer]


class NoRowAcceptedProblem(Problem, ReceiptAnswer):
    """Every row of a submission was rejected. This problem also holds the receipt."""

    type: Literal["urn:pullcord:problem:no-row-accepted"]


class SubmissionAnswer(Answer):
    """The receipt of a submission, and one page of its rows."""

    submission: str
    kind: str
    received_at: datetime
    counts: dict[str, int]
    remarks: list[str]
    total_rows: int
    rows: list[RowAnswer]
    next_cursor: str | None  # of the next page; null on the last one


class DryRunAnswer(Answer):
    """The result of a dry run. No row of the file is stored."""

    columns: list[ColumnAnswer]
    remarks: list[str]
    counts: dict[str, int]
    would_withdraw: int | None
    rows_with_issues: list[RowAnswer]


def receipt_answer(
    receipt: Receipt, outcomes: Iterable[RowOutcome], columns: Sequence[ColumnAnswer] = ()
) -> ReceiptAnswer:
    return ReceiptAnswer(
        submission=receipt.submission_id,
        kind=receipt.kind.value,
        received_at=receipt.received_at,
        counts=dict(receipt.counts),
        repeated=receipt.repeated,
        columns=list(columns),
        remarks=list(receipt.remarks),
        rows_with_issues=rows_with_issues(outcomes),
    )


def submission_answer(receipt: Receipt, outcomes: Sequence[RowOutcome], next_row: int | None) -> SubmissionAnswer:
    return SubmissionAnswer(
        submission=receipt.submission_id,
        kind=receipt.kind.value,
        received_at=receipt.received_at,
        counts=dict(receipt.counts),
        remarks=list(receipt.remarks),
        total_rows=sum(receipt.counts.values()),
        rows=[row_answer(outcome) for outcome in with_capped_issues(outcomes, ISSUES_SHOWN)],
        next_cursor=None if next_row is None else str(next_row),
    )


def column_answers(sheet: Sheet) -> list[ColumnAnswer]:
    return [
        ColumnAnswer(heading=_shown(heading), field=sheet.columns.fields.get(index))
        for index, heading in enumerate(sheet.headings)
    ]


def dry_run_answer(sheet: Sheet, result: DryRun) -> DryRunAnswer:
    return DryRunAnswer(
        columns=column_answers(sheet),
        remarks=list(result.remarks),
        counts=dict(result.counts),
        would_withdraw=result.would_withdraw,
        rows_with_issues=rows_with_issues(result.outcomes),
    )


def row_answer(outcome: RowOutcome) -> RowAnswer:
    issues = [
        IssueAnswer(field=issue.field, code=issue.code, reason=issue.reason, remedy=issue.remedy)
        for issue in outcome.issues
    ]
    reference = _shown_reference(outcome.reference)
    return RowAnswer(row=outcome.row, reference=reference, outcome=outcome.outcome, issues=issues)


def _shown_reference(reference: str | None) -> str | None:
    # A sender may have put a name, an address or a number in the place of the reference.
    if reference is None or not _REFERENCE.fullmatch(reference):
        return None
    return None if _PLACE.fullmatch(reference) or has_uk_number(reference) else reference


def rows_with_issues(outcomes: Iterable[RowOutcome]) -> list[RowAnswer]:
    # One iterator for both lists: stale rows among the first `SHOWN` are not shown twice.
    faulty = (outcome for outcome in outcomes if outcome.issues or outcome.outcome is Outcome.REJECTED)
    first = list(islice(faulty, SHOWN))
    stale = islice((outcome for outcome in faulty if outcome.outcome is Outcome.STALE), STALE_SHOWN)
    return [row_answer(outcome) for outcome in with_capped_issues(chain(first, stale), ISSUES_SHOWN)]


def _shown(heading: str) -> str:
    # A file without headings has data in its first row: an answer must not repeat somebody's number.
    digits = sum(character.isdigit() for character in heading)
    return heading[:60] if digits < 5 else "(a heading that looks like a number)"  # noqa: PLR2004 - "Address 1" is fine
