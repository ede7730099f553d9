from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from services.core.errors import PullcordError, RefusedError
from services.ingest.files.dates import DateOrder
from services.ingest.files.problems import FileRefused
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import Outcome, RowOutcome
from services.ingest.reading.row_reader import ReadRows
from services.ingest.recording.refused.files import note_refused_file
from services.ingest.recording.replacement import Replacement, ReplacementTooLargeError
from services.ingest.recording.service import accept, dry_run
from services.ingest.recording.store.chosen_words import keep_words, remembered_words
from services.ingest.recording.submission import Receipt
from services.ingest.requests import origin
from services.runtime.bootstrap import ingest_limits
from services.runtime.cli.commands.files.import_files import FileRows, read_file
from services.runtime.cli.commands.files.import_report import (
    show_columns,
    show_counts,
    show_dry_run,
    show_heading,
    show_issues,
    show_matched,
    show_receipt,
    show_remarks,
    write_issues,
)
from services.runtime.cli.support.drain import handle_events
from services.runtime.cli.support.output import complain, progress
from services.runtime.cli.support.store import count_open_cases
from services.runtime.settings import Settings
from services.storage.feeds import Feed
from services.storage.store import Store
from services.web.problems import ProblemType

# The exit code of an import if none of its rows could be taken in.
NOTHING_TAKEN: Final = 1


@dataclass(frozen=True)
class ImportJob:
    feed: Feed
    kind: RecordKind
    file: Path
    replacement: Replacement | None
    errors: Path | None
    dry: bool
    match: bool
    # The order of the file's dates, if its sender states one.
    dates: DateOrder | None = None
    # Mapped by hand: columns, and words for statuses.
    columns: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()


def run(store: Store, settings: Settings, job: ImportJob) -> None:
    limits = ingest_limits(settings)
    with _refusal_noted(store, job):
        remembered = remembered_words(store, job.feed.feed_id, job.kind)
        read = read_file(job.file, job.kind, limits, job.dates, job.columns, job.statuses, remembered)
        show_heading(job.feed.name, job.file)
        handle = _try_out if job.dry else _take_in
        outcomes = handle(store, job, read, limits.read_rows)
    # One sentence stands for the refusals of all rows. It was shown with the remarks.
    if read.sheet is None or read.sheet.one_reason(outcomes) is None:
        show_issues(outcomes, job.errors)
    # The list is also written if nothing was taken in: then the sender needs it most.
    if job.errors is not None:
        write_issues(job.errors, outcomes)
    # This also applies to a file without rows.
    if all(outcome.outcome is Outcome.REJECTED for outcome in outcomes):
        complain("no row could be taken in")
        raise typer.Exit(NOTHING_TAKEN)
    if job.match and not job.dry:
        _match(store, settings, job.feed.feed_id)


@contextmanager
def _refusal_noted(store: Store, job: ImportJob) -> Iterator[None]:
    try:
        yield
    except PullcordError as error:
        # Somebody may see the refusal and leave it at that.
        if not job.dry:
            code = error.code.value if isinstance(error, FileRefused) else ProblemType.INVALID_REQUEST.value
            note_refused_file(store, job.feed.feed_id, job.kind, "command", code)
        raise


def _try_out(store: Store, job: ImportJob, read: FileRows, read_rows: ReadRows) -> list[RowOutcome]:
    source = origin(job.feed.feed_id, job.kind, "command", read.data, None, job.columns)
    replacing = job.replacement is not None
    result = dry_run(store, source, read.rows, replacing=replacing, remarks=read.remarks, read=read_rows)
    show_columns(read.columns)
    show_remarks(result.remarks)
    show_counts(result.counts)
    show_dry_run(result.would_withdraw)
    return result.outcomes


def _take_in(store: Store, job: ImportJob, read: FileRows, read_rows: ReadRows) -> list[RowOutcome]:
    receipt, outcomes = _accept(store, job, read, read_rows)
    if read.sheet is not None and any(one.outcome is not Outcome.REJECTED for one in outcomes):
        keep_words(store, job.feed.feed_id, job.kind, read.sheet.to_remember)
    show_remarks(receipt.remarks)
    show_counts(receipt.counts)
    show_receipt(receipt)
    return outcomes


def _accept(store: Store, job: ImportJob, read: FileRows, read_rows: ReadRows) -> tuple[Receipt, list[RowOutcome]]:
    source = origin(job.feed.feed_id, job.kind, "command", read.data, None, job.columns)
    with progress() as bar:
        rows = bar.track(read.rows, description="Reading rows, then writing them to disk")
        try:
            return accept(store, source, rows, job.replacement, read.remarks, read_rows)
        except ReplacementTooLargeError as error:
            # A file cut off halfway must not withdraw everybody after the cut.
            raise RefusedError(
                f"this file would withdraw {error.would_withdraw} of {error.live} entries, and nothing was taken in: "
                f"if that is right, add --confirm-withdrawals {error.would_withdraw}; if not, leave out --replace"
            ) from None


def _match(store: Store, settings: Settings, feed_id: str) -> None:
    # Counted before and after, as a file may close cases as well as open them.
    before = _open_cases(store)
    handle_events(store, settings)
    show_matched(before, _open_cases(store), feed_id)


def _open_cases(store: Store) -> int:
    with store.reading() as connection:
        return count_open_cases(connection)
