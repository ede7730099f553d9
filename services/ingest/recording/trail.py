from __future__ import annotations

from collections.abc import Mapping

from services.core.audit import AuditAction
from services.ingest.reading.outcomes import Outcome
from services.ingest.recording.submission import Origin, SubmissionContext
from services.storage.allowances import allow_refusal
from services.storage.audit import AuditRow
from services.storage.unit_of_work import UnitOfWork


def record_accepted(context: SubmissionContext, origin: Origin, counts: Mapping[str, int], *, refused: bool) -> None:
    """Write the audit rows of a stored submission. `refused` means that every row was rejected.

    Raises TooOftenError if the feed is refused too often.
    """
    fields = {"submission": context.submission_id, "records": origin.kind.value, **_numbers(counts)}
    subject, feed = context.submission_id, context.feed_id
    rows = [AuditRow(AuditAction.SUBMISSION_ACCEPTED, fields, subject=subject, feed_id=feed)]
    if refused:
        allow_refusal(context, feed)
        rows.append(AuditRow(AuditAction.SUBMISSION_REFUSED, {"submission": subject}, subject=subject, feed_id=feed))
    context.record_audit(*rows)


def record_trial(work: UnitOfWork, origin: Origin, counts: Mapping[str, int], would_withdraw: int | None) -> None:
    allow_refusal(work, origin.feed_id)
    # The answer to a dry run reveals something of what is on record, so the dry run is recorded. No cell is kept.
    fields = {"records": origin.kind.value, "channel": origin.channel, "would_withdraw": would_withdraw}
    row = AuditRow(
        AuditAction.SUBMISSION_TRIED, {**fields, **_numbers(counts)}, subject=origin.feed_id, feed_id=origin.feed_id
    )
    work.record_audit(row)


def _numbers(counts: Mapping[str, int]) -> dict[str, int]:
    return {
        "accepted": counts[Outcome.ACCEPTED],
        "warned": counts[Outcome.WARNED],
        "unchanged": counts[Outcome.UNCHANGED],
        "stale": counts[Outcome.STALE],
        "rejected": counts[Outcome.REJECTED],
    }
