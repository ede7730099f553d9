from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.ingest.reading.drafts import Draft, EntryFacts, Facts, JoinedRow, RawRow, RecordKind, Refused
from services.ingest.reading.outcomes import RowOutcome, count
from services.ingest.reading.row_reader import ReadRow, ReadRows, RowReader, in_this_process
from services.ingest.reading.rows.alike import with_questions
from services.ingest.reading.rows.related import related_rows
from services.ingest.reading.spreadsheets.remarks import Remarks, no_remarks
from services.ingest.recording.file_remarks import on_numbers, on_withdrawals, with_remarks
from services.ingest.recording.record_types import ENTRIES, NOTICES, RecordType
from services.ingest.recording.references.letter_case import ignores_case, in_one_case, with_case_on_record
from services.ingest.recording.references.likely_same import with_questions_on_record
from services.ingest.recording.replacement import Replacement, ReplacementTooLargeError, keys_of, with_returned
from services.ingest.recording.store.entries import missing_from, withdrawn_among
from services.ingest.recording.submission import Origin, Reading, Receipt, SubmissionContext
from services.ingest.recording.trail import record_trial
from services.ingest.recording.turns import transactions_for
from services.ingest.recording.writing import try_drafts
from services.ingest.recording.written_submission import outcomes_of_every_row, write_submission
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork

Rows = Iterable[RawRow]
DRY_RUN = "dry run"  # takes the place of a submission id; nothing is stored under it


@dataclass(frozen=True, slots=True)
class DryRun:
    counts: Mapping[str, int]
    outcomes: list[RowOutcome]
    # The number of entries, or None if no register is replaced.
    would_withdraw: int | None
    remarks: tuple[str, ...] = ()


def accept(
    store: Store,
    origin: Origin,
    rows: Rows,
    replacement: Replacement | None = None,
    remarks: Remarks = no_remarks,
    read: ReadRows = in_this_process,
) -> tuple[Receipt, list[RowOutcome]]:
    """Store a submission. A repeated request gets the earlier receipt.

    Raises IdempotencyMismatchError, ReplacementTooLargeError, TooOftenError or FileRefused.
    """
    now = store.now()
    # Before a transaction begins, so that a long file holds no lock while it is parsed.
    reading = _read(store, origin, rows, now, read)
    with transactions_for(store, origin.feed_id, len(reading.drafts)) as turns:
        answer = write_submission(turns, now, origin, reading, replacement, remarks)
    # Raised after the commit, so that the audit keeps the refusal.
    if isinstance(answer, ReplacementTooLargeError):
        raise answer
    return answer


def dry_run(
    store: Store,
    origin: Origin,
    rows: Rows,
    *,
    replacing: bool,
    remarks: Remarks = no_remarks,
    read: ReadRows = in_this_process,
) -> DryRun:
    """Only an audit row is stored."""
    now = store.now()
    reading = _read(store, origin, rows, now, read)
    would_withdraw, said = None, with_remarks(on_numbers(reading), remarks)
    with store.reading() as connection:
        work = UnitOfWork(connection, store, now)
        reading = with_case_on_record(work, origin.feed_id, reading)
        if replacing:
            keys = keys_of(store, origin, reading)
            missing = missing_from(connection, origin.feed_id, keys)
            would_withdraw = len(missing.pks)
            said = with_remarks(on_withdrawals(connection, missing, tried=True), said)
            gone = withdrawn_among(connection, origin.feed_id, keys)
            reading = with_returned(work, origin, reading, gone)
        context = _context(work, origin, DRY_RUN)
        reading = with_questions_on_record(context, reading)
        outcomes = outcomes_of_every_row(try_drafts(context, reading.record_type, reading.drafts), reading)
    result = DryRun(count(outcomes), outcomes, would_withdraw, tuple(said(outcomes)))
    with store.writing() as connection:
        record_trial(UnitOfWork(connection, store, now), origin, result.counts, would_withdraw)
    return result


def _read(store: Store, origin: Origin, rows: Rows, now: datetime, read: ReadRows) -> Reading[Any]:
    if origin.kind is RecordKind.ENTRY and ignores_case(store, origin.feed_id):
        return replace(read_rows(origin, in_one_case(rows), now, read), ignores_case=True)
    return read_rows(origin, rows, now, read)


def read_rows(origin: Origin, rows: Rows, now: datetime, read: ReadRows = in_this_process) -> Reading[Any]:
    # A feed id is "kind:name"; the name of a provider is its RCPID.
    reader = RowReader(origin.kind, origin.feed_id.partition(":")[2], now)
    if origin.kind is RecordKind.NOTICE:
        return _sorted(NOTICES, read(reader, rows))
    return _read_register(reader, rows, read)


def _read_register(reader: RowReader, rows: Rows, read: ReadRows) -> Reading[EntryFacts]:
    joined: dict[int, Sequence[JoinedRow]] = {}
    is_file = False

    def entries() -> Iterator[RawRow]:
        nonlocal is_file
        for row in related_rows(rows, reader.now):
            joined[row.number] = row.joined
            is_file = is_file or row.typed
            yield row

    reading = _sorted(ENTRIES, read(reader, entries()))
    # Systems that send JSON keep their own references apart.
    drafts = with_questions(reading.drafts) if is_file else reading.drafts
    together = {number: others for number, others in joined.items() if others}
    return replace(reading, drafts=drafts, joined=together, is_file=is_file)


def _sorted(record_type: RecordType[Facts], rows: Iterable[ReadRow]) -> Reading[Facts]:
    drafts: list[Draft[Facts]] = []
    refused: list[Refused] = []
    for row in rows:
        if isinstance(row, Refused):
            refused.append(row)
        else:
            drafts.append(row)
    return Reading(record_type, drafts, refused)


def _context(work: UnitOfWork, origin: Origin, submission_id: str) -> SubmissionContext:
    return SubmissionContext(work.connection, work.store, work.now, origin.feed_id, submission_id)
