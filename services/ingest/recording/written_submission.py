from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from services.core.audit import AuditAction
from services.core.errors import TooOftenError
from services.core.ids import event_id
from services.ingest.reading.outcomes import Outcome, RowOutcome, count, with_capped_issues, without_kept
from services.ingest.reading.rows.related import joined_outcomes
from services.ingest.reading.spreadsheets.remarks import Remarks
from services.ingest.recording.file_remarks import on_numbers, on_withdrawals, with_remarks
from services.ingest.recording.notices.status_reports import kept_references
from services.ingest.recording.references.letter_case import with_case_on_record
from services.ingest.recording.references.likely_same import with_questions_on_record
from services.ingest.recording.refused.files import settle_refused_files
from services.ingest.recording.refused.rows import settle_refused
from services.ingest.recording.replacement import (
    Replacement,
    ReplacementTooLargeError,
    keys_of,
    record_refusal,
    refusal_of,
    with_returned,
)
from services.ingest.recording.store.entries import MissingEntries, missing_from, unchanged, withdrawn_among
from services.ingest.recording.store.submissions import (
    earlier_answer,
    find_outcomes,
    insert_key,
    insert_outcomes,
    insert_submission,
    sealed_outcomes,
)
from services.ingest.recording.submission import Origin, Reading, Receipt, RefusedTooOftenError, SubmissionContext
from services.ingest.recording.trail import record_accepted
from services.ingest.recording.turns import Turns, drafts_in_turns
from services.ingest.recording.withdrawals import withdraw
from services.ingest.recording.writing import write_drafts
from services.storage.allowances import allow_refusal
from services.storage.audit import AuditRow
from services.storage.unit_of_work import UnitOfWork

Answer = tuple[Receipt, list[RowOutcome]]


def write_submission(
    turns: Turns,
    now: datetime,
    origin: Origin,
    reading: Reading[Any],
    replacement: Replacement | None,
    remarks: Remarks,
) -> Answer | ReplacementTooLargeError:
    # Raising the error would roll back its audit row.
    store, missing = turns.store, None
    with turns.reading() as connection:
        work = UnitOfWork(connection, store, now)
        answer = earlier_answer(connection, store.tokeniser, origin)
        if answer is None:
            reading = with_case_on_record(work, origin.feed_id, reading)
            keys = keys_of(store, origin, reading) if replacement else frozenset()
            missing = missing_from(connection, origin.feed_id, keys) if replacement else None
    if answer is not None:
        return _repeated(turns, now, origin, answer)
    if replacement is not None and missing is not None:
        refusal = refusal_of(replacement, missing, reading)
        if refusal is not None:
            _record_refusal(turns, now, origin, missing)
            return refusal
    submission = _Submission(turns, now, origin, f"sub_{event_id(now, store.random)}")
    reading = submission.prepared(reading, keys)
    outcomes = submission.write(reading)
    gone = submission.withdraw(missing) if missing is not None else None
    return submission.finish(reading, outcomes, gone, remarks)


class _Submission:
    # The methods are in the order of the work.
    def __init__(self, turns: Turns, now: datetime, origin: Origin, submission_id: str) -> None:
        self._turns, self._now, self._origin, self._id = turns, now, origin, submission_id

    def prepared(self, reading: Reading[Any], keys: frozenset[bytes]) -> Reading[Any]:
        """Return the rows. If a new entry may be the same as a stored entry, the row gets a question about this.

        `keys` has the keys of all rows of a replacement. Withdrawn entries with these keys return to the register.
        """
        with self._turns.reading() as connection:
            context = self._context(connection)
            # Found before the records are written, which puts these entries back.
            gone = withdrawn_among(connection, self._origin.feed_id, keys)
            return with_questions_on_record(context, with_returned(context, self._origin, reading, gone))

    def write(self, reading: Reading[Any]) -> list[RowOutcome]:
        parts = drafts_in_turns(reading.drafts, self._turns.rows)
        sent = kept_references(reading.drafts) if len(parts) > 1 else frozenset[str]()
        outcomes: list[RowOutcome] = []
        for number, drafts in enumerate(parts):
            with self._turns.writing() as connection:
                context = self._context(connection)
                if number == 0:
                    insert_submission(context, self._origin)
                outcomes += write_drafts(context, reading.record_type, drafts, sent)
        return outcomes

    def withdraw(self, missing: MissingEntries) -> MissingEntries:
        every, gone = list(missing.revisions.items()), dict[int, int]()
        for start in range(0, len(every), self._turns.rows):
            with self._turns.writing() as connection:
                # Another submission may have changed one of them between two turns: that entry stays.
                still = unchanged(connection, dict(every[start : start + self._turns.rows]))
                withdraw(self._context(connection), list(still))
            gone |= still
        return missing._replace(revisions=gone)

    def finish(
        self, reading: Reading[Any], drafted: Sequence[RowOutcome], gone: MissingEntries | None, remarks: Remarks
    ) -> Answer:
        # From now on, a repeated request gets this receipt.
        outcomes = outcomes_of_every_row(drafted, reading)
        counts = count(outcomes)
        # Before the transaction, because it takes two seconds for the largest file.
        sealed = sealed_outcomes(self._turns.store.vault, self._id, outcomes)
        with self._turns.writing() as connection:
            context = self._context(connection)
            first = (*(on_withdrawals(connection, gone, tried=False) if gone else ()), *on_numbers(reading))
            said = tuple(with_remarks(first, remarks)(outcomes))
            insert_key(context, self._origin)
            insert_outcomes(context, sealed, counts, said)
            settle_refused(context, self._origin.kind, reading, outcomes)
            settle_refused_files(context, self._origin, counts)
            refused = len(outcomes) > 0 and counts[Outcome.REJECTED] == len(outcomes)
            try:
                record_accepted(context, self._origin, counts, refused=refused)
            except TooOftenError as error:
                raise RefusedTooOftenError(str(error), outcomes) from None
        return Receipt(self._id, self._origin.feed_id, self._origin.kind, self._now, counts, said), outcomes

    def _context(self, connection: Connection) -> SubmissionContext:
        return SubmissionContext(connection, self._turns.store, self._now, self._origin.feed_id, self._id)


def outcomes_of_every_row(drafted: Sequence[RowOutcome], reading: Reading[Any]) -> list[RowOutcome]:
    refused = [RowOutcome(row.row, Outcome.REJECTED, without_kept(row.issues)) for row in reading.refused]
    every = [*drafted, *refused]
    references = {row.row: row.reference for row in reading.refused}
    references |= {draft.row: draft.reference for draft in reading.drafts}
    every = [outcome._replace(reference=references.get(outcome.row)) for outcome in every]
    # Rows that were read together have one reference.
    every += [
        joined._replace(reference=one.reference)
        for one in every
        for joined in joined_outcomes(one, reading.joined.get(one.row, ()))
    ]
    return list(with_capped_issues(sorted(every, key=lambda outcome: outcome.row)))


def _repeated(turns: Turns, now: datetime, origin: Origin, answer: Receipt) -> Answer:
    fields, subject = {"submission": answer.submission_id}, answer.submission_id
    with turns.writing() as connection:
        work = UnitOfWork(connection, turns.store, now)
        allow_refusal(work, origin.feed_id)
        work.record_audit(AuditRow(AuditAction.SUBMISSION_REPEATED, fields, subject=subject, feed_id=answer.feed_id))
        return answer, find_outcomes(connection, turns.store.vault, answer.submission_id)


def _record_refusal(turns: Turns, now: datetime, origin: Origin, missing: MissingEntries) -> None:
    with turns.writing() as connection:
        work = UnitOfWork(connection, turns.store, now)
        allow_refusal(work, origin.feed_id)
        record_refusal(work, origin, missing)
