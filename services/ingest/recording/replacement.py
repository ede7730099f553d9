"""Replaces a whole register with a file, and asks first if that withdraws too many entries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from services.core.audit import AuditAction
from services.core.errors import ConflictError
from services.ingest.reading.drafts import Draft
from services.ingest.reading.spreadsheets.remarks import Remarks, capped
from services.ingest.reading.stamps import exact
from services.ingest.recording.store.entries import Missing
from services.ingest.recording.submission import Origin, Reading
from services.storage.audit import AuditRow
from services.storage.store import Store
from services.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Replacement:
    """Declares that a file is the whole register: entries it does not hold are withdrawn."""

    # Share of the live entries (0 to 1) that may go without confirmation. Policy of the deployment.
    share: float
    # The exact number of withdrawals that the sender has confirmed.
    confirmed: int | None = None


class ReplacementTooLargeError(ConflictError):
    """A full replacement would withdraw more entries than the deployment allows without confirmation."""

    def __init__(self, would_withdraw: int, live: int) -> None:
        super().__init__(
            f"this file would withdraw {would_withdraw} of {live} entries: if that is right, send it again with "
            f"confirm_withdrawals={would_withdraw}; if not, send it with mode=update"
        )
        self.would_withdraw = would_withdraw
        self.live = live


def saying_withdrawn(missing: Missing, remarks: Remarks) -> Remarks:
    """Return the remarks on a file, after one on the entries that it withdraws."""
    gone = len(missing.pks)
    if not gone:
        return remarks
    entries = "1 entry on record was" if gone == 1 else f"{gone:,} entries on record were"
    first = f"{entries} withdrawn, because the file does not hold the reference."
    return lambda outcomes: capped((first, *remarks(outcomes)))


def keys_of(store: Store, origin: Origin, reading: Reading[Any]) -> frozenset[bytes]:
    """Return the record keys of all rows that have a reference, refused ones included."""
    references = [draft.reference for draft in reading.drafts]
    references += [row.reference for row in reading.refused if row.reference]
    return frozenset(store.tokeniser.record_key(origin.feed_id, reference) for reference in references)


def with_returned(work: UnitOfWork, origin: Origin, reading: Reading[Any], gone: Collection[bytes]) -> Reading[Any]:
    """Return the reading with stamps that put withdrawn entries (`gone`) back on the register."""

    def restored(draft: Draft[Any]) -> Draft[Any]:
        if work.store.tokeniser.record_key(origin.feed_id, draft.reference) not in gone:
            return draft
        # The file shows the register as it is now, so the row's older stamp must not keep its entry off.
        return draft._replace(stamp=max(draft.stamp, exact(work.now)))

    return replace(reading, drafts=[restored(draft) for draft in reading.drafts]) if gone else reading


def refusal_of(replacement: Replacement, missing: Missing, reading: Reading[Any]) -> ReplacementTooLargeError | None:
    # A row without a readable reference may be any of the missing entries: then every withdrawal needs confirmation.
    unreadable = any(row.reference is None for row in reading.refused)
    small = missing.share <= replacement.share and not (unreadable and missing.pks)
    if small or len(missing.pks) == replacement.confirmed:
        return None
    return ReplacementTooLargeError(len(missing.pks), missing.live)


def record_refusal(work: UnitOfWork, origin: Origin, missing: Missing) -> None:
    fields = {"would_withdraw": len(missing.pks), "live": missing.live, "share": round(missing.share, 4)}
    work.record_audit(AuditRow(AuditAction.REPLACEMENT_REFUSED, fields, subject=origin.feed_id, feed_id=origin.feed_id))
