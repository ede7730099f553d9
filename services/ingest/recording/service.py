"""The one way in for submissions, used by the HTTP API, by uploads and by the command line alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.core.audit import AuditAction
from services.ingest.reading.drafts import Draft, RawRow, RecordKind
from services.ingest.reading.outcomes import RowOutcome, count
from services.ingest.reading.rules import read_entry, read_notice
from services.ingest.reading.stamps import exact
from services.ingest.recording.submission_context import SubmissionContext
from services.ingest.recording.submissions import (
    Origin,
    Reading,
    Receipt,
    earlier_answer,
    find_outcomes,
    record_type_of,
    sort_rows,
    try_out,
    write_submission,
)
from services.ingest.recording.withdrawals import (
    Missing,
    ReplacementTooLargeError,
    missing_from,
    withdraw,
    withdrawn_among,
)
from services.storage.audit import AuditRow, write_audit
from services.storage.feeds import lock_feed
from services.storage.store import Store

Rows = Iterable[RawRow]
NOT_TAKEN = "dry run"
"""What stands for a submission where nothing is taken in."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """That a file is the whole register: entries it does not hold are withdrawn.

    Beyond `share` of the live entries (0 to 1, policy of the deployment) it is refused unless `confirmed` is the exact
    number.
    """

    share: float
    confirmed: int | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a submission would come to."""

    counts: Mapping[str, int]
    outcomes: list[RowOutcome]
    would_withdraw: int | None


def accept(
    store: Store, origin: Origin, rows: Rows, replacement: Replacement | None = None
) -> tuple[Receipt, list[RowOutcome]]:
    """Take a submission in. When this returns, it is on disk.

    Raises IdempotencyMismatchError, ReplacementTooLargeError.
    """
    now = store.now()
    reading = read_rows(origin, rows, now)
    with store.writing() as connection:
        lock_feed(connection, origin.feed_id)
        answer = earlier_answer(connection, store.tokeniser, origin)
        if answer is not None:
            fields = {"submission": answer.submission_id}
            row = AuditRow(
                AuditAction.SUBMISSION_REPEATED, fields, subject=answer.submission_id, feed_id=origin.feed_id
            )
            write_audit(connection, store.vault, [row], now)
            return answer, find_outcomes(connection, answer.submission_id)
        if replacement is None:
            return write_submission(connection, store, origin, reading, now)
        keys = _keys(store, origin, reading)
        missing = missing_from(connection, origin.feed_id, keys)
        refusal = _refusal(missing, replacement, unreadable=any(row.reference is None for row in reading.refused))
        if refusal is None:
            gone = withdrawn_among(connection, origin.feed_id, keys)
            receipt, outcomes = write_submission(
                connection, store, origin, _returned(store, origin, reading, gone, now), now
            )
            withdraw(SubmissionContext(connection, store, origin.feed_id, receipt.submission_id, now), missing.pks)
            return receipt, outcomes
        _note_refusal(store, connection, origin, missing, now)
    raise refusal


def dry_run(store: Store, origin: Origin, rows: Rows, *, replacing: bool) -> DryRun:
    """Say what a submission would come to, and change nothing."""
    now = store.now()
    reading = read_rows(origin, rows, now)
    keys = _keys(store, origin, reading) if replacing else frozenset()
    would_withdraw = None
    with store.reading() as connection:
        if replacing:
            would_withdraw = len(missing_from(connection, origin.feed_id, keys).pks)
            gone = withdrawn_among(connection, origin.feed_id, keys)
            reading = _returned(store, origin, reading, gone, now)
        outcomes = try_out(SubmissionContext(connection, store, origin.feed_id, NOT_TAKEN, now), reading)
    return DryRun(count(outcomes), outcomes, would_withdraw)


def read_rows(origin: Origin, rows: Rows, now: datetime) -> Reading[Any]:
    """Read rows into drafts and refusals."""
    record_type = record_type_of(origin.kind)
    if origin.kind is RecordKind.NOTICE:
        provider = origin.feed_id.partition(":")[2]
        return sort_rows(record_type, (read_notice(row, provider, now) for row in rows))
    return sort_rows(record_type, (read_entry(row, now) for row in rows))


def _keys(store: Store, origin: Origin, reading: Reading[Any]) -> frozenset[bytes]:
    references = [draft.reference for draft in reading.drafts]
    references += [row.reference for row in reading.refused if row.reference]
    return frozenset(store.tokeniser.record_key(origin.feed_id, reference) for reference in references)


def _returned(
    store: Store, origin: Origin, reading: Reading[Any], gone: Collection[bytes], now: datetime
) -> Reading[Any]:
    """The register as a whole file says it is now: an entry that was taken off comes back, whenever it last changed."""

    def stands(draft: Draft[Any]) -> Draft[Any]:
        if store.tokeniser.record_key(origin.feed_id, draft.reference) not in gone:
            return draft
        return draft._replace(stamp=max(draft.stamp, exact(now)))

    return replace(reading, drafts=[stands(draft) for draft in reading.drafts]) if gone else reading


def _refusal(missing: Missing, replacement: Replacement, *, unreadable: bool) -> ReplacementTooLargeError | None:
    """A row whose reference could not be read may be any of the missing: then nothing is withdrawn without asking."""
    small = missing.share <= replacement.share and not (unreadable and missing.pks)
    if small or len(missing.pks) == replacement.confirmed:
        return None
    return ReplacementTooLargeError(len(missing.pks), missing.live)


def _note_refusal(store: Store, connection: Any, origin: Origin, missing: Missing, now: datetime) -> None:
    fields = {"would_withdraw": len(missing.pks), "live": missing.live, "share": round(missing.share, 4)}
    row = AuditRow(AuditAction.REPLACEMENT_REFUSED, fields, subject=origin.feed_id, feed_id=origin.feed_id)
    write_audit(connection, store.vault, [row], now)
