# Nobody watches the residents in refused rows.

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final

from services.core.days.working_days import nation_of, one_working_day_after
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import Outcome, RowOutcome
from services.ingest.recording.store.refused_rows import (
    RefusedRow,
    close_without_reference,
    delete_refused,
    drop_alerted,
    insert_refused,
    refused_keys,
)
from services.ingest.recording.submission import Reading, SubmissionContext

# Rows kept for one sender. A sender with more of them has one fault in all of them. Our own choice.
MOST: Final = 5_000
# Time for which a row counts after the operator was alerted. Our own choice.
_KEPT: Final = timedelta(days=28)


def settle_refused(
    context: SubmissionContext, kind: RecordKind, reading: Reading[Any], outcomes: Sequence[RowOutcome]
) -> None:
    rejected = {one.row for one in outcomes if one.outcome is Outcome.REJECTED}
    references = {draft.row: draft.reference for draft in reading.drafts}
    drop_alerted(context, context.now - _KEPT)
    known = refused_keys(context, kind)
    if not known and not rejected:
        return
    taken = {context.key_of(reference) for row, reference in references.items() if row not in rejected}
    delete_refused(context, kind, known & taken)
    refused = _refused(context, reading, rejected, references)
    if taken and all(row.has_reference for row in refused):
        close_without_reference(context, kind, len(outcomes))
    insert_refused(context, kind, _new(refused, taken, known)[: max(0, MOST - len(known))])


def _refused(
    context: SubmissionContext, reading: Reading[Any], rejected: Collection[int], drafted: dict[int, str]
) -> list[RefusedRow]:
    references: dict[int, str | None] = {row: drafted[row] for row in rejected if row in drafted}
    references |= {row.row: row.reference for row in reading.refused}
    due_at = one_working_day_after(context.now, nation_of(context.feed_id))
    of_rows = len(drafted) + len(reading.refused)
    return [
        RefusedRow(
            # A keyed hash either way: the reference may identify a customer.
            context.key_of(reference or f"row {row} of {context.submission_id}"),
            reference is not None,
            row,
            of_rows,
            due_at,
        )
        for row, reference in sorted(references.items())
    ]


def _new(refused: Sequence[RefusedRow], taken: Collection[bytes], known: Collection[bytes]) -> list[RefusedRow]:
    # Another row of this submission has the reference, or an earlier refusal of it already counts the time.
    new: dict[bytes, RefusedRow] = {}
    for row in refused:
        if row.key not in taken and row.key not in known:
            new.setdefault(row.key, row)
    return list(new.values())
